"""What becomes of a row: a line of the staging table, or a refusal with its reason."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from uuid import UUID

import uuid_utils
from uuid_utils.compat import uuid7

from tillit.people.identity import (
    InvalidIdentifier,
    hasher,
    is_plain_email,
    normalise_email,
    normalise_text,
)
from tillit.people.importing import cells, mapping
from tillit.people.importing.cells import Standing
from tillit.people.importing.columns import FieldColumn
from tillit.people.importing.forms import ambiguous
from tillit.people.importing.mapping import Column
from tillit.people.importing.seen import Seen
from tillit.people.importing.table import Batch, Layout

CHUNK_ROWS = 10_000
LISTED_ROWS = 10_000  # of those that came in without some of their values; all of them are counted
UNREADABLE, AMBIGUOUS = "unreadable", "ambiguous"
MAX_CELL_CHARS = 2000
SEPARATOR = "\x1f"  # between the cells of a staged line; no cell holds it
NULL = "\\N"
FIXED = ("line", "key", "person_id", "choice_id", "value", "region", "language", "standing", "agreed")
_EXTRA = ("phone_key", "phone", "customer_key", "customer")
_NO_EXTRA = SEPARATOR + SEPARATOR.join([NULL] * len(_EXTRA))
_ESCAPE = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", SEPARATOR: " "})
_NOWHERE = "0" + SEPARATOR
_OUT = str(int(Standing.OPTED_OUT))


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import does with the columns of its file."""

    workspace_id: int
    identity_key: bytes
    layout: Layout
    columns: tuple[Column, ...]
    fields: tuple[FieldColumn, ...]
    chooses: bool = False
    region: int = 0  # of people of whom neither a country nor a telephone number tells one: the source's

    def place(self, target: str) -> int | None:
        """The position of the column with a meaning."""
        return next((place for place, column in enumerate(self.columns) if column.target == target), None)

    @property
    def staged_columns(self) -> tuple[str, ...]:
        """The staging table's columns, in the order of a staged line."""
        return (*FIXED, *_EXTRA, *(f"f{number}" for number in range(len(self.fields))))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not brought in. `cells` is empty for somebody who was erased: nothing of them is kept."""

    line: int
    reason: str
    cells: Sequence[str] = ()
    address: str = ""  # in normal form, of a row that came in without some of its values


@dataclass(slots=True)
class Chunk:
    """Rows that are written in one transaction, and where reading goes on after them."""

    end_offset: int
    next_line: int
    staged: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    unread: list[Refusal] = field(default_factory=list)  # rows that came in without some of their values
    counts: Counter[str] = field(default_factory=Counter)
    meets_known: bool = False  # whether addresses that are known already are to be expected
    first_id: UUID = field(default_factory=uuid7)  # between these two lie the ids of the people it makes
    last_id: UUID = field(default_factory=uuid7)
    repeated: set[int] = field(default_factory=set)  # lines staged here whose address an earlier chunk held
    silenced: dict[str, str] = field(default_factory=dict)  # addresses to suppress, each with the reason
    erased: set[str] = field(default_factory=set)  # addresses of people who were erased
    keys: frozenset[int] = frozenset()  # the beginnings of its identifiers' keys


def chunks(batches: Iterator[Batch], plan: Plan, seen: Seen, *, rows: int = CHUNK_ROWS) -> Iterator[Chunk]:
    """Yield chunks of about `rows` rows, or what little there is."""
    preparing = Preparing(plan, seen)
    for batch in batches:
        preparing.add(batch)
        if preparing.size >= rows:
            yield preparing.take(batch)
    if preparing.last is not None:
        yield preparing.take(preparing.last)


class Preparing:
    """Turns batches of rows into a chunk. Costs about 7 µs a row, a third of it the reading of the table."""

    def __init__(self, plan: Plan, seen: Seen) -> None:
        self.plan, self._seen = plan, seen
        self._hash = {
            kind: hasher(plan.identity_key, plan.workspace_id, kind) for kind in ("email", "phone", "customer")
        }
        self._email = plan.place(mapping.EMAIL) or 0
        self._pick = _picker([column.place for column in plan.fields])
        self._typed = [(place, read, column) for place, column in enumerate(plan.fields) if (read := column.reader())]
        self._details = self._detail_reader()
        self._meant = [place for place, column in enumerate(plan.columns) if column.target]
        self._missed: list[tuple[int, str]] = []  # columns of the row whose values cannot be read, and why
        self._listed = 0
        self._silence = ""  # why the row's address is to be suppressed
        self._start()

    def _start(self) -> None:
        self._chunk = Chunk(0, 0)
        self._places: dict[str, int] = {}
        self._keys: list[bytes] = []
        self._further: list[bytes] = []  # of telephone and customer numbers
        self.size = 0
        self.last: Batch | None = None

    def take(self, batch: Batch) -> Chunk:
        """Return the chunk, which ends where a batch ends, and begin the next."""
        chunk = self._chunk
        chunk.end_offset, chunk.next_line = batch.end_offset, batch.next_line
        keys = array("Q", b"".join(self._keys))
        for place in self._seen.add_all(keys):
            chunk.repeated.add(int(chunk.staged[place].partition(SEPARATOR)[0]))
        chunk.counts["duplicates"] += len(chunk.repeated)
        chunk.counts["rows"] = self.size
        chunk.last_id = uuid7()
        chunk.keys = frozenset((*keys, *array("Q", b"".join(self._further))))
        self._start()
        return chunk

    def add(self, batch: Batch) -> None:
        """Stage a batch's rows."""
        self.last = batch
        chunk, width, odd = self._chunk, self.plan.layout.width, batch.odd
        email_at, pick, details = self._email, self._pick, self._details
        identity_key, places, keys, staged = self._hash["email"], self._places, self._keys, chunk.staged
        new_id, longest, chooses = uuid_utils.uuid7, MAX_CELL_CHARS, self.plan.chooses
        chunk.counts["recoded_lines"] += batch.recoded_lines
        for broken in batch.broken:
            self._refuse(broken.line, broken.reason, [broken.raw])
        for line, row in batch.rows:
            if len(row) != width or odd:
                fitted = self._fit(line, row)
                if fitted is None:
                    continue
                row = fitted  # noqa: PLW2901  the row in its proper width
            address = row[email_at].strip().lower()
            if not is_plain_email(address):
                address = self._unusual_address(line, row, address) or ""
                if not address:
                    continue
            key = identity_key(address)
            too_much = odd or sum(map(len, row)) > longest
            if too_much and self._refused_as_too_long(line, row):
                continue
            traits = [cell.strip() for cell in pick(row)]
            if self._typed:
                self._convert(traits)
            if too_much:
                traits = [trait.translate(_ESCAPE) for trait in traits]  # what COPY would read as its own
            choice_id = str(new_id()) if chooses else NULL
            text = SEPARATOR.join(
                (str(line), "\\\\x" + key.hex(), str(new_id()), choice_id, address, details(row), *traits)
            )
            self.size += 1
            if self._missed or self._silence:
                self._note(line, row, address)
            place = places.setdefault(address, len(staged))
            if place == len(staged):
                keys.append(key[:8])
                staged.append(text)
            else:
                chunk.counts["duplicates"] += 1
                staged[place] = merged(staged[place], text)

    def _refuse(self, line: int, reason: str, row: Sequence[str]) -> None:
        self.size += 1
        self._chunk.refusals.append(Refusal(line, reason, tuple(row)))
        self._chunk.counts["refused"] += 1
        self._chunk.counts[f"refused.{reason}"] += 1

    def _fit(self, line: int, row: list[str]) -> list[str] | None:
        """Return the row in the header's width, or None for a blank or refused one."""
        width = self.plan.layout.width
        if not any(cell.strip() for cell in row):
            return None
        if len(row) > width and any(cell.strip() for cell in row[width:]):
            self._refuse(line, "too_many_columns", row)
            return None
        if any("\0" in cell for cell in row):
            self._refuse(line, "nul", row)
            return None
        return [*row[:width], *[""] * (width - len(row))]

    def _unusual_address(self, line: int, row: list[str], address: str) -> str | None:
        if not any(cell.strip() for cell in row):
            return None
        if not address:
            self._refuse(line, "no_address", row)
            return None
        try:
            return normalise_email(address.removeprefix("mailto:"))
        except InvalidIdentifier:
            self._refuse(line, "invalid_address", row)
            return None

    def _convert(self, traits: list[str]) -> None:
        for place, read, column in self._typed:
            if text := traits[place]:
                value = traits[place] = read(text)
                if not value and column.form not in mapping.NAME_PARTS:  # many have but one name
                    self._missed.append((column.place, AMBIGUOUS if ambiguous(column.type, text) else UNREADABLE))

    def _note(self, line: int, row: Sequence[str], address: str) -> None:
        """Note values that cannot be read, and why the address is to be suppressed: of two reasons the graver."""
        if self._missed:
            self._note_missed(line, row, address)
        if reason := self._silence:
            noted = self._chunk.silenced
            noted[address] = max(noted.get(address, reason), reason, key=cells.GRAVEST.index)
            self._silence = ""

    def _note_missed(self, line: int, row: Sequence[str], address: str) -> None:
        """Count what could not be read by column, and list the row, the first LISTED_ROWS of them."""
        names = [(self.plan.columns[place].name, why) for place, why in self._missed]
        self._missed = []
        self._chunk.counts["unreadable_values"] += len(names)
        for name, why in names:
            self._chunk.counts[f"{why}.{name}"] += 1
        self._listed += 1
        if self._listed <= LISTED_ROWS:
            reason = "; ".join(f"{why}: {name}" for name, why in names)
            self._chunk.unread.append(Refusal(line, reason, tuple(row), address))

    def _refused_as_too_long(self, line: int, row: list[str]) -> bool:
        """Refuse a row with a cell that means something and is too long, and say whether it was."""
        if max(len(row[place]) for place in self._meant) <= MAX_CELL_CHARS:
            return False
        self._refuse(line, "too_long", row)
        return True

    def _detail_reader(self) -> Callable[[list[str]], str]:
        """Return the function from a row to its region, language, standing, consent and further identifiers."""
        told = (
            mapping.COUNTRY,
            mapping.SUBDIVISION,
            mapping.LANGUAGE,
            mapping.STATUS,
            mapping.UNSUBSCRIBED,
            mapping.CONSENT,
        )
        places = [self.plan.place(target) for target in told]
        picked = _picker([place for place in places if place is not None])
        remembered: dict[Sequence[str], tuple[str, list[tuple[int, str]], str]] = {}
        phone_at, customer_at = self.plan.place(mapping.PHONE), self.plan.place(mapping.CUSTOMER)

        def details(row: list[str]) -> str:
            texts = picked(row)
            known = remembered.get(texts)
            if known is None:
                if len(remembered) > cells.REMEMBERED:
                    remembered.clear()
                cells_told = [row[place] if place is not None else None for place in places]
                silence = cells.silence(cells_told[3] or "") or cells.silence(cells_told[4] or "")
                known = remembered[texts] = (_told(cells_told), _unknown(cells_told, places), silence)
            told, unknown, silence = known
            if unknown:
                self._missed += unknown
            if silence:
                self._silence = silence
            if phone_at is None and customer_at is None:
                return _placed(told, row[places[0]] if places[0] is not None else "", self.plan.region) + _NO_EXTRA
            said = row[places[0]] if places[0] is not None else ""
            phone = self._identifier("phone", phone_at, row, country=cells.country_code(said))
            customer = self._identifier("customer", customer_at, row)
            if not phone.startswith(NULL):
                told = _placed(told, said, cells.phone_region(phone.partition(SEPARATOR)[2]))
            return SEPARATOR.join((_placed(told, said, self.plan.region), phone, customer))

        return details

    def _identifier(self, kind: str, place: int | None, row: list[str], *, country: str = "") -> str:
        """A further identifier as its two staged cells: key and value."""
        text = "" if place is None else row[place].strip()
        if place is None or not text:
            return NULL + SEPARATOR + NULL
        try:
            value = cells.phone_number(text.lstrip("'"), country) if kind == "phone" else normalise_text(text)
        except InvalidIdentifier:
            self._missed.append((place, UNREADABLE))
            return NULL + SEPARATOR + NULL
        key = self._hash[kind](value)
        self._further.append(key[:8])
        return f"\\\\x{key.hex()}{SEPARATOR}{value.translate(_ESCAPE)}"


