"""What a table holds about whom. Every model declares it; row-level security, export, erasure and retention follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Subject = Literal["person", "user", "nobody"]
Erase = Literal["delete", "tombstone", "keep"]

#: Fields whose meaning is fixed by the layout, never personal by themselves (they are opaque).
STRUCTURAL = frozenset({"id", "pk", "workspace", "person", "person_id"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Declares:
    """The privacy declaration of one table.

    subject: whose information it is: a person of a workspace, a user of the console, or nobody's.
    category: the category of the whole table; row-level security compares it with the purpose's categories.
    category_column: for a table that holds several categories, the column that names the row's.
    personal: the personal fields, each with its category (usually the table's).
    plain: the fields that say nothing about anybody.
    erase: what erasure does to a person's rows: delete them, keep a keyed tombstone, or keep them (with the reason).
    retain: the retention rule of the policy that the rows follow, or why none does.
    append_only: UPDATE, DELETE and TRUNCATE are refused by the database, but for DELETE where erasure deletes rows.
    edge: the privileges of the edge's role, e.g. ``("INSERT",)``.
    """

    subject: Subject
    erase: Erase = "delete"
    retain: str
    category: str | None = None
    category_column: str | None = None
    personal: Mapping[str, str] = field(default_factory=dict)
    plain: tuple[str, ...] = ()
    append_only: bool = False
    edge: tuple[str, ...] = ()
    reason: str = ""

    def __post_init__(self) -> None:
        if self.subject == "person" and not (self.category or self.category_column):
            raise ValueError("a table about persons needs a category")
        if self.erase == "keep" and self.subject == "person" and not self.reason:
            raise ValueError("a table that erasure leaves alone needs a reason")
        if both := set(self.personal) & set(self.plain):
            raise ValueError(f"fields declared twice: {sorted(both)}")

    @property
    def erasable(self) -> bool:
        """Whether erasure deletes rows, which an append-only table of persons must let it do."""
        return self.subject == "person" and self.erase == "delete"

    @property
    def verbs(self) -> frozenset[str]:
        """What the application may do with the table."""
        if not self.append_only:
            return frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
        return frozenset({"SELECT", "INSERT"} | ({"DELETE"} if self.erasable else set()))

    def undeclared(self, fields: set[str]) -> set[str]:
        """Return the fields that nobody declared."""
        return fields - set(self.personal) - set(self.plain) - STRUCTURAL

    def vanished(self, fields: set[str]) -> set[str]:
        """Return the declared fields that the table no longer has."""
        return (set(self.personal) | set(self.plain)) - fields


def nobody(*, retain: str = "workspace", **more: object) -> Declares:
    """Declare a table that holds nothing about anybody: settings and content of a workspace."""
    return Declares(subject="nobody", retain=retain, **more)  # type: ignore[arg-type]
