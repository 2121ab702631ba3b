"""How many forms one network may send, so that nobody fills strangers' mailboxes by way of us; and how many files that
take work it may have made, so that nobody keeps us busy with them.
"""

from __future__ import annotations

import hmac
import ipaddress
from functools import cache

from django.conf import settings
from django.core.cache import cache as counters
from django.http import HttpRequest

from tillit.edge.addresses import Proxies
from tillit.env import env

FORMS = 10
FILES = 60  # that take a processor most of a second each, so at most a tenth of one goes to a network
WITHIN_S = 600  # ten minutes: more than a family or a small office sends, less than a script needs


def allow(request: HttpRequest, *, what: str = "form", most: int = FORMS) -> bool:
    """Count a form, or `what` else, of the request's network, and say whether it is still within the limit.

    The time runs from its first form. Counted in the memory of each process, so several allow that many times more;
    the address is kept as a keyed hash. An address of version 6 counts as its /64, which one household has.
    """
    name = hmac.new(settings.TOKEN_KEY, f"{what}:{_network(request)}".encode(), "sha256").hexdigest()
    counters.add(name, 0, timeout=WITHIN_S)
    try:
        return counters.incr(name) <= most
    except ValueError:  # the ten minutes ended between the two lines
        return True


@cache
def _proxies() -> Proxies:
    return Proxies(env().trusted_proxies.split())


def _network(request: HttpRequest) -> str:
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR")
    text = _proxies().client(request.META.get("REMOTE_ADDR", ""), forwarded.encode() if forwarded else None)
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else text
