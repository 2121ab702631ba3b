"""What the API takes and gives. Made by generate.py: do not change it here."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Accepted(TypedDict):
    """The same answer whether or not the address is known, so that nobody can find out."""

    accepted: NotRequired[bool]


class Changed(TypedDict):
    """Whether anything changed; what was so already is no error."""

    changed: bool


class ChoiceMade(TypedDict):
    """The receipt's number."""

    id: str


class ChoiceShown(TypedDict):
    """One choice. Its id is the number of the receipt."""

    id: str
    purpose: str
    state: str
    method: str
    at: str
    expires_at: str | None
    source: int | None


class Choices(TypedDict):
    """Every choice that a person ever made, newest first."""

    items: list[ChoiceShown]


class ColumnShown(TypedDict):
    """A column of the file, and what it means: a field, or empty for one that is left out."""

    name: str
    target: str
    mode: str


class DuplicatePage(TypedDict):
    """Some pairs of the last search, the likeliest first."""

    items: list[DuplicateShown]
    next: str | None


class DuplicateShown(TypedDict):
    """Two records that may be one person's, the one that came first before the other."""

    one: str
    other: str
    shared: list[str]
    score: int


class ExplanationShown(TypedDict):
    """Whether a purpose is permitted for a person, with every step that leads to the answer."""

    person: str
    at: str
    purposes: list[dict[str, Any]]


class ExportPage(TypedDict):
    """Some exports, newest first."""

    items: list[ExportShown]
    next: str | None


class ExportShown(TypedDict):
    """An export, with how far it is."""

    id: int
    state: str
    purpose: str
    recipient: str
    format: str
    columns: list[str]
    total: int
    written: int
    error: str
    created_at: str
    finished_at: str | None
    expires_at: str | None


class Fault(TypedDict):
    """One thing that is wrong with a request."""

    where: str
    detail: str


class FieldShown(TypedDict):
    """A field of the workspace's persons."""

    name: str
    label: str
    type: str
    choices: list[str]
    category: str


class Fields(TypedDict):
    """Every field."""

    items: list[FieldShown]


class FileShown(TypedDict):
    """Where the file is, for a few minutes; the address needs no key, so keep it to yourself."""

    url: str
    expires_at: str
    size_bytes: int


Format = Literal["csv", "xlsx", "jsonl"]


class FromAddress(TypedDict):
    """A file to fetch over https."""

    columns: NotRequired[dict[str, Any]]
    modes: NotRequired[dict[str, Any]]
    url: str
    source: int
    list: NotRequired[int | None]
    sheet: NotRequired[str]
    purpose: NotRequired[str]
    consent: NotRequired[str | None]
    begin: NotRequired[bool]


class IdentityShown(TypedDict):
    """One identifier of a person."""

    kind: str
    value: str


class ImportPage(TypedDict):
    """Some imports, newest first."""

    items: list[ImportShown]
    next: str | None


class ImportShown(TypedDict):
    """An import, with what came of it."""

    id: int
    state: str
    file_name: str
    source: int
    list: int | None
    purpose: str
    columns: list[ColumnShown]
    counts: dict[str, Any]
    read_bytes: int
    total_bytes: int
    error: str
    created_at: str
    finished_at: str | None


class KeyShown(TypedDict):
    """What the key that is used may do."""

    id: int
    name: str
    workspace: int
    workspace_name: str
    role: str
    purposes: list[str]
    recipient: str
    expires_at: str | None
    requests_per_minute: int


class Lifted(TypedDict):
    """How many people can be written to again, as far as the policy and their choices permit."""

    people: int


class ListChange(TypedDict):
    """What to change of a list; what is not named stays."""

    name: NotRequired[str | None]
    description: NotRequired[str | None]
    public: NotRequired[bool | None]
    opt_in: NotRequired[Literal["single", "double"] | None]


class ListFiguresShown(TypedDict):
    """A list with the number of people in each standing."""

    id: int
    name: str
    description: str
    public: bool
    opt_in: Literal["single", "double"]
    archived: bool
    created_at: str
    subscribed: int
    pending: int
    unsubscribed: int


class ListPage(TypedDict):
    """Some lists, oldest first."""

    items: list[ListShown]
    next: str | None


class ListShown(TypedDict):
    """A distribution list."""

    id: int
    name: str
    description: str
    public: bool
    opt_in: Literal["single", "double"]
    archived: bool
    created_at: str


