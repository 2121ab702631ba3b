"""The register of processing of a workspace: with its assessments, members and tables, on the page and as files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

from django.db.models import QuerySet
from django.utils import timezone

from tillit.accounts.models import Membership, Role, Workspace
from tillit.governance import assessments, datamap
from tillit.governance.sheets import Sheet, workbook
from tillit.ledger import versions
from tillit.ledger.models import PolicyVersion
from tillit.ledger.processing import SYSTEM
from tillit.ledger.versions import Version
from tillit.policy import register_json
from tillit.policy.impact import Need, Needed
from tillit.policy.register import Contact, Register, register
from tillit.policy.register_rows import CONTROLLER, PROCESSOR, Evidence, Rows, Surroundings
from tillit.policy.register_words import RegisterWords
from tillit.spreadsheets import harmless


class UnknownVersion(LookupError):
    """The workspace has no such version of its policy, or had none on that day."""


class UnknownFormat(ValueError):
    """The register is written as xlsx, json or csv."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The register of a workspace as one version and day have it."""

    workspace: Workspace
    version: Version
    register: Register
    surroundings: Surroundings
    needed: tuple[Needed, ...]
    written: tuple[assessments.Told, ...]

    @property
    def rows(self) -> Rows:
        """The register as rows of texts."""
        return Rows(self.register, self.surroundings)


def make(workspace: Workspace, *, language: str, day: date, number: int | None = None, by: str = SYSTEM) -> Made:
    """Make the register of a workspace: of a version by number, else of the one in force on a day.

    The version of today is the one in force now. Raises NoPolicy when the workspace never published one, and
    UnknownVersion.
    """
    version = _version(workspace.pk, number=number, day=day)
    found = register(version.document, version.rules, language=language, day=day)
    needed = tuple(assessments.needed(version, day=day, by=by))
    written = tuple(assessments.told(workspace.pk, day=day))
    held = datamap.tables(workspace.pk)
    around = Surroundings(
        controllers=tuple(controllers(workspace)),
        tables={category: tuple(each.table for each in tables) for category, tables in held.items()},
        evidence={
            record.id: _evidence(record.id, needed, written, RegisterWords(language)) for record in found.records
        },
    )
    return Made(
        workspace=workspace, version=version, register=found, surroundings=around, needed=needed, written=written
    )


def _version(workspace_id: int, *, number: int | None, day: date) -> Version:
    if number is not None:
        found = published(workspace_id).filter(number=number).values_list("pk", flat=True).first()
        if found is None:
            raise UnknownVersion(number)
        return versions.version(found)
    if day == timezone.localdate():
        return versions.in_force(workspace_id)
    end_of_day = timezone.make_aware(datetime.combine(day, time.max))
    bound = versions.in_force_at(workspace_id, end_of_day)
    if bound is None:
        versions.in_force(workspace_id)  # raises NoPolicy for a workspace that never published one
        raise UnknownVersion(day)
    return bound


def published(workspace_id: int) -> QuerySet[PolicyVersion]:
    """The versions whose register can be made, newest first."""
    return versions.history(workspace_id)


def controllers(workspace: Workspace) -> Iterator[Contact]:
    """Yield those for whom the workspace acts as a processor: the house for every member, with its owners' addresses.

    Source: GDPR art 30(2)(a).
    """
    if workspace.kind != Workspace.Kind.HOUSE:
        return
    owners: dict[int, list[str]] = {}
    found = Membership.objects.filter(role=Role.OWNER, user__is_active=True, workspace__kind=Workspace.Kind.MEMBER)
    for workspace_id, email in found.order_by("user__email").values_list("workspace_id", "user__email"):
        owners.setdefault(workspace_id, []).append(email)
    for member in Workspace.objects.filter(kind=Workspace.Kind.MEMBER).order_by("name", "pk"):
        yield Contact(
            name=member.name,
            address=" ".join(member.postal_address.split()),
            country="",
            email=", ".join(owners.get(member.pk, [])),
        )


def _evidence(
    purpose: str, needed: Sequence[Needed], written: Sequence[assessments.Told], words: RegisterWords
) -> Evidence:
    """Put into words what was assessed about a purpose, and why it had to be."""
    about = [each for each in written if purpose in each.purposes]
    risky = next((each for each in needed if each.purpose == purpose and each.kind is Need.DPIA), None)
    impacts = [each for each in about if each.kind == Need.DPIA]
    return Evidence(
        lia="\n".join(each.named for each in about if each.kind == Need.LIA),
        dpia="\n".join(each.named for each in impacts),
        dpia_progress="\n".join(each.progress(words) for each in impacts),
        dpia_needed=", ".join(words.criterion(each) for each in risky.criteria) if risky else "",
    )


