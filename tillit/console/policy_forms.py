"""The forms around a draft of the policy: from what it is begun, and when it takes effect."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tillit.governance import draft_queries, drafts
from tillit.ledger.versions import Version
from tillit.policy import templates
from tillit.policy.problems import PolicyErrors
from tillit.policy.reading import MAX_SIZE_BYTES
from tillit.policy.regions import COUNTRIES

#: How long before it binds a version is best announced. Source: docs/clauses.md, J1.
NOTICE = timedelta(days=30)


class NewDraft(forms.Form):
    """From what a draft is begun, and what it is called."""

    name = forms.CharField(
        label=gettext_lazy("What is to change"),
        max_length=120,
        help_text=gettext_lazy("A few words by which you and the reviewer know it, such as “Shorter retention”."),
    )
    origin = forms.ChoiceField(label=gettext_lazy("Begin from"), widget=forms.RadioSelect)
    file = forms.FileField(
        label=gettext_lazy("Policy file"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".yaml,.yml"}),
        help_text=gettext_lazy("A YAML file in UTF-8, at most 1 MB."),
    )

    company = forms.CharField(label=gettext_lazy("Name of the company"), max_length=120, required=False)
    address = forms.CharField(label=gettext_lazy("Its postal address"), max_length=200, required=False)
    country = forms.CharField(
        label=gettext_lazy("Country"),
        max_length=2,
        required=False,
        help_text=gettext_lazy("Two capital letters, such as SE."),
        widget=forms.TextInput(attrs={"autocapitalize": "characters"}),
    )
    email = forms.EmailField(label=gettext_lazy("Address for questions about privacy"), required=False)
    business = forms.CharField(label=gettext_lazy("What it does, in English"), max_length=400, required=False)
    business_sv = forms.CharField(label=gettext_lazy("What it does, in Swedish"), max_length=400, required=False)

    def __init__(self, *args: Any, current: Version | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        said = _("The version in force (%(number)d)")
        in_force_now = [("current", said % {"number": current.number})] if current else []
        shipped = [(f"template:{each.name}", f"{each.title}: {each.about}") for each in draft_queries.templates()]
        choices = [*in_force_now, *shipped, ("file", _("A file of your own"))]
        field = self.fields["origin"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        field.initial = choices[0][0]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("origin") == "file":
            self._read_file(cleaned)
        if self.template in templates.TEMPLATES:
            self._require_facts(cleaned)
        return cleaned

    @property
    def template(self) -> str:
        """The template that was chosen, or nothing."""
        origin = str(self.cleaned_data.get("origin", ""))
        return origin.removeprefix("template:") if origin.startswith("template:") else ""

    @property
    def facts(self) -> templates.Facts:
        """What a template asks for."""
        given = self.cleaned_data
        return templates.Facts(
            name=given["company"],
            address=given["address"],
            country=given["country"],
            email=given["email"],
            seat=templates.seat_of(given["address"]),
            business=given["business"],
            business_sv=given["business_sv"],
        )

    def _require_facts(self, cleaned: dict[str, Any]) -> None:
        """A template is written for a company: its facts go into the text."""
        cleaned["country"] = str(cleaned.get("country", "")).upper()
        known = templates.BUSINESS.get(self.template, ("", ""))
        for field, default in zip(("business", "business_sv"), known, strict=True):
            cleaned[field] = cleaned.get(field) or default
        for field in ("company", "address", "country", "email", "business", "business_sv"):
            if not cleaned.get(field) and field not in self.errors:
                self.add_error(field, _("The template needs this."))
        if cleaned["country"] and cleaned["country"] not in COUNTRIES:
            self.add_error("country", _("Write two letters as in ISO 3166-1, such as SE."))

    def _read_file(self, cleaned: dict[str, Any]) -> None:
        """Keep the text of the file, or say why it cannot be read."""
        file = cleaned.get("file")
        if file is None:
            self.add_error("file", _("Choose the file."))
        elif file.size > MAX_SIZE_BYTES:
            self.add_error("file", _("The file is larger than 1 MB. A policy describes uses of data and holds none."))
        else:
            try:
                cleaned["text"] = drafts.acceptable(file.read().decode("utf-8-sig"))
            except UnicodeDecodeError:
                self.add_error("file", _("The file is not UTF-8 text. Save it with the encoding UTF-8."))
            except PolicyErrors as errors:
                self.add_error("file", str(errors.problems[0]))


class Publication(forms.Form):
    """When a draft takes effect, and what is said of it."""

    when = forms.ChoiceField(
        label=gettext_lazy("When"),
        choices=[("now", gettext_lazy("At once")), ("later", gettext_lazy("On a day and at a time"))],
        widget=forms.RadioSelect,
        initial="now",
    )
    at = forms.DateTimeField(
        label=gettext_lazy("Takes effect"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    reason = forms.CharField(
        label=gettext_lazy("Without notice, because …"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Why people are not told before. It stays with the version, and everybody can read it."),
    )
    note = forms.CharField(
        label=gettext_lazy("What changes, in your words"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Kept with the version for ever, and shown where people read about the change."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = timezone.get_current_timezone_name()
        self.fields["at"].help_text = _("Your time zone: %(zone)s. People should know 30 days before.") % {"zone": zone}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("when") == "later" and "at" not in self.errors:
            if not cleaned.get("at"):
                self.add_error("at", _("Choose the day and the time."))
            elif cleaned["at"] <= timezone.now():
                self.add_error("at", _("That moment has passed. Choose a later one."))
        return cleaned

    @property
    def moment(self) -> datetime | None:
        """The moment that was chosen; None for at once."""
        return self.cleaned_data["at"] if self.cleaned_data["when"] == "later" else None
