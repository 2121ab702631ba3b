"""How many forms one network may send, so that nobody fills strangers' mailboxes by way of us."""

from __future__ import annotations

import hmac
import ipaddress
import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

FORMS = 10
WITHIN_S = 600  # ten minutes: more than a family or a small office sends, less than a script needs


def allow(request: HttpRequest) -> bool:
    """Count a form of the request's network, and say whether it is still within the limit.

    Counted in the memory of each process, so several processes allow that many times more; the address is kept as a
    keyed hash, for ten minutes. An address of version 6 counts as its /64, which one household has.
    """
    window = int(time.time()) // WITHIN_S
    name = hmac.new(settings.TOKEN_KEY, f"form:{window}:{_network(request)}".encode(), "sha256").hexdigest()
    cache.add(name, 0, timeout=WITHIN_S)
    return cache.incr(name) <= FORMS


def _network(request: HttpRequest) -> str:
    text = request.META.get("REMOTE_ADDR", "")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else text
