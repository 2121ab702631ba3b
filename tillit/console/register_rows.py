"""The register as its page shows it: searched, filtered, and with what was assessed beside each purpose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.http import QueryDict

from tillit.console.navigation import address
from tillit.governance.assessments import Told
from tillit.governance.register import Made
from tillit.policy.bases import Basis
from tillit.policy.impact import Need
from tillit.policy.regions import NAMED_REGIONS, Region
from tillit.policy.register import REGIONS, Record
from tillit.policy.register_rows import grounds_by_basis
from tillit.policy.register_words import RegisterWords

#: The filters of the page, by their names in the address.
FILTERS = ("role", "basis", "region", "category", "recipient", "review")

#: Review states that ask somebody to act.
PRESSING = ("due", "overdue")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader looks for: words, and one value a filter."""

    text: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, query: QueryDict) -> Wanted:
        """Read the address; unknown values find nothing, and empty ones everything."""
        return cls(
            text=query.get("q", "").strip()[:200],
            chosen={name: value for name in FILTERS if (value := query.get(name, "").strip()[:80])},
        )

    def __bool__(self) -> bool:
        return bool(self.text or self.chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An assessment of a purpose, with its page."""

    told: Told
    kind: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """An assessment that a purpose needs and nobody has written, why, and where to write it."""

    kind: str
    why: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One purpose on the page."""

    record: Record
    role: str
    subjects: str
    grounds: list[tuple[str, str]]
    briefly: list[tuple[str, str]]
    recipients: list[tuple[str, str, str]]
    kept: list[tuple[str, str]]
    profiling: str
    rights: str
    written: list[Written]
    lacking: list[Lacking]

    @property
    def key(self) -> str:
        """The id of the row that opens below."""
        return f"more-{self.record.id.replace('.', '-')}"


def lines(made: Made, wanted: Wanted) -> list[Line]:
    """Return the purposes that a reader looks for, as the page shows them."""
    words = made.rows.words
    return [
        _line(made, record, words)
        for record in made.register.records
        if _found(record, wanted, made.written, words=words)
    ]


def _found(record: Record, wanted: Wanted, written: Iterable[Told], *, words: RegisterWords) -> bool:
    chosen = wanted.chosen
    region = NAMED_REGIONS.get(chosen.get("region", ""))
    asked = [
        "role" not in chosen or record.role == chosen["role"],
        "basis" not in chosen or chosen["basis"] in _bases(record, region),
        "region" not in chosen or (region is not None and record.grounds[region] is not None),
        "category" not in chosen or chosen["category"] in {each.id for each in record.categories},
        "recipient" not in chosen or chosen["recipient"] in {each.id for each in record.recipients},
        "review" not in chosen or any(each.state in PRESSING and record.id in each.purposes for each in written),
        not wanted.text or wanted.text.casefold() in _searched(record),
    ]
    return all(asked)


def _bases(record: Record, region: Region | None) -> set[str]:
    """The grounds of a purpose: in the region that was chosen, else anywhere."""
    regions = REGIONS if region is None else (region,)
    return {str(record.grounds[each] or Basis.NONE) for each in regions}


def _searched(record: Record) -> str:
    said = [record.id, record.title, record.description, *(f"{each.title} {each.name}" for each in record.recipients)]
    return "\n".join([*said, *(each.title for each in record.categories), *record.clauses]).casefold()


def _line(made: Made, record: Record, words: RegisterWords) -> Line:
    rows = made.rows
    return Line(
        record=record,
        role=words.term(record.role),
        subjects=rows.subjects(record),
        grounds=[(words.ground(basis), ", ".join(places)) for basis, places in grounds_by_basis(record, words)],
        briefly=[
            (words.ground(basis), ", ".join(places)) for basis, places in grounds_by_basis(record, words, codes=True)
        ],
        recipients=[
            (
                each.title,
                f"{words.recipient_role(each.role)}, {each.country}",
                rows.safeguard(each) if each.transfer else "",
            )
            for each in record.recipients
        ],
        kept=[(each.category.title, rows.kept(each)) for each in record.retention],
        profiling=rows.profiling(record),
        rights=", ".join(words.right(right) for right in record.rights),
        written=[
            Written(told=each, kind=words.need(Need(each.kind)), href=address("assessment", made.workspace.pk, each.id))
            for each in made.written
            if record.id in each.purposes
        ],
        lacking=list(_lacking(made, record, words)),
    )


def _lacking(made: Made, record: Record, words: RegisterWords) -> Iterable[Lacking]:
    have = {each.kind for each in made.written if record.id in each.purposes}
    for each in made.needed:
        if each.purpose == record.id and str(each.kind) not in have:
            yield Lacking(
                kind=words.need(each.kind),
                why=", ".join(words.criterion(sign) for sign in each.criteria),
                href=f"{address('new_assessment', made.workspace.pk)}?"
                + urlencode({"kind": str(each.kind), "purpose": record.id}),
            )


def choices(made: Made) -> dict[str, list[tuple[str, str]]]:
    """Return what each filter offers, by title."""
    words, document = made.rows.words, made.version.document
    said = [basis for basis in Basis if any(basis in record.bases for record in made.register.records)]
    titles = {each.id: each.title for record in made.register.records for each in record.recipients}
    return {
        "role": [(name, words.term(name)) for name in dict.fromkeys(each.role for each in made.register.records)],
        "basis": [(str(basis), words.ground(basis)) for basis in said],
        "region": [(region.code, words.region(region)) for region in REGIONS],
        "category": [(name, each.title.said(words.language)) for name, each in document.categories.items()],
        "recipient": sorted(titles.items(), key=lambda pair: pair[1].casefold()),
    }