class Meanings(TypedDict):
    """What columns mean, over what was guessed, and what becomes of values that are known."""

    columns: NotRequired[dict[str, Any]]
    modes: NotRequired[dict[str, Any]]


class MergeShown(TypedDict):
    """A record that went into another."""

    id: str
    kept: str
    gone: str
    at: str


class Merged(TypedDict):
    """The merge, and whose record is left."""

    id: str
    kept: str


class Merges(TypedDict):
    """The merges that stand, newest first: the first one can be split."""

    items: list[MergeShown]


class Named(TypedDict):
    """What a file that is sent as the body is called."""

    file_name: NotRequired[str]


class NewChoice(TypedDict):
    """What a person decided about a purpose."""

    purpose: str
    state: Literal["granted", "refused", "withdrawn", "objected"]
    source: NotRequired[int | None]
    obtained: NotRequired[str]


class NewExport(TypedDict):
    """Whom to take out, and as what; every part narrows whom."""

    q: NotRequired[str]
    list: NotRequired[int | None]
    state: NotRequired[str]
    segment: NotRequired[int | None]
    region: NotRequired[
        Literal["UNKNOWN", "EEA", "UK", "CH", "US-CA", "US", "CA", "AU", "NZ", "JP", "KR", "BR", "SG", "OTHER"] | None
    ]
    persons: NotRequired[list[str]]
    format: NotRequired[Any]
    columns: NotRequired[list[str] | None]
    recipient: NotRequired[str]


class NewList(TypedDict):
    """A list to make."""

    name: str
    description: NotRequired[str]
    public: NotRequired[bool]
    opt_in: NotRequired[Literal["single", "double"]]


class NewPerson(TypedDict):
    """A person to add, or what is new about one who is there."""

    email: str
    source: int
    region: NotRequired[
        Literal["UNKNOWN", "EEA", "UK", "CH", "US-CA", "US", "CA", "AU", "NZ", "JP", "KR", "BR", "SG", "OTHER"]
    ]
    language: NotRequired[str]
    fields: NotRequired[dict[str, Any]]
    lists: NotRequired[list[int]]


class NewSegment(TypedDict):
    """A segment to keep: either its text or its tree."""

    name: str
    description: NotRequired[str]
    text: NotRequired[str | None]
    tree: NotRequired[dict[str, Any] | None]


class NewSource(TypedDict):
    """A source to write down."""

    collected_by: NotRequired[str]
    basis: NotRequired[Literal["", "consent", "customer", "interest", "public", "other"]]
    country: NotRequired[str]
    valid_until: NotRequired[str | None]
    name: str
    warranty: str


class OneExport(TypedDict):
    """An export, with its file once it is done."""

    id: int
    state: str
    purpose: str
    recipient: str
    format: str
    columns: list[str]
    total: int
    written: int
    error: str
    created_at: str
    finished_at: str | None
    expires_at: str | None
    file: FileShown | None


class Parted(TypedDict):
    """Two records again. `fields` and `lists` changed since the merge and stayed with the kept one."""

    kept: str
    gone: str
    fields: list[str]
    lists: list[int]
    refusals: int


class PersonAdded(TypedDict):
    """Who it is."""

    id: str


class PersonChange(TypedDict):
    """What to correct. A field that is null is removed; what is not named stays."""

    region: NotRequired[
        Literal["UNKNOWN", "EEA", "UK", "CH", "US-CA", "US", "CA", "AU", "NZ", "JP", "KR", "BR", "SG", "OTHER"] | None
    ]
    language: NotRequired[str | None]
    fields: NotRequired[dict[str, Any]]


class PersonChanged(TypedDict):
    """How many categories of information changed."""

    id: str
    categories_changed: int


class PersonPage(TypedDict):
    """Some persons, newest first; `next` is the cursor of the page after, null on the last."""

    items: list[PersonShown]
    next: str | None


class PersonShown(TypedDict):
    """A person as the purpose, and the recipient of the key, let them be seen. What they may not see is not there."""

    id: str
    created_at: str
    region: NotRequired[
        Literal["UNKNOWN", "EEA", "UK", "CH", "US-CA", "US", "CA", "AU", "NZ", "JP", "KR", "BR", "SG", "OTHER"] | None
    ]
    language: NotRequired[str | None]
    restricted: bool
    unreachable: bool
    suppressed: bool
    identities: NotRequired[list[IdentityShown]]
    fields: NotRequired[dict[str, Any]]
    lists: NotRequired[list[StandingShown]]


