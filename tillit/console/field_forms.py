"""The form of a field: what it is called, of which kind and category it is, and what its values may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tillit.console.offering import offer
from tillit.console.people_forms import countries
from tillit.ledger.versions import in_force
from tillit.people.fields import ADMINISTER, NAME, name_from
from tillit.people.importing.purposes import importable
from tillit.people.models import Field
from tillit.people.values import fold, read

MAX_CHOICES = 200
#: Which types each check narrows.
CHECKS = {
    "max_chars": ("text",),
    "mask": ("text",),
    "min": ("number", "date"),
    "max": ("number", "date"),
    "country": ("phone",),
}
Type = Field.Type


@dataclass(frozen=True, slots=True)
class Kept:
    """A category that staff may keep, what may be done with it, and whether a file may bring it."""

    id: str
    title: str
    description: str
    purposes: list[str]
    importable: bool


def categories(workspace_id: int) -> list[Kept]:
    """The categories of the policy in force that a field may be of, with the purposes that use them."""
    version, language = in_force(workspace_id), get_language() or "en"
    document, rules = version.document, version.rules
    brought = importable(workspace_id)
    return [
        Kept(
            name,
            each.title.said(language),
            each.description.said(language),
            [
                document.purposes[purpose].title.said(language)
                for purpose, rule in rules.items()
                if name in rule.categories
            ],
            name in brought,
        )
        for name, each in document.categories.items()
        if name in rules[ADMINISTER].categories or name in brought
    ]


class FieldForm(forms.Form):
    """A new field, or (with one given) what can be changed of it: its labels, choices and checks."""

    name = forms.CharField(
        label=gettext_lazy("Name in merge tags and files"),
        required=False,
        max_length=63,
        help_text=gettext_lazy("Small letters, digits and underscores. Left empty, it is made of the label."),
    )
    type = forms.ChoiceField(label=gettext_lazy("Type"), choices=Type.choices)
    category = forms.ChoiceField(
        label=gettext_lazy("Privacy category"),
        help_text=gettext_lazy("It decides what the value may be used for: a purpose sees only its own categories."),
    )
    choices = forms.CharField(
        label=gettext_lazy("Choices"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("One a line, in the order in which they are offered."),
    )
    max_chars = forms.IntegerField(label=gettext_lazy("Longest text"), required=False, min_value=1, max_value=2000)
    mask = forms.CharField(
        label=gettext_lazy("Form of the text"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("9 is a digit, A a letter, * either; anything else stands for itself, as in AA-9999."),
    )
    min = forms.CharField(label=gettext_lazy("At least"), required=False, max_length=30)
    max = forms.CharField(label=gettext_lazy("At most"), required=False, max_length=30)
    country = forms.ChoiceField(
        label=gettext_lazy("Country of numbers without a country code"),
        required=False,
        help_text=gettext_lazy("Chosen, 070-123 45 67 is read as a number of that country; else it cannot be read."),
    )

    def __init__(self, workspace_id: int, data: Any = None, *, field: Field | None = None) -> None:
        super().__init__(data, initial=_shown(field) if field else {"type": Type.TEXT})
        self._field = field
        for code, language in reversed(settings.LANGUAGES):
            made = forms.CharField(
                label=_("Label in %(language)s") % {"language": str(language)}, required=False, max_length=120
            )
            self.fields = {f"label_{code}": made, **self.fields}
        offer(self, "country", [("", _("None")), *countries()])
        if field:
            self.told_type = field.type
            for name in ("name", "type", "category"):
                del self.fields[name]
        else:
            self.told_type = self.data.get("type", Type.TEXT)
            kept = [(each.id, each.title) for each in categories(workspace_id)]
            offer(self, "category", [("", _("Choose …")), *kept])

    def labels(self) -> Iterator[forms.BoundField]:
        """The inputs of the labels, for the template."""
        return (self[f"label_{code}"] for code, _language in settings.LANGUAGES)

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        labels = {code: text for code, _language in settings.LANGUAGES if (text := told.get(f"label_{code}"))}
        if not labels:
            self.add_error(f"label_{settings.LANGUAGES[0][0]}", _("Say in one language at least what it is called."))
        told["labels"] = labels
        told["kind"] = self._field.type if self._field else told.get("type", "")
        told["wanted"] = self._choices(told.get("choices", "")) if told["kind"] == Type.CHOICE else []
        told["checks"] = self._checks(told)
        if not self._field and labels:
            self._name(told, next(iter(labels.values())))
        return told

    def _name(self, told: dict[str, Any], label: str) -> None:
        given = str(told.get("name") or "").strip().lower()
        told["name"] = given or name_from(label)
        if not NAME.fullmatch(told["name"]):
            self.add_error("name", _("Begin with a letter, and use small letters, digits and underscores only."))

    def _choices(self, text: str) -> list[str]:
        found: dict[str, str] = {}
        for line in text.splitlines():
            if choice := " ".join(line.split()):
                found.setdefault(fold(choice), choice)
        if not found:
            self.add_error("choices", _("Say what can be chosen, one a line."))
        elif len(found) > MAX_CHOICES or max(map(len, found)) > 200 or "\\" in text:
            words = _("%(number)s choices at most, each of 200 characters at most, without backslashes.")
            self.add_error("choices", words % {"number": MAX_CHOICES})
        return list(found.values())

    def _checks(self, told: dict[str, Any]) -> dict[str, Any]:
        """The checks that fit the type, as they are kept: limits as values of the type."""
        kind = told["kind"]
        checks: dict[str, Any] = {}
        for name, types in CHECKS.items():
            given = told.get(name)
            if kind not in types or given in (None, ""):
                continue
            if name in {"min", "max"}:
                given = read(Field(type=kind), str(given).strip())
                if given is None:
                    self.add_error(name, _("This is not a date.") if kind == Type.DATE else _("This is not a number."))
                    continue
            checks[name] = given
        if "min" in checks and "max" in checks and checks["min"] > checks["max"]:
            self.add_error("max", _("The most is less than the least."))
        return checks


def _shown(field: Field) -> dict[str, Any]:
    labels = {f"label_{code}": text for code, text in field.labels.items()}
    if not labels:
        labels = {f"label_{code}": field.said(code) for code, _language in settings.LANGUAGES}
    return {**labels, **field.checks, "choices": "\n".join(field.choices)}