def _told(texts: Sequence[str | None]) -> str:
    """Region, language, standing and consent as staged cells; None is a column that the file does not have."""
    country, subdivision, language, status, unsubscribed, consent = texts
    standing = cells.standing(status or "")
    if unsubscribed is not None and cells.opted_out(unsubscribed):
        standing = Standing.OPTED_OUT
    return SEPARATOR.join(
        (
            str(cells.region_code(country or "", subdivision or "")),
            cells.language_code(language or ""),
            str(int(standing)),
            "t" if consent is None or cells.agreed(consent) else "f",
        )
    )


def _placed(told: str, country: str, region: int) -> str:
    """Give a row without a region the one that something else tells. A named country that is not known stays none."""
    return f"{region}{told[1:]}" if region and told.startswith(_NOWHERE) and not country.strip() else told


def _unknown(texts: Sequence[str | None], places: Sequence[int | None]) -> list[tuple[int, str]]:
    """The columns of country and language whose words are not known."""
    country, _subdivision, language = (text.strip() if text else "" for text in texts[:3])
    found = []
    if country and not cells.country_code(country) and places[0] is not None:
        found.append((places[0], UNREADABLE))
    if language and not cells.language_code(language) and places[2] is not None:
        found.append((places[2], UNREADABLE))
    return found


def _picker(places: Sequence[int]) -> Callable[[list[str]], Sequence[str]]:
    if len(places) > 1:
        return itemgetter(*places)  # a tuple; shorter by a third than a comprehension
    return (lambda row: (row[places[0]],)) if places else (lambda row: ())


def merged(earlier: str, later: str) -> str:
    """Join two staged lines of one person: what the later leaves empty the earlier keeps, and an opt-out stays one."""
    old, new = earlier.split(SEPARATOR), later.split(SEPARATOR)
    both = [new_cell if new_cell not in {"", NULL} else old_cell for old_cell, new_cell in zip(old, new, strict=True)]
    at = {name: place for place, name in enumerate(FIXED)}
    both[at["person_id"]] = old[at["person_id"]]
    if new[at["region"]] == "0":
        both[at["region"]] = old[at["region"]]
    both[at["standing"]] = max(old[at["standing"]], new[at["standing"]], key=lambda cell: (cell == _OUT, cell))
    both[at["agreed"]] = min(old[at["agreed"]], new[at["agreed"]])
    return SEPARATOR.join(both)
