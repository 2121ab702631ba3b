"""Whether data may go to a recipient under a purpose: declared, named, of its categories, and protected on the day."""

from datetime import date

from tillit.policy.document import Document
from tillit.policy.transfers import transfer


class NotDisclosable(ValueError):
    """The policy does not let data go there; ``reason`` says why, ``clause`` under which promise."""

    def __init__(self, reason: str, clause: str) -> None:
        """Keep the reason and the clause."""
        super().__init__(reason)
        self.reason, self.clause = reason, clause


def disclosed(document: Document, purpose_id: str, recipient_id: str, *, today: date) -> frozenset[str]:
    """Give the categories that may go to a recipient under a purpose on a day.

    Raises NotDisclosable when the recipient is not declared, when the purpose does not name it or shares no category
    with it, and when it is outside the EEA and neither a safeguard nor its fallback is in force.
    Source: GDPR art 5(1)(b), 44-46.
    """
    recipient = document.recipients.get(recipient_id)
    if recipient is None:
        raise NotDisclosable(f"The policy in force has no recipient “{recipient_id}”.", "F1")
    purpose = document.purposes[purpose_id]
    if recipient_id not in purpose.recipients:
        raise NotDisclosable(f"The purpose “{purpose_id}” does not name the recipient “{recipient_id}”.", "F1")
    categories = _all(document, purpose.categories) & _all(document, recipient.categories)
    if not categories:
        raise NotDisclosable(f"“{recipient_id}” may receive nothing that “{purpose_id}” uses.", "F1")
    abroad = transfer(document, recipient, day=today)
    if abroad and abroad.safeguard is None:
        place = f"“{recipient_id}” is in {recipient.country}, outside the EEA"
        raise NotDisclosable(f"{place}, and no safeguard protects the transfer today.", "H1")
    return categories


def _all(document: Document, categories: tuple[str, ...]) -> frozenset[str]:
    return frozenset(document.categories if categories == ("all",) else categories)
