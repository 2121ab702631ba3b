"""What a person is to the operator, and the flags that narrow every rule."""

from collections.abc import Iterable
from enum import IntFlag


class Role(IntFlag):
    """A part a person plays. One person may play several. The numbers are stored and never change."""

    CONTACT = 1
    VISITOR = 2
    MEMBER = 4
    PARTNER = 8
    APPLICANT = 16
    CUSTOMER = 32


class Flag(IntFlag):
    """A state of a person that narrows what is permitted.

    ``RESTRICTED``: processing is restricted to storage and claims. Source: GDPR art 18.
    ``UNREACHABLE``: the address bounces, so nothing is sent to it.
    ``SUPPRESSED``: the address or its domain is on a suppression list, so nothing is sent to it either. A flag of its
    own: lifting a suppression does not make an address reachable that bounces.
    """

    RESTRICTED = 1
    UNREACHABLE = 2
    SUPPRESSED = 4


#: With any of these nothing is sent to a person.
SILENT = Flag.UNREACHABLE | Flag.SUPPRESSED


#: Every role, also those that later versions add: all bits of a positive 32-bit integer.
EVERYONE = 0x7FFF_FFFF

#: The roles by the names a policy document uses.
ROLE_NAMES: dict[str, Role] = {str(role.name).lower(): role for role in Role}


def role_bits(names: Iterable[str]) -> int:
    """Give the bit set of named roles; ``everyone`` is every role. Raises KeyError on another word."""
    bits = 0
    for name in names:
        bits |= EVERYONE if name == "everyone" else int(ROLE_NAMES[name])
    return bits
