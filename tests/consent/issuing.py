"""Receipts as the program issues them: of every state and method, sealed, and one of the form before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.utils import timezone

from tests import make
from tillit.consent import notices
from tillit.consent.actions import choose
from tillit.consent.models import Choice
from tillit.consent.receipts import receipt
from tillit.env import env
from tillit.ledger import seal
from tillit.ledger.versions import in_force
from tillit.policy.regions import Region

STORED = Path(__file__).parent / "stored" / "receipt-1.json"


def first_form() -> dict[str, Any]:
    """A receipt that the first version issued."""
    return json.loads(STORED.read_text())


def issued(
    *,
    state: str = "granted",
    method: str = "confirmed",
    purpose: str = "marketing.email",
    region: Region = Region.EEA,
    language: str = "sv",
    shown: bool = True,
    sealed: bool = True,
) -> dict[str, Any]:
    workspace = make.workspace()
    person = make.person(workspace, region=region)
    make.choice(workspace, person, "analytics.predict", "refused")
    document = in_force(workspace.pk).document
    text = notices.purpose_notice(document, document.purposes[purpose], language)
    digest = notices.keep(text, language=language, now=timezone.now())
    choice = choose(
        workspace.pk,
        person,
        {purpose: state},
        method=method,
        now=timezone.now(),
        notices={purpose: digest} if shown else None,
    )[purpose]
    if sealed:
        seal.seal(env().keys, now=timezone.now())
    made = receipt(workspace.pk, person, choice, keys=env().keys, by="test", language=language)
    assert made is not None
    return made


def every_kind() -> list[tuple[str, str]]:
    """Every state with every method."""
    return [(state, method) for state in Choice.State.values for method in Choice.Method.values]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a receipt that holds a single value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield path
    else:
        for key, each in items:
            yield from places(each, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value