class Problem(TypedDict):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    rule: NotRequired[str | None]
    clause: NotRequired[str | None]
    errors: NotRequired[list[Fault] | None]


class RefusedPage(TypedDict):
    """Some refused rows, in the order of the import."""

    items: list[RefusedShown]
    next: str | None


class RefusedShown(TypedDict):
    """A row that was refused, or came in without some of its values."""

    line: int
    reason: str
    cells: dict[str, str]


class SearchBegun(TypedDict):
    """Whether a search was begun; false where one was under way."""

    begun: bool


class SearchShown(TypedDict):
    """How far the search for duplicates is."""

    state: str
    pairs: int | None
    done_at: str | None


class SegmentChange(TypedDict):
    """A segment as it shall be."""

    name: str
    description: NotRequired[str]
    text: NotRequired[str | None]
    tree: NotRequired[dict[str, Any] | None]


class SegmentCount(TypedDict):
    """How many people of a segment a purpose permits."""

    people: int
    everybody: int
    exact: bool


class SegmentPage(TypedDict):
    """Some segments, oldest first."""

    items: list[SegmentShown]
    next: str | None


class SegmentShown(TypedDict):
    """A segment, as text and as a tree."""

    id: int
    name: str
    description: str
    text: str
    tree: dict[str, Any]
    updated_at: str


class SignUp(TypedDict):
    """Who wants to join, as they typed it into your form."""

    email: str
    language: NotRequired[str]


class SourceChange(TypedDict):
    """What to change of a source; what is left out stays. `valid_until` null has no end."""

    name: NotRequired[str | None]
    warranty: NotRequired[str | None]
    collected_by: NotRequired[str | None]
    basis: NotRequired[Literal["", "consent", "customer", "interest", "public", "other"] | None]
    country: NotRequired[str | None]
    valid_until: NotRequired[str | None]


class SourcePage(TypedDict):
    """Some sources, oldest first."""

    items: list[SourceShown]
    next: str | None


class SourceShown(TypedDict):
    """Where information comes from, and what warrants that it might be passed on."""

    id: int
    name: str
    warranty: str
    collected_by: str
    basis: str
    country: str
    valid_until: str | None
    evidence: str


class StandingShown(TypedDict):
    """Where a person stands to a list."""

    list: int
    state: str
    since: str


class StandingWish(TypedDict):
    """Where a person shall stand."""

    state: Literal["subscribed", "unsubscribed"]
    source: NotRequired[int | None]


class Suppressed(TypedDict):
    """How many were new, and how many people that silenced."""

    added: int
    people: int


class SuppressionPage(TypedDict):
    """Some suppressions of the workspace, newest first."""

    items: list[SuppressionShown]
    next: str | None


class SuppressionShown(TypedDict):
    """One suppression. Of an address a keyed hash alone is kept, so it cannot be shown."""

    id: int
    kind: str
    domain: str
    reason: str
    note: str | None
    created_at: str
    imports: list[int]


class ToLift(TypedDict):
    """Why a suppression no longer holds."""

    because: NotRequired[str]


class ToMerge(TypedDict):
    """Which record goes into the one that the address names."""

    other: str


class ToSuppress(TypedDict):
    """Addresses and domains to leave in peace."""

    entries: list[str]
    reason: NotRequired[Literal["asked", "complaint", "bounced", "trap", "excluded", "moved", "other"]]
    note: NotRequired[str]


class Upload(TypedDict):
    """What a file that is sent as the body is for."""

    source: int
    list: NotRequired[int | None]
    file_name: NotRequired[str]
    sheet: NotRequired[str]
    purpose: NotRequired[str]
    consent: NotRequired[str]
    begin: NotRequired[bool]


class Wish(TypedDict):
    """Whom to look for; every part narrows it."""

    q: NotRequired[str]
    email: NotRequired[str]
    list: NotRequired[int | None]
    state: NotRequired[str]
    segment: NotRequired[int | None]
    region: NotRequired[
        Literal["UNKNOWN", "EEA", "UK", "CH", "US-CA", "US", "CA", "AU", "NZ", "JP", "KR", "BR", "SG", "OTHER"] | None
    ]
