"""The register as a spreadsheet's rows: the columns of the UK regulator's template, filled from the records.

The columns for a controller come in the order of the template that the Information Commissioner's Office publishes
beside its guidance on documentation, so that registers can be laid beside each other; those for a processor are the
ones of article 30(2) and four more of the same kind. The words are ours.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tillit.policy.bases import Basis
from tillit.policy.register import REGIONS, Contact, Kept, Received, Record, Register
from tillit.policy.register_words import RegisterWords


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was written about a purpose beside the policy: assessments, each in words with its address."""

    lia: str = ""
    dpia: str = ""
    dpia_progress: str = ""
    dpia_needed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the register tells and the policy does not know: for whom, where, and what was assessed.

    ``controllers`` are those on whose behalf the processor's purposes run; ``tables`` says by category where data lies.
    """

    controllers: tuple[Contact, ...] = ()
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    evidence: Mapping[str, Evidence] = field(default_factory=dict)

    def of(self, record: Record) -> Evidence:
        """Give the evidence for a purpose, an empty one if there is none."""
        return self.evidence.get(record.id, Evidence())


#: A column: the part of the template it belongs to, its heading, and what a record says in it.
Fill = Callable[["Rows", Record], str]
Column = tuple[str, str, Fill]


class Rows:
    """Both sheets of one register, as texts."""

    def __init__(self, register: Register, surroundings: Surroundings) -> None:
        """Choose the register and what surrounds it."""
        self.register, self.around = register, surroundings
        self.words = RegisterWords(register.language)

    def headings(self, columns: tuple[Column, ...]) -> list[str]:
        """Give the headings of columns."""
        return [self.words.term(name) for _part, name, _fill in columns]

    def parts(self, columns: tuple[Column, ...]) -> list[str]:
        """Give the part of the template above each column; empty where the part goes on."""
        named = [part for part, _name, _fill in columns]
        firsts = [part != (named[index - 1] if index else "") for index, part in enumerate(named)]
        return [self.words.term(part) if first else "" for part, first in zip(named, firsts, strict=True)]

    def controller(self) -> Iterator[list[str]]:
        """Yield one row a purpose that the operator decides about. Source: GDPR art 30(1)."""
        for record in self.register.controller_records:
            yield [fill(self, record) for _part, _name, fill in CONTROLLER]

    def processor(self) -> Iterator[list[str]]:
        """Yield one row a purpose and controller on whose behalf it is done. Source: GDPR art 30(2)."""
        for record in self.register.processor_records:
            for controller in self.around.controllers or (None,):
                said = self.contact(controller) if controller else self.words.term("the_members")
                yield [said, *(fill(self, record) for _part, _name, fill in PROCESSOR[1:])]

    def everything(self) -> Iterator[list[str]]:
        """Yield one row a purpose of either role, with its id, role and clauses: what a CSV file holds."""
        for record in self.register.records:
            yield [
                *(record.id, self.words.term(record.role), " ".join(record.clauses)),
                *(fill(self, record) for _part, _name, fill in CONTROLLER),
            ]

    def everything_headings(self) -> list[str]:
        """Give the headings of `everything`."""
        return [*(self.words.term(name) for name in ("id", "role", "clauses")), *self.headings(CONTROLLER)]

    # What the columns say.

    def contact(self, contact: Contact) -> str:
        """Write a contact in one cell."""
        country = "" if contact.address.endswith(contact.country) else contact.country
        return ", ".join(
            part for part in (contact.name, contact.address, country, contact.email, contact.phone) if part
        )

    def grounds(self, record: Record) -> str:
        """Say on which grounds a purpose rests where: the one of most regions last."""
        return "; ".join(
            f"{self.words.ground(basis)} ({', '.join(places)})"
            for basis, places in grounds_by_basis(record, self.words)
        )

    def _purpose(self, record: Record) -> str:
        return f"{record.title}: {record.description}"

    def _function(self, _record: Record) -> str:
        return self.words.term("policy_part") % {"name": self.register.operator.name}

    def _joint(self, record: Record) -> str:
        return "\n".join(self.contact(each.contact) for each in record.joint_controllers)

    def subjects(self, record: Record) -> str:
        """Say whom a purpose concerns."""
        if record.everybody:
            return self.words.term("everybody")
        return ", ".join(each.title for each in record.subjects)

    def _categories(self, record: Record) -> str:
        return ", ".join(each.title for each in record.categories)

    def _recipients(self, record: Record) -> str:
        said = (f"{each.title} ({self.words.recipient_role(each.role)}, {each.country})" for each in record.recipients)
        return "\n".join(said) or self.words.term("none")

    def _contracts(self, record: Record) -> str:
        return "\n".join(f"{each.title}: {each.contract}" for each in record.recipients if each.contract)

    def _countries(self, record: Record) -> str:
        return ", ".join(sorted({each.country for each in record.transfers})) or self.words.term("none")

    def _safeguards(self, record: Record) -> str:
        return "\n".join(f"{each.title}: {self.safeguard(each)}" for each in record.transfers)

    def safeguard(self, received: Received) -> str:
        """Say what protects a transfer, with the decision or agreement that documents it."""
        moved = received.transfer
        if moved is None or moved.kind is None:
            return self.words.term("unprotected")
        until = f", {self.words.phrase('until')} {moved.until}" if moved.until else ""
        return f"{received.safeguard} ({self.words.safeguard_kind(moved.kind)}; {moved.reference}{until})"

    def _retention(self, record: Record) -> str:
        return "\n".join(f"{each.category.title}: {self.kept(each)}" for each in record.retention)

    def kept(self, kept: Kept) -> str:
        """Say how long a category is kept."""
        law = f" ({kept.law})" if kept.law else ""
        then = self.words.phrase(kept.then)
        return f"{self.words.period(kept.keep)} {self.words.trigger(kept.after)}, {then}{law}"

    def _measures(self, _record: Record) -> str:
        return "\n".join(f"{title}: {said}" for title, said in self.register.measures)

    def _special(self, record: Record) -> str:
        if not record.special:
            return self.words.term("no_special")
        return f"{', '.join(each.title for each in record.special)}: {self.grounds(record)}"

    def _lia(self, record: Record) -> str:
        if record.as_processor or Basis.LEGITIMATE_INTEREST not in record.bases:
            return ""
        return self.around.of(record).lia or self.words.term("not_done")

    def _rights(self, record: Record) -> str:
        return ", ".join(self.words.right(right) for right in record.rights)

    def profiling(self, record: Record) -> str:
        """Say whether a purpose evaluates people. Source: GDPR art 13(2)(f), 22."""
        if not record.profiling:
            return self.words.term("no_profiling")
        return f"{self.words.term('profiling')}: {', '.join(each.title for each in record.profiling)}"

    def _sources(self, record: Record) -> str:
        return ", ".join(each.title for each in record.sources)

    def _consent(self, record: Record) -> str:
        return self.words.term("receipts") if Basis.CONSENT in record.bases else ""

    def _location(self, record: Record) -> str:
        tables = dict.fromkeys(table for each in record.categories for table in self.around.tables.get(each.id, ()))
        return f"{self.words.term('tables')}: {', '.join(tables)}" if tables else ""

    def _dpia_needed(self, record: Record) -> str:
        return self.around.of(record).dpia_needed or self.words.term("not_needed")

    def _dpia_progress(self, record: Record) -> str:
        evidence = self.around.of(record)
        return evidence.dpia_progress or (self.words.term("not_done") if evidence.dpia_needed else "")

    def _elsewhere(self, _record: Record) -> str:
        return self.words.term("not_kept_here")

    def _special_only(self, record: Record, said: str) -> str:
        return said if record.special else ""


def grounds_by_basis(record: Record, words: RegisterWords, *, codes: bool = False) -> list[tuple[Basis, list[str]]]:
    """Give each ground with the regions it holds in; the ground of most regions comes last, as “elsewhere”.

    With ``codes`` the regions are said as a document writes them (``EEA``), which is shorter.
    """
    places: dict[Basis, list[str]] = {}
    for region in REGIONS:
        said = region.code if codes else words.region(region)
        places.setdefault(record.grounds[region] or Basis.NONE, []).append(said)
    if len(places) == 1:
        return [(basis, [words.term("everywhere")]) for basis in places]
    most = max(places, key=lambda basis: len(places[basis]))
    named = [(basis, regions) for basis, regions in places.items() if basis is not most]
    return [*named, (most, [words.term("elsewhere")])]


#: The columns for a controller. Source: GDPR art 30(1) for those of the first part.
CONTROLLER: tuple[Column, ...] = (
    ("part_article30", "function", Rows._function),
    ("part_article30", "purpose", Rows._purpose),
    ("part_article30", "joint", Rows._joint),
    ("part_article30", "subjects", Rows.subjects),
    ("part_article30", "categories", Rows._categories),
    ("part_article30", "recipients", Rows._recipients),
    ("part_article30", "contracts", Rows._contracts),
    ("part_article30", "countries", Rows._countries),
    ("part_article30", "safeguards", Rows._safeguards),
    ("part_article30", "retention", Rows._retention),
    ("part_article30", "measures", Rows._measures),
    ("part_notice", "basis", Rows.grounds),
    ("part_notice", "basis_special", Rows._special),
    ("part_notice", "interests", lambda rows, record: record.balancing),
    ("part_notice", "lia", Rows._lia),
    ("part_notice", "rights", Rows._rights),
    ("part_notice", "automated", Rows.profiling),
    ("part_notice", "source", Rows._sources),
    ("part_consent", "consent_record", Rows._consent),
    ("part_access", "location", Rows._location),
    ("part_dpia", "dpia_needed", Rows._dpia_needed),
    ("part_dpia", "dpia_progress", Rows._dpia_progress),
    ("part_dpia", "dpia", lambda rows, record: rows.around.of(record).dpia),
    ("part_breaches", "breach", Rows._elsewhere),
    ("part_breaches", "breach_record", lambda rows, record: ""),
    ("part_special", "schedule", lambda rows, record: rows._special_only(record, rows.words.term("not_kept_here"))),
    ("part_special", "schedule_basis", lambda rows, record: rows._special_only(record, rows.grounds(record))),
    ("part_special", "schedule_policy", lambda rows, record: rows._special_only(record, rows._retention(record))),
    ("part_special", "schedule_kept", lambda rows, record: rows._special_only(record, rows.words.term("by_rule"))),
    ("part_special", "schedule_why_not", lambda rows, record: ""),
)

#: The columns for a processor; the first is the controller, which `Rows.processor` fills. Source: GDPR art 30(2).
PROCESSOR: tuple[Column, ...] = (
    ("part_article30", "on_behalf", lambda rows, record: ""),
    ("part_article30", "on_behalf_representative", lambda rows, record: ""),
    ("part_article30", "processing", Rows._purpose),
    ("part_article30", "countries", Rows._countries),
    ("part_article30", "safeguards", Rows._safeguards),
    ("part_article30", "measures", Rows._measures),
    ("part_contract", "contract_controller", lambda rows, record: rows.words.term("members_agreement")),
    ("part_access", "location", Rows._location),
    ("part_breaches", "breach", Rows._elsewhere),
    ("part_breaches", "breach_record", lambda rows, record: ""),
)
