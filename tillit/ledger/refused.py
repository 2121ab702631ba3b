"""The one answer to a use that the policy does not permit."""

from __future__ import annotations


class Refused(Exception):
    """The policy does not permit this use."""

    def __init__(self, reason: str, *, rule: str = "", clause: str = "") -> None:
        super().__init__(reason)
        self.reason, self.rule, self.clause = reason, rule, clause
