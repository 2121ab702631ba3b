"""Names in a policy document that nobody declared."""

from collections.abc import Iterator

from tillit.policy.document import Document, parts
from tillit.policy.findings import Finding, unknown


def reference_findings(document: Document) -> Iterator[Finding]:
    """Find names of categories, recipients, safeguards and purposes that nobody declared."""
    for path, part in parts(document):
        categories = getattr(part, "categories", ()) if path else ()
        for index, name in enumerate(categories):
            if name not in document.categories and categories != ("all",):
                place = (*path, "categories", index)
                yield unknown(place, "category", name, document.categories)
        recipient = getattr(part, "recipient", None)
        if recipient is not None and recipient not in document.recipients:
            yield unknown((*path, "recipient"), "recipient", recipient, document.recipients)
        for key in ("safeguard", "fallback"):
            safeguard = getattr(part, key, None)
            if safeguard is not None and safeguard not in document.safeguards:
                yield unknown((*path, key), "safeguard", safeguard, document.safeguards)
    for purpose_id, purpose in document.purposes.items():
        for index, name in enumerate(purpose.recipients):
            if name not in document.recipients:
                place = ("purposes", purpose_id, "recipients", index)
                yield unknown(place, "recipient", name, document.recipients)
