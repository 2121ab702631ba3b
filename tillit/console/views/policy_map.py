"""The data map: where each category comes from, which tables hold it, who uses it for what, and who may receive it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.console.export import csv_file
from tillit.console.figures import Flows, Node
from tillit.console.pages import PageRequest, page
from tillit.governance.datamap import ADMINISTER, MANY, Chosen, Held, Line, counted, lines, narrowed
from tillit.ledger import versions
from tillit.ledger.processing import user_actor
from tillit.ledger.versions import Version
from tillit.policy.register_words import RegisterWords
from tillit.rights.words import PLAIN

USERS = {
    "accounts.user": gettext_lazy("User"),
    "accounts.membership": gettext_lazy("Role"),
    "accounts.cacheentry": gettext_lazy("Attempts to sign in"),
    "sessions.session": gettext_lazy("Who is signed in"),
    "mfa.authenticator": gettext_lazy("Second factors"),
}
COLUMNS = ("source", "category", "purpose", "recipient")
HEADER = (
    *("category", "title", "table", "of", "fields", "rows", "erasure", "sources", "purposes", "recipients"),
    *("keep", "after", "then", "law"),
)


@page(role=Role.VIEWER)
def data_map(request: PageRequest) -> HttpResponse:
    """Show the map of the policy in force as a picture and a table, whole or through what was chosen; or as a file."""
    try:
        version = versions.in_force(request.workspace.id)
    except versions.NoPolicy:
        return render(request, "console/policy/map_none.html")
    chosen = Chosen(**{name: request.GET.get(name, "")[:80] for name in COLUMNS})
    whole = lines(version, language=get_language() or "en", day=timezone.localdate())
    found = narrowed(whole, chosen)
    wanted = request.GET.get("format", "")
    if wanted in ("csv", "json"):
        told = counted(found, version, by=user_actor(request.user.pk))
        return _as_csv(told) if wanted == "csv" else _as_json(told, request, version)
    if request.GET.get("count"):
        return _counts(request, counted(found, version, by=user_actor(request.user.pk)))
    left_out = {} if chosen else _everywhere(version)
    return render(
        request,
        "console/policy/map.html",
        {
            "version": version,
            "lines": [(line, _kept(line), [_shown(line, each) for each in line.held]) for line in found],
            "chosen": asdict(chosen),
            "narrowed": bool(chosen),
            "choices": _choices(whole),
            "picture": _picture(found, left_out=left_out),
            "left_out": list(left_out.values()),
            "query": request.GET.urlencode(),
        },
    )


def _counts(request: PageRequest, found: Iterable[Line]) -> HttpResponse:
    """The numbers alone, which the page puts in their places: counting may take seconds, and the map need not wait."""
    cells = [(_cell(line, each.table), each) for line in found for each in line.held]
    return render(request, "console/policy/_map_counts.html", {"cells": cells, "many": MANY, "purpose": ADMINISTER})


def _cell(line: Line, table: str) -> str:
    return f"rows-{line.category.id}-{table}".replace(".", "-")


def _shown(line: Line, held: Held) -> tuple[str, Held, str]:
    """A table with the id of the place for its number and the title that people know it by."""
    title = PLAIN.get(held.label) or USERS.get(held.label) or held.title
    return _cell(line, held.table), held, str(title)


def _kept(line: Line) -> str:
    """How long a category is kept, in words."""
    if line.kept is None:
        return ""
    words = RegisterWords(get_language() or "en")
    kept = line.kept
    return f"{words.period(kept.keep)} {words.trigger(kept.after)}, {words.phrase(kept.then)}"


def _choices(whole: Iterable[Line]) -> dict[str, list[tuple[str, str]]]:
    """What can be chosen in each column, by title; categories in the order of the document."""
    found: dict[str, dict[str, str]] = {name: {} for name in COLUMNS}
    for line in whole:
        found["category"][line.category.id] = line.category.title
        found["source"].update((each.id, each.title) for each in line.sources)
        for use in line.uses:
            found["purpose"][use.purpose.id] = use.purpose.title
            found["recipient"].update((each.id, each.title) for each in use.recipients)
    return {name: list(titles.items()) for name, titles in found.items()}


def _everywhere(version: Version) -> dict[str, str]:
    """The purposes that use every category, with their titles: in the whole picture they would hide all the others."""
    language = get_language() or "en"
    purposes = version.document.purposes.items()
    return {name: purpose.title.said(language) for name, purpose in purposes if purpose.uses_every_category}


def _picture(found: Iterable[Line], *, left_out: Collection[str]) -> Flows:
    """The flows of the map, from sources by categories and purposes to recipients."""
    nodes: dict[str, Node] = {}
    links: dict[tuple[str, str], None] = {}

    def node(column: int, name: str, title: str) -> str:
        key = f"{COLUMNS[column]}:{name}"
        nodes.setdefault(key, Node(key, title, column))
        return key

    for line in found:
        category = node(1, line.category.id, line.category.title)
        for source in line.sources:
            links[node(0, source.id, source.title), category] = None
        for use in line.uses:
            if use.purpose.id in left_out:
                continue
            purpose = node(2, use.purpose.id, use.purpose.title)
            links[category, purpose] = None
            for recipient in use.recipients:
                links[purpose, node(3, recipient.id, recipient.title)] = None
    ordered = sorted(nodes.values(), key=lambda each: each.column)
    return Flows(id="map-picture", title=_("Data map"), nodes=ordered, links=list(links))


def _as_csv(found: Iterable[Line]) -> HttpResponse:
    return csv_file("data-map.csv", HEADER, _rows(found))


def _rows(found: Iterable[Line]) -> Iterator[tuple[Any, ...]]:
    for line in found:
        kept = line.kept
        told = (
            "; ".join(each.id for each in line.sources),
            "; ".join(use.purpose.id for use in line.uses),
            "; ".join(each.id for each in line.recipients),
            *((str(kept.keep), str(kept.after), kept.then, kept.law) if kept else ("", "", "", "")),
        )
        for each in line.held or (None,):
            where = (
                (each.table, each.subject, "; ".join((*each.fields, *each.own)), _number(each.rows), each.erase)
                if each
                else ("", "", "", "", "")
            )
            yield (line.category.id, line.category.title, *where, *told)


def _number(rows: int | None) -> str:
    if rows is None:
        return ""
    return f"more than {MANY}" if rows > MANY else str(rows)


def _as_json(found: Iterable[Line], request: PageRequest, version: Version) -> HttpResponse:
    values = {
        "format": "tillit-data-map/1",
        "workspace": request.workspace.name,
        "version": version.number,
        "digest": version.digest,
        "categories": [_values(line) for line in found],
    }
    content = json.dumps(values, ensure_ascii=False, indent=2)
    response = HttpResponse(content, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="data-map.json"'
    return response


def _values(line: Line) -> dict[str, Any]:
    kept = line.kept
    return {
        "id": line.category.id,
        "title": line.category.title,
        "special": line.special,
        "held": [
            {
                "table": each.table,
                "of": each.subject,
                "fields": list(each.fields),
                "own_fields": list(each.own),
                "rows": None if each.many else each.rows,
                "more_than": MANY if each.many else None,
                "erasure": each.erase,
                "kept_because": each.kept or None,
            }
            for each in line.held
        ],
        "sources": [each.id for each in line.sources],
        "purposes": [{"id": use.purpose.id, "recipients": [each.id for each in use.recipients]} for use in line.uses],
        "retention": {"keep": str(kept.keep), "after": str(kept.after), "then": kept.then, "law": kept.law or None}
        if kept
        else None,
    }


urlpatterns = [path("policy/map", data_map, name="data_map")]
