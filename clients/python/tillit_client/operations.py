"""A method for each operation. Made by generate.py: do not change it here."""

from __future__ import annotations

from typing import Any, Literal

from tillit_client import shapes
from tillit_client.connection import UNSET, Connection, Content


class Tillit(Connection):
    """The API of an installation, with a key."""

    def get_key(self) -> shapes.KeyShown:
        """What the key may do. A first call to see that everything works.

        Needs the role `viewer`."""
        answer: shapes.KeyShown = self.call("GET", "/key")
        return answer

    def list_persons(
        self,
        *,
        q: str = UNSET,
        email: str = UNSET,
        list: int | None = UNSET,
        state: str = UNSET,
        segment: int | None = UNSET,
        region: Literal["UNKNOWN", "EEA", "UK", "CH", "US-CA", "US", "CA", "AU", "NZ", "JP", "KR", "BR", "SG", "OTHER"]
        | None = UNSET,
        purpose: str = UNSET,
        limit: int = UNSET,
        cursor: str = UNSET,
    ) -> shapes.PersonPage:
        """Persons whom the purpose permits, newest first.

        Needs the role `viewer` and the purpose that is asked for."""
        answer: shapes.PersonPage = self.call(
            "GET",
            "/persons",
            query={
                "q": q,
                "email": email,
                "list": list,
                "state": state,
                "segment": segment,
                "region": region,
                "purpose": purpose,
                "limit": limit,
                "cursor": cursor,
            },
        )
        return answer

    def add_person(
        self,
        *,
        email: str,
        source: int,
        region: Literal[
            "UNKNOWN", "EEA", "UK", "CH", "US-CA", "US", "CA", "AU", "NZ", "JP", "KR", "BR", "SG", "OTHER"
        ] = UNSET,
        language: str = UNSET,
        fields: dict[str, Any] = UNSET,
        lists: list[int] = UNSET,
        idempotency_key: str | None = None,
    ) -> shapes.PersonAdded:
        """Add a person, or what is new about the one with this address. Repeating it changes nothing more.

        Needs the role `editor` and the purpose `audience.administer`."""
        answer: shapes.PersonAdded = self.call(
            "POST",
            "/persons",
            body={
                "email": email,
                "source": source,
                "region": region,
                "language": language,
                "fields": fields,
                "lists": lists,
            },
            idempotency_key=idempotency_key,
        )
        return answer

    def get_person(self, person_id: str, *, purpose: str = UNSET) -> shapes.PersonShown:
        """One person, if the purpose permits them.

        Needs the role `viewer` and the purpose that is asked for."""
        answer: shapes.PersonShown = self.call("GET", f"/persons/{person_id}", query={"purpose": purpose})
        return answer

    def change_person(
        self,
        person_id: str,
        *,
        region: Literal["UNKNOWN", "EEA", "UK", "CH", "US-CA", "US", "CA", "AU", "NZ", "JP", "KR", "BR", "SG", "OTHER"]
        | None = UNSET,
        language: str | None = UNSET,
        fields: dict[str, Any] = UNSET,
        idempotency_key: str | None = None,
    ) -> shapes.PersonChanged:
        """Correct what is known of a person. All of it is written, or nothing.

        Needs the role `editor` and the purpose `audience.administer`."""
        answer: shapes.PersonChanged = self.call(
            "PATCH",
            f"/persons/{person_id}",
            body={"region": region, "language": language, "fields": fields},
            idempotency_key=idempotency_key,
        )
        return answer

    def erase_person(self, person_id: str, *, idempotency_key: str | None = None) -> None:
        """Erase a person everywhere. A keyed hash of their address stays, so that no import brings them back.

        Needs the role `editor` and the purpose `rights.fulfil`."""
        self.call("DELETE", f"/persons/{person_id}", idempotency_key=idempotency_key)

    def restrict_person(self, person_id: str, *, idempotency_key: str | None = None) -> None:
        """Restrict processing: the information is stored, and used for nothing else (GDPR art 18).

        Needs the role `editor` and the purpose `rights.fulfil`."""
        self.call("PUT", f"/persons/{person_id}/restriction", idempotency_key=idempotency_key)

    def lift_restriction(self, person_id: str, *, idempotency_key: str | None = None) -> None:
        """Lift a restriction; the person is to be told before (GDPR art 18(3)).

        Needs the role `editor` and the purpose `rights.fulfil`."""
        self.call("DELETE", f"/persons/{person_id}/restriction", idempotency_key=idempotency_key)

    def list_duplicates(self, *, limit: int = UNSET, cursor: str = UNSET) -> shapes.DuplicatePage:
        """The pairs that the last search found.

        Needs the role `viewer` and the purpose `audience.administer`."""
        answer: shapes.DuplicatePage = self.call("GET", "/duplicates", query={"limit": limit, "cursor": cursor})
        return answer

    def get_duplicate_search(self) -> shapes.SearchShown:
        """How far the search is.

        Needs the role `viewer`."""
        answer: shapes.SearchShown = self.call("GET", "/duplicates/search")
        return answer

    def find_duplicates(self, *, idempotency_key: str | None = None) -> shapes.SearchBegun:
        """Search the workspace for records that may be of one person.

        Needs the role `editor` and the purpose `audience.administer`."""
        answer: shapes.SearchBegun = self.call("POST", "/duplicates/search", idempotency_key=idempotency_key)
        return answer

    def list_merges(self, person_id: str) -> shapes.Merges:
        """The records that went into a person's.

        Needs the role `viewer` and the purpose `audience.administer`."""
        answer: shapes.Merges = self.call("GET", f"/persons/{person_id}/merges")
        return answer

    def merge_persons(self, person_id: str, *, other: str, idempotency_key: str | None = None) -> shapes.Merged:
        """Make two records of a person one, under the id of the first. A no of either counts for both; it can be split.

        Needs the role `editor` and the purpose `rights.fulfil`."""
        answer: shapes.Merged = self.call(
            "POST", f"/persons/{person_id}/merges", body={"other": other}, idempotency_key=idempotency_key
        )
        return answer

    def split_persons(self, person_id: str, merge_id: str, *, idempotency_key: str | None = None) -> shapes.Parted:
        """Split a record off again, the latest first. What was changed since stays with the kept one.

        Needs the role `editor` and the purpose `rights.fulfil`."""
        answer: shapes.Parted = self.call(
            "DELETE", f"/persons/{person_id}/merges/{merge_id}", idempotency_key=idempotency_key
        )
        return answer

    def call_different(self, person_id: str, other_id: str, *, idempotency_key: str | None = None) -> None:
        """Remember that two records are different people: they are not suggested again.

        Needs the role `editor` and the purpose `rights.fulfil`."""
        self.call("PUT", f"/persons/{person_id}/different/{other_id}", idempotency_key=idempotency_key)

    def list_lists(self, *, archived: bool = UNSET, limit: int = UNSET, cursor: str = UNSET) -> shapes.ListPage:
        """The lists in use.

        Needs the role `viewer`."""
        answer: shapes.ListPage = self.call(
            "GET", "/lists", query={"archived": archived, "limit": limit, "cursor": cursor}
        )
        return answer

    def make_list(
        self,
        *,
        name: str,
        description: str = UNSET,
        public: bool = UNSET,
        opt_in: Literal["single", "double"] = UNSET,
        idempotency_key: str | None = None,
    ) -> shapes.ListShown:
        """Make a list.

        Needs the role `editor` and the purpose `audience.administer`."""
        answer: shapes.ListShown = self.call(
            "POST",
            "/lists",
            body={"name": name, "description": description, "public": public, "opt_in": opt_in},
            idempotency_key=idempotency_key,
        )
        return answer

    def get_list(self, list_id: int) -> shapes.ListFiguresShown:
        """A list with its figures.

        Needs the role `viewer` and the purpose `audience.administer`."""
        answer: shapes.ListFiguresShown = self.call("GET", f"/lists/{list_id}")
        return answer

    def change_list(
        self,
        list_id: int,
        *,
        name: str | None = UNSET,
        description: str | None = UNSET,
        public: bool | None = UNSET,
        opt_in: Literal["single", "double"] | None = UNSET,
        idempotency_key: str | None = None,
    ) -> shapes.ListShown:
        """Change what a list is called and how people join it.

        Needs the role `editor` and the purpose `audience.administer`."""
        answer: shapes.ListShown = self.call(
            "PATCH",
            f"/lists/{list_id}",
            body={"name": name, "description": description, "public": public, "opt_in": opt_in},
            idempotency_key=idempotency_key,
        )
        return answer

    def archive_list(self, list_id: int, *, idempotency_key: str | None = None) -> None:
        """Put a list away: nobody can join it, and no campaign can choose it. Its people stay as they are.

        Needs the role `editor` and the purpose `audience.administer`."""
        self.call("PUT", f"/lists/{list_id}/archive", idempotency_key=idempotency_key)

    def restore_list(self, list_id: int, *, idempotency_key: str | None = None) -> None:
        """Take a list into use again.

        Needs the role `editor` and the purpose `audience.administer`."""
        self.call("DELETE", f"/lists/{list_id}/archive", idempotency_key=idempotency_key)

    def set_subscription(
        self,
        list_id: int,
        person_id: str,
        *,
        state: Literal["subscribed", "unsubscribed"],
        source: int | None = UNSET,
        idempotency_key: str | None = None,
    ) -> shapes.Changed:
        """Put a person on a list, or take them off, on your part. Who unsubscribed cannot be put back by anybody else.

        Needs the role `editor` and the purpose `audience.administer`."""
        answer: shapes.Changed = self.call(
            "PUT",
            f"/lists/{list_id}/subscriptions/{person_id}",
            body={"state": state, "source": source},
            idempotency_key=idempotency_key,
        )
        return answer

    def unsubscribe_person(self, list_id: int, person_id: str, *, idempotency_key: str | None = None) -> shapes.Changed:
        """Take a person off a list because they asked for it. It holds from the next mail on.

        Needs the role `editor` and the purpose `preferences.manage`."""
        answer: shapes.Changed = self.call(
            "DELETE", f"/lists/{list_id}/subscriptions/{person_id}", idempotency_key=idempotency_key
        )
        return answer

    def sign_up_to_list(
        self, list_id: int, *, email: str, language: str = UNSET, idempotency_key: str | None = None
    ) -> shapes.Accepted:
        """Ask by mail whether the owner of an address wants to join: what a form on your own site sends.

        The person joins, and consents, when they press the button in that mail.

        Needs the role `editor` and the purpose `people.confirm`."""
        answer: shapes.Accepted = self.call(
            "POST",
            f"/lists/{list_id}/sign-ups",
            body={"email": email, "language": language},
            idempotency_key=idempotency_key,
        )
        return answer

    def list_choices(self, person_id: str) -> shapes.Choices:
        """What a person chose, and when each choice ends.

        Needs the role `viewer` and the purpose `preferences.manage`."""
        answer: shapes.Choices = self.call("GET", f"/persons/{person_id}/choices")
        return answer

    def record_choice(
        self,
        person_id: str,
        *,
        purpose: str,
        state: Literal["granted", "refused", "withdrawn", "objected"],
        source: int | None = UNSET,
        obtained: str = UNSET,
        idempotency_key: str | None = None,
    ) -> shapes.ChoiceMade:
        """Record what a person decided elsewhere. A yes needs a source and how it was obtained; a no needs nothing.

        Needs the role `editor` and the purpose `preferences.manage`."""
        answer: shapes.ChoiceMade = self.call(
            "POST",
            f"/persons/{person_id}/choices",
            body={"purpose": purpose, "state": state, "source": source, "obtained": obtained},
            idempotency_key=idempotency_key,
        )
        return answer

    def explain_person(self, person_id: str, *, of: str = UNSET, at: str = UNSET) -> shapes.ExplanationShown:
        """What was permitted for a person at a moment, by which rule, choice and version, and from when to when.

        Needs the role `viewer` and the purpose `rights.fulfil`."""
        answer: shapes.ExplanationShown = self.call(
            "GET", f"/persons/{person_id}/explanation", query={"of": of, "at": at}
        )
        return answer

    def list_segments(self, *, limit: int = UNSET, cursor: str = UNSET) -> shapes.SegmentPage:
        """The segments of the workspace.

        Needs the role `viewer`."""
        answer: shapes.SegmentPage = self.call("GET", "/segments", query={"limit": limit, "cursor": cursor})
        return answer

    def make_segment(
        self,
        *,
        name: str,
        description: str = UNSET,
        text: str | None = UNSET,
        tree: dict[str, Any] | None = UNSET,
        idempotency_key: str | None = None,
    ) -> shapes.SegmentShown:
        """Keep a segment.

        Needs the role `editor` and the purpose `audience.administer`."""
        answer: shapes.SegmentShown = self.call(
            "POST",
            "/segments",
            body={"name": name, "description": description, "text": text, "tree": tree},
            idempotency_key=idempotency_key,
        )
        return answer

    def get_segment(self, segment_id: int) -> shapes.SegmentShown:
        """One segment.

        Needs the role `viewer`."""
        answer: shapes.SegmentShown = self.call("GET", f"/segments/{segment_id}")
        return answer

    def change_segment(
        self,
        segment_id: int,
        *,
        name: str,
        description: str = UNSET,
        text: str | None = UNSET,
        tree: dict[str, Any] | None = UNSET,
        idempotency_key: str | None = None,
    ) -> shapes.SegmentShown:
        """Change a segment; what uses it follows.

        Needs the role `editor` and the purpose `audience.administer`."""
        answer: shapes.SegmentShown = self.call(
            "PUT",
            f"/segments/{segment_id}",
            body={"name": name, "description": description, "text": text, "tree": tree},
            idempotency_key=idempotency_key,
        )
        return answer

    def delete_segment(self, segment_id: int, *, idempotency_key: str | None = None) -> None:
        """Delete a segment that nothing uses.

        Needs the role `editor` and the purpose `audience.administer`."""
        self.call("DELETE", f"/segments/{segment_id}", idempotency_key=idempotency_key)

    def count_segment(self, segment_id: int, *, purpose: str = UNSET) -> shapes.SegmentCount:
        """How many people are in a segment now, of those whom the purpose permits.

        Needs the role `viewer` and the purpose that is asked for."""
        answer: shapes.SegmentCount = self.call("GET", f"/segments/{segment_id}/count", query={"purpose": purpose})
        return answer

    def list_imports(self, *, limit: int = UNSET, cursor: str = UNSET) -> shapes.ImportPage:
        """The imports of the workspace whose own purpose the key is for.

        Needs the role `viewer` and the purpose `audience.import`."""
        answer: shapes.ImportPage = self.call("GET", "/imports", query={"limit": limit, "cursor": cursor})
        return answer

    def import_file(
        self,
        content: Content,
        *,
        source: int,
        list: int | None = UNSET,
        file_name: str = UNSET,
        sheet: str = UNSET,
        purpose: str = UNSET,
        consent: str = UNSET,
        begin: bool = UNSET,
        idempotency_key: str | None = None,
    ) -> shapes.ImportShown:
        """Import the file that is the body of the request. Who unsubscribed, refused or was erased stays so.

        Needs the role `editor` and the purpose `audience.import`."""
        answer: shapes.ImportShown = self.call(
            "POST",
            "/imports",
            query={
                "source": source,
                "list": list,
                "file_name": file_name,
                "sheet": sheet,
                "purpose": purpose,
                "consent": consent,
                "begin": begin,
            },
            content=content,
            idempotency_key=idempotency_key,
        )
        return answer

    def get_import(self, import_id: int) -> shapes.ImportShown:
        """An import, to see how far it is.

        Needs the role `viewer` and the purpose `audience.import`."""
        answer: shapes.ImportShown = self.call("GET", f"/imports/{import_id}")
        return answer

    def discard_import(self, import_id: int, *, idempotency_key: str | None = None) -> None:
        """Remove a file that was sent and never imported.

        Needs the role `editor` and the purpose `audience.import`."""
        self.call("DELETE", f"/imports/{import_id}", idempotency_key=idempotency_key)

    def import_from_address(
        self,
        *,
        url: str,
        source: int,
        columns: dict[str, Any] = UNSET,
        modes: dict[str, Any] = UNSET,
        list: int | None = UNSET,
        sheet: str = UNSET,
        purpose: str = UNSET,
        consent: str | None = UNSET,
        begin: bool = UNSET,
        idempotency_key: str | None = None,
    ) -> shapes.ImportShown:
        """Fetch a file over https and import it. It has to arrive within a minute; send a larger one as the body.

        Needs the role `editor` and the purpose `audience.import`."""
        answer: shapes.ImportShown = self.call(
            "POST",
            "/imports/from-address",
            body={
                "columns": columns,
                "modes": modes,
                "url": url,
                "source": source,
                "list": list,
                "sheet": sheet,
                "purpose": purpose,
                "consent": consent,
                "begin": begin,
            },
            idempotency_key=idempotency_key,
        )
        return answer

    def start_import(
        self,
        import_id: int,
        *,
        columns: dict[str, Any] = UNSET,
        modes: dict[str, Any] = UNSET,
        idempotency_key: str | None = None,
    ) -> shapes.ImportShown:
        """Begin an import that was sent with `begin=false`, with other meanings of its columns if need be.

        Needs the role `editor` and the purpose `audience.import`."""
        answer: shapes.ImportShown = self.call(
            "POST",
            f"/imports/{import_id}/start",
            body={"columns": columns, "modes": modes},
            idempotency_key=idempotency_key,
        )
        return answer

    def stop_import(self, import_id: int, *, idempotency_key: str | None = None) -> shapes.Changed:
        """Stop an import after the people it is writing; what is written stays.

        Needs the role `editor` and the purpose `audience.import`."""
        answer: shapes.Changed = self.call("POST", f"/imports/{import_id}/stop", idempotency_key=idempotency_key)
        return answer

    def resume_import(self, import_id: int, *, idempotency_key: str | None = None) -> shapes.Changed:
        """Go on with an import that was stopped or failed, after the last that was written.

        Needs the role `editor` and the purpose `audience.import`."""
        answer: shapes.Changed = self.call("POST", f"/imports/{import_id}/resume", idempotency_key=idempotency_key)
        return answer

    def undo_import(self, import_id: int, *, idempotency_key: str | None = None) -> shapes.ImportShown:
        """Undo an import within 30 days: what was done since stays. Its state is `undoing`, then `undone`.

        Needs the role `editor` and the purpose `rights.fulfil`."""
        answer: shapes.ImportShown = self.call("POST", f"/imports/{import_id}/undo", idempotency_key=idempotency_key)
        return answer

    def list_refused_rows(self, import_id: int, *, limit: int = UNSET, cursor: str = UNSET) -> shapes.RefusedPage:
        """The rows that were refused, each with the reason; they are kept for 30 days.

        Needs the role `editor` and the purpose `audience.import`."""
        answer: shapes.RefusedPage = self.call(
            "GET", f"/imports/{import_id}/refused-rows", query={"limit": limit, "cursor": cursor}
        )
        return answer

    def download_refused_rows(self, import_id: int) -> bytes:
        """The same as a CSV, to be mended and imported again; what looks like a formula has an apostrophe before it.

        Needs the role `editor` and the purpose `audience.import`."""
        answer: bytes = self.call("GET", f"/imports/{import_id}/refused-rows.csv")
        return answer

    def list_exports(self, *, purpose: str = UNSET, limit: int = UNSET, cursor: str = UNSET) -> shapes.ExportPage:
        """What was taken out of the workspace under a purpose.

        Needs the role `viewer` and the purpose that is asked for."""
        answer: shapes.ExportPage = self.call(
            "GET", "/exports", query={"purpose": purpose, "limit": limit, "cursor": cursor}
        )
        return answer

    def make_export(
        self,
        *,
        purpose: str = UNSET,
        q: str = UNSET,
        list: int | None = UNSET,
        state: str = UNSET,
        segment: int | None = UNSET,
        region: Literal["UNKNOWN", "EEA", "UK", "CH", "US-CA", "US", "CA", "AU", "NZ", "JP", "KR", "BR", "SG", "OTHER"]
        | None = UNSET,
        persons: list[str] = UNSET,
        format: Any = UNSET,
        columns: list[str] | None = UNSET,
        recipient: str = UNSET,
        idempotency_key: str | None = None,
    ) -> shapes.ExportShown:
        """Take out people whom a purpose permits, with what it uses and the recipient may have; a job writes the file.

        Needs the role `editor` and the purpose that is asked for."""
        answer: shapes.ExportShown = self.call(
            "POST",
            "/exports",
            query={"purpose": purpose},
            body={
                "q": q,
                "list": list,
                "state": state,
                "segment": segment,
                "region": region,
                "persons": persons,
                "format": format,
                "columns": columns,
                "recipient": recipient,
            },
            idempotency_key=idempotency_key,
        )
        return answer

    def get_export(self, export_id: int, *, purpose: str = UNSET) -> shapes.OneExport:
        """An export, to see how far it is, and a new address of its file once it is done.

        Needs the role `editor` and the purpose that is asked for."""
        answer: shapes.OneExport = self.call("GET", f"/exports/{export_id}", query={"purpose": purpose})
        return answer

    def delete_export(self, export_id: int, *, purpose: str = UNSET, idempotency_key: str | None = None) -> None:
        """Stop an export, and delete its file before its time is over; that it was made stays known.

        Needs the role `editor` and the purpose that is asked for."""
        self.call("DELETE", f"/exports/{export_id}", query={"purpose": purpose}, idempotency_key=idempotency_key)

    def list_suppressions(self, *, limit: int = UNSET, cursor: str = UNSET) -> shapes.SuppressionPage:
        """What the workspace suppresses.

        Needs the role `viewer`."""
        answer: shapes.SuppressionPage = self.call("GET", "/suppressions", query={"limit": limit, "cursor": cursor})
        return answer

    def add_suppressions(
        self,
        *,
        entries: list[str],
        reason: Literal["asked", "complaint", "bounced", "trap", "excluded", "moved", "other"] = UNSET,
        note: str = UNSET,
        idempotency_key: str | None = None,
    ) -> shapes.Suppressed:
        """Suppress addresses and domains: from the next mail on nobody who has one is written to. It survives erasure.

        Needs the role `editor` and the purpose `audience.administer`."""
        answer: shapes.Suppressed = self.call(
            "POST",
            "/suppressions",
            body={"entries": entries, "reason": reason, "note": note},
            idempotency_key=idempotency_key,
        )
        return answer

    def lift_suppression(
        self, suppression_id: int, *, because: str = UNSET, idempotency_key: str | None = None
    ) -> shapes.Lifted:
        """Lift a suppression of the workspace.

        Needs the role `editor` and the purpose `audience.administer`."""
        answer: shapes.Lifted = self.call(
            "POST", f"/suppressions/{suppression_id}/lift", body={"because": because}, idempotency_key=idempotency_key
        )
        return answer

    def list_fields(self) -> shapes.Fields:
        """The fields that persons can have.

        Needs the role `viewer`."""
        answer: shapes.Fields = self.call("GET", "/fields")
        return answer

    def list_sources(self, *, limit: int = UNSET, cursor: str = UNSET) -> shapes.SourcePage:
        """Where the workspace's information comes from.

        Needs the role `viewer`."""
        answer: shapes.SourcePage = self.call("GET", "/sources", query={"limit": limit, "cursor": cursor})
        return answer

    def make_source(
        self,
        *,
        name: str,
        warranty: str,
        collected_by: str = UNSET,
        basis: Literal["", "consent", "customer", "interest", "public", "other"] = UNSET,
        country: str = UNSET,
        valid_until: str | None = UNSET,
        idempotency_key: str | None = None,
    ) -> shapes.SourceShown:
        """Write down a source, which an import or a consent from elsewhere needs.

        Needs the role `editor` and the purpose `audience.administer`."""
        answer: shapes.SourceShown = self.call(
            "POST",
            "/sources",
            body={
                "collected_by": collected_by,
                "basis": basis,
                "country": country,
                "valid_until": valid_until,
                "name": name,
                "warranty": warranty,
            },
            idempotency_key=idempotency_key,
        )
        return answer

    def get_source(self, source_id: int) -> shapes.SourceShown:
        """One source.

        Needs the role `viewer`."""
        answer: shapes.SourceShown = self.call("GET", f"/sources/{source_id}")
        return answer

    def change_source(
        self,
        source_id: int,
        *,
        name: str | None = UNSET,
        warranty: str | None = UNSET,
        collected_by: str | None = UNSET,
        basis: Literal["", "consent", "customer", "interest", "public", "other"] | None = UNSET,
        country: str | None = UNSET,
        valid_until: str | None = UNSET,
        idempotency_key: str | None = None,
    ) -> shapes.SourceShown:
        """Change a source, or renew its warranty.

        Needs the role `editor` and the purpose `audience.administer`."""
        answer: shapes.SourceShown = self.call(
            "PATCH",
            f"/sources/{source_id}",
            body={
                "name": name,
                "warranty": warranty,
                "collected_by": collected_by,
                "basis": basis,
                "country": country,
                "valid_until": valid_until,
            },
            idempotency_key=idempotency_key,
        )
        return answer

    def put_evidence(
        self, source_id: int, content: Content, *, file_name: str = UNSET, idempotency_key: str | None = None
    ) -> shapes.SourceShown:
        """Keep a file that proves the warranty, in the place of the one before.

        Needs the role `editor` and the purpose `audience.administer`."""
        answer: shapes.SourceShown = self.call(
            "PUT",
            f"/sources/{source_id}/evidence",
            query={"file_name": file_name},
            content=content,
            idempotency_key=idempotency_key,
        )
        return answer

    def get_evidence(self, source_id: int) -> bytes:
        """The file that proves the warranty; for keys without a recipient.

        Needs the role `viewer`."""
        answer: bytes = self.call("GET", f"/sources/{source_id}/evidence")
        return answer
