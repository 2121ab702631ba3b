"""System checks: every table and field is declared, or nothing starts."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, register

from tillit.ledger.third_party import TABLES
from tillit.policy.declarations import Declares


@register(Tags.models)
def declarations(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Report models and fields that no privacy declaration covers."""
    problems: list[CheckMessage] = []
    for model in apps.get_models():
        declares = getattr(model, "privacy", None)
        if isinstance(declares, Declares):
            fields = {f.name for f in model._meta.get_fields() if f.concrete and not f.many_to_many}
            for name in sorted(declares.undeclared(fields)):
                problems.append(
                    _error(model, f"the field {name} is in no declaration", "Name it in privacy.personal or .plain.")
                )
            for name in sorted(declares.vanished(fields)):
                problems.append(
                    _error(model, f"the declared field {name} does not exist", "Remove it from the declaration.")
                )
        elif model._meta.db_table not in TABLES:
            problems.append(_error(model, "the model declares nothing", "Give it `privacy = Declares(…)`."))
    return problems


def _error(model: Any, what: str, hint: str) -> CheckMessage:
    return Error(f"{model._meta.label}: {what}.", hint=hint, obj=model, id="tillit.E001")