# As files.


def as_json(made: Made) -> bytes:
    """Write the register as JSON; the shape is that of `register_json.schema`."""
    values = register_json.as_values(
        made.register,
        about={
            "workspace": made.workspace.name,
            "number": made.version.number,
            "digest": made.version.digest,
            "published": made.version.published_at.isoformat(),
            "effective": made.version.effective_at.isoformat(),
        },
        controllers=made.surroundings.controllers,
        tables=made.surroundings.tables,
        needed=made.needed,
        assessments=tuple(each.values for each in made.written),
    )
    return (json.dumps(values, ensure_ascii=False, indent=2) + "\n").encode()


def as_csv(made: Made) -> bytes:
    """Write the register as CSV, a row a purpose, in UTF-8 with the byte order mark that Excel needs."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(made.rows.everything_headings())
    writer.writerows([harmless(cell) for cell in row] for row in made.rows.everything())
    return ("\ufeff" + buffer.getvalue()).encode()


def as_xlsx(made: Made) -> bytes:
    """Write the register as a workbook: a sheet for each role, and one about the version."""
    rows, words = made.rows, made.rows.words
    contacts = _contacts(made)
    sheets = [
        Sheet(
            title=words.term("controller"),
            top=contacts,
            groups=rows.parts(CONTROLLER),
            head=rows.headings(CONTROLLER),
            rows=list(rows.controller()),
        ),
        Sheet(
            title=words.term("processor"),
            top=contacts,
            groups=rows.parts(PROCESSOR),
            head=rows.headings(PROCESSOR),
            rows=list(rows.processor()),
        ),
        Sheet(title=words.term("about"), top=_about(made)),
    ]
    return workbook(sheets, title=f"{words.term('register')}, {made.workspace.name}", at=made.version.effective_at)


def _contacts(made: Made) -> list[list[str]]:
    """The block of names and contacts that stands above the table. Source: GDPR art 30(1)(a), 30(2)(a)."""
    words, found = made.rows.words, made.register
    named = [
        (words.term("organisation"), found.operator),
        *((each.title or words.term("officer"), each) for each in found.officers),
        *((each.title or words.term("representative"), each) for each in found.representatives),
    ]
    block = [["", *(title for title, _contact in named)]]
    for name in ("name", "address", "email", "phone"):
        block.append([words.term(name), *(getattr(contact, name) for _title, contact in named)])
    return block


def _about(made: Made) -> list[list[str]]:
    words, version = made.rows.words, made.version
    return [
        [words.term("register"), ""],
        [words.term("workspace"), made.workspace.name],
        [words.term("organisation"), made.register.operator.name],
        [words.term("version"), str(version.number)],
        [words.term("digest"), version.digest],
        [words.term("published"), version.published_at.isoformat(timespec="seconds")],
        [words.term("effective"), version.effective_at.isoformat(timespec="seconds")],
        [words.term("as_of"), made.register.day.isoformat()],
        ["", words.term("made_from")],
    ]


#: The formats a register is written in, with their media types.
FORMATS: dict[str, tuple[Callable[[Made], bytes], str]] = {
    "xlsx": (as_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "json": (as_json, "application/json; charset=utf-8"),
}


def write(
    path: Path,
    format: str = "",
    *,
    workspace_id: int,
    number: int | None = None,
    language: str = "",
    day: date | None = None,
) -> Made:
    """Write a workspace's register to a file, in the format named or that of the file's ending; return what it holds.

    Without `number` it is of the version in force on `day` (today), without `language` in the workspace's. Raises
    UnknownFormat, UnknownVersion, NoPolicy and Workspace.DoesNotExist.
    """
    wanted = format or path.suffix.removeprefix(".").lower()
    if wanted not in FORMATS:
        raise UnknownFormat(f"“{wanted}” is no format of a register. Name one of: {', '.join(FORMATS)}.")
    workspace = Workspace.objects.get(pk=workspace_id)
    made = make(workspace, language=language or workspace.language, day=day or timezone.localdate(), number=number)
    path.write_bytes(FORMATS[wanted][0](made))
    return made
