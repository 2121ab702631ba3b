"""Forms about people: adding one, and correcting what is known. Their fields come from the workspace's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from babel import Locale
from django import forms
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tillit.console.offering import offer, offer_rows
from tillit.console.people_listing import REGIONS
from tillit.people import queries
from tillit.people.importing.cells import region_code
from tillit.people.importing.start import known_fields
from tillit.people.models import Edit, Field, MailingList, Source
from tillit.people.queries import Record
from tillit.people.records import Origin, UnreadableValue
from tillit.people.values import wanted
from tillit.policy.regions import COUNTRIES

FIELD = "field_"


def _language_choices() -> list[tuple[str, str]]:
    names = Locale.parse(get_language() or "en").languages
    common = ("sv", "en", "da", "nb", "fi", "de", "fr", "es", "it", "nl", "pl")
    return [("", _("Not known")), *((code, str(names[code]).capitalize()) for code in common)]


def countries() -> list[tuple[str, str]]:
    """The countries by code and name in the reader's language, by name."""
    names = Locale.parse(get_language() or "en").territories
    return sorted(((code, str(names[code])) for code in COUNTRIES if code in names), key=lambda pair: pair[1])


def _country_choices() -> list[tuple[str, str]]:
    return [("", _("Not known: the strictest law applies")), *countries()]


class FieldsForm(forms.Form):
    """A form with one input for each of some workspace fields."""

    def add_fields(self, fields: Iterable[Field], values: dict[str, object]) -> None:
        for each in fields:
            shown = _shown(values.get(each.name))
            made = self._input(each, shown)
            made.initial = shown
            self.fields[FIELD + each.name] = made

    def _input(self, field: Field, shown: str) -> forms.Field:
        if field.type == Field.Type.BOOLEAN:
            choices = [("", _("Not known")), ("yes", _("Yes")), ("no", _("No"))]
            return forms.ChoiceField(label=field.said(), choices=choices, required=False)
        if field.type in {Field.Type.CHOICE, Field.Type.COUNTRY}:
            known = countries() if field.type == Field.Type.COUNTRY else [(each, each) for each in field.choices]
            choices = [("", _("Not known")), *known]
            if shown not in dict(choices):
                choices.append((shown, shown))  # from before the field was changed
            return forms.ChoiceField(label=field.said(), choices=choices, required=False)
        widget: forms.Widget = forms.TextInput(attrs={"autocomplete": "off"})
        if field.type == Field.Type.DATE:
            widget = forms.TextInput(attrs={"type": "date"})
        if field.type == Field.Type.NUMBER:
            widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        if field.type == Field.Type.PHONE:
            widget = forms.TextInput(attrs={"type": "tel", "autocomplete": "off"})
        return forms.CharField(label=field.said(), max_length=2000, required=False, widget=widget)

    def values(self) -> dict[str, str]:
        """Field name → text."""
        return {
            name.removeprefix(FIELD): str(value) for name, value in self.cleaned_data.items() if name.startswith(FIELD)
        }

    def refuse(self, unreadable: UnreadableValue) -> None:
        """Say at its input which value cannot be read."""
        field = unreadable.field
        words = {
            Field.Type.NUMBER: _("This is not a number."),
            Field.Type.DATE: _("This is not a date."),
            Field.Type.BOOLEAN: _("Say yes or no."),
            Field.Type.COUNTRY: _("This is no country."),
            Field.Type.PHONE: _("This is not a telephone number. Begin with the country code, as in +46 8 123 456."),
        }
        said = words.get(Field.Type(field.type), "")
        if what := wanted(field):
            said = f"{said} {_('It must be: %(what)s.') % {'what': what}}".strip()
        self.add_error(FIELD + field.name, said)


class PersonForm(FieldsForm):
    """A new person."""

    email = forms.CharField(
        label=gettext_lazy("Email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    source: forms.ModelChoiceField[Source] = forms.ModelChoiceField(
        None,
        label=gettext_lazy("Where the information comes from"),
        help_text=gettext_lazy("Nothing is stored without a source that may lawfully pass it on."),
        empty_label=gettext_lazy("Choose …"),
    )
    lists: forms.ModelMultipleChoiceField[MailingList] = forms.ModelMultipleChoiceField(
        None, label=gettext_lazy("Lists"), required=False, widget=forms.CheckboxSelectMultiple
    )
    country = forms.ChoiceField(
        label=gettext_lazy("Country"),
        required=False,
        help_text=gettext_lazy("It says whose law protects the person."),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)

    def __init__(self, workspace_id: int, *args: Any) -> None:
        super().__init__(*args)
        offer_rows(self, "source", queries.valid_sources(workspace_id, today=timezone.localdate()))
        offer_rows(self, "lists", queries.lists(workspace_id))
        offer(self, "country", _country_choices())
        offer(self, "language", _language_choices())
        allowed = {known.name for known in known_fields(workspace_id) if known.allowed} - {"country"}
        self.add_fields(queries.fields(workspace_id).filter(name__in=allowed), {})
        self._keeps_country = queries.fields(workspace_id).filter(name="country").exists()

    def cleaned(self) -> dict[str, Any]:
        """What `records.add` takes."""
        told = self.cleaned_data
        values = self.values()
        if told["country"] and self._keeps_country:
            values["country"] = told["country"]
        return {
            "email": told["email"],
            "source": told["source"],
            "lists": tuple(told["lists"]),
            "region": region_code(told["country"]),
            "language": told["language"],
            "values": values,
        }


class ValuesForm(FieldsForm):
    """What is known of a person, to be corrected."""

    region = forms.TypedChoiceField(
        label=gettext_lazy("Region"),
        coerce=int,
        choices=[(int(region), label) for region, label in REGIONS.items()],
        help_text=gettext_lazy("It says whose law protects the person. Not known is decided as the strictest."),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    word = forms.ChoiceField(
        label=gettext_lazy("How do you know?"),
        required=False,
        help_text=gettext_lazy("It is kept with what you change."),
    )

    def __init__(self, record: Record, data: Mapping[str, Any] | None = None) -> None:
        place = {"region": record.person.region, "language": record.person.language}
        super().__init__(data, initial=place)
        choices = _language_choices()
        if record.person.language not in dict(choices):
            choices.append((record.person.language, record.person.language))
        offer(self, "language", choices)
        self.add_fields(record.fields, record.values)
        sources = queries.valid_sources(record.person.workspace_id, today=timezone.localdate())
        self._sources = {str(source.pk): source for source in sources}
        named = [(number, _("Source: %(name)s") % {"name": source}) for number, source in self._sources.items()]
        offer(self, "word", [*Edit.Word.choices[:2], *named])
        self.order_fields([*(FIELD + field.name for field in record.fields), "region", "language", "word"])

    def origin(self) -> Origin:
        """On whose word the values are changed."""
        word = self.cleaned_data["word"]
        source = self._sources.get(word)
        return Origin(Edit.Word.SOURCE, source) if source else Origin(word)

    def changed_values(self) -> dict[str, str]:
        """The texts that differ from what was shown."""
        return {name: text for name, text in self.values().items() if FIELD + name in self.changed_data}

    @property
    def place_changed(self) -> bool:
        return bool({"region", "language"} & set(self.changed_data))

    def place(self) -> dict[str, Any]:
        return {"region": self.cleaned_data["region"], "language": self.cleaned_data["language"]}


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
