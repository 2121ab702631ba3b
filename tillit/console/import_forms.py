"""Forms of imports and sources."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tillit.console.assessment_forms import refusal
from tillit.console.offering import offer
from tillit.console.people_forms import countries
from tillit.governance import attachments
from tillit.ledger.versions import in_force
from tillit.people import lists as keeping
from tillit.people import queries
from tillit.people.importing import mapping, purposes
from tillit.people.importing.forms import DAY_FIRST, MONTH_FIRST
from tillit.people.importing.mapping import FIELD, KnownField
from tillit.people.importing.reception import pasted
from tillit.people.models import MailingList, Source

NEW = "new"
PASTED_CHARS = 1_000_000  # a form's texts are held in memory; what is longer comes as a file
ENCODINGS = [
    ("utf-8", "UTF-8"),
    ("cp1252", gettext_lazy("Windows-1252 (Western European)")),
    ("utf-16-le", "UTF-16"),
    ("utf-16-be", gettext_lazy("UTF-16, the other byte order")),
]
MODES = [
    (mapping.OVERWRITE, gettext_lazy("The file’s value counts")),
    (mapping.FILL, gettext_lazy("Only where there is none yet")),
    (mapping.KEEP, gettext_lazy("For new people only")),
]
DELIMITERS = [
    (",", gettext_lazy("Comma")),
    (";", gettext_lazy("Semicolon")),
    ("\t", gettext_lazy("Tab")),
    ("|", gettext_lazy("Vertical bar")),
]
DATE_ORDERS = [
    ("", gettext_lazy("As each column tells")),
    (DAY_FIRST, gettext_lazy("Day first: 31/12/2024")),
    (MONTH_FIRST, gettext_lazy("Month first: 12/31/2024")),
]


class SourceForm(forms.ModelForm):
    """Where information comes from, and what warrants that it might be passed on."""

    evidence = forms.FileField(
        label=gettext_lazy("Evidence"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".pdf,.docx,.odt,.txt"}),
        help_text=gettext_lazy(
            "An agreement, or the form that people filled in: PDF, DOCX, ODT or text, up to 10 MB. No list of people."
        ),
    )

    country = forms.ChoiceField(
        label=gettext_lazy("Country of its people"),
        required=False,
        help_text=gettext_lazy(
            "For people of whom neither a country nor a telephone number tells where they are. Empty: their region"
            " is not known, and the strictest law counts."
        ),
    )

    class Meta:
        model = Source
        fields = ("name", "collected_by", "basis", "warranty", "valid_until", "country")
        widgets = {
            "warranty": forms.Textarea(attrs={"rows": 3}),
            "valid_until": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        help_texts = {
            "name": gettext_lazy("For instance “Stand at the spring fair 2025” or “Member register”."),
            "collected_by": gettext_lazy("Who asked the people for it: you, a partner, the organiser of a fair …"),
            "valid_until": gettext_lazy("After this day nothing more can be brought in from it. Empty: no end."),
        }

    def __init__(self, workspace_id: int, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._workspace_id = workspace_id

        offer(self, "country", [("", _("None: only what the file says counts")), *countries()])

    def clean_evidence(self) -> keeping.Proof | None:
        """Judge the file by its content, after its size: a larger one is not read."""
        given: UploadedFile | None = self.cleaned_data["evidence"]
        if given is None:
            return None
        try:
            if (given.size or 0) > attachments.LARGEST_BYTES:
                raise attachments.TooLarge
            content = given.read()
            media = attachments.media_type(content)
        except attachments.NotAccepted as refused:
            raise forms.ValidationError(refusal(refused)) from None
        return keeping.Proof(attachments.safe_name(given.name or "", media), content)

    def told(self) -> dict[str, Any]:
        """What was said of the source, as the actions take it."""
        told = dict(self.cleaned_data)
        proof = told.pop("evidence")
        return {**told, "proof": proof}

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if queries.sources(self._workspace_id).filter(name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Another source has this name."))
        return name


class UploadForm(forms.Form):
    """A file or pasted text, where it comes from, which list its people join, and what they consented to."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.tab,.txt,.xlsx,.json,.jsonl,.ndjson,.zip"}),
    )
    pasted = forms.CharField(
        label=gettext_lazy("Or paste it here"),
        required=False,
        strip=False,
        max_length=PASTED_CHARS,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
        help_text=gettext_lazy("Rows copied from a spreadsheet, or addresses copied from a mail."),
    )
    source = forms.ChoiceField(
        label=gettext_lazy("Source"),
        help_text=gettext_lazy(
            "Who collected the information, and what warrants that you may have it. Nothing is stored without."
        ),
    )
    source_name = forms.CharField(label=gettext_lazy("Name of the new source"), max_length=120, required=False)
    warranty = forms.CharField(
        label=gettext_lazy("Its warranty"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Who collected it, when, and on which basis."),
    )
    list = forms.ChoiceField(label=gettext_lazy("List"), required=False)
    list_name = forms.CharField(label=gettext_lazy("Name of the new list"), max_length=120, required=False)
    consent = forms.ChoiceField(label=gettext_lazy("Consent"), required=False, widget=forms.RadioSelect)
    purpose = forms.ChoiceField(
        label=gettext_lazy("What it is for"),
        required=False,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "It decides which of its columns may be brought in. Whom a seller reports joins no list."
        ),
    )

    def __init__(self, workspace_id: int, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._workspace_id = workspace_id
        self.fields["file"].help_text = _(
            "CSV, Excel (.xlsx), JSON Lines, or the ZIP file that a campaign tool exports; up to %(size)s MB, one"
            " person a row. What its columns mean is shown in the next step."
        ) % {"size": settings.MAX_UPLOAD_BYTES >> 20}
        sources = [
            (str(each.pk), each.name) for each in queries.valid_sources(workspace_id, today=timezone.localdate())
        ]
        lists = [(str(each.pk), each.name) for each in queries.lists(workspace_id)]
        offer(self, "source", [*sources, (NEW, _("A new source …"))])
        offer(self, "list", [("", _("No list")), *lists, (NEW, _("A new list …"))])
        none = _("None. The policy decides what may be done, and nobody is taken to have agreed to anything.")
        offer(self, "consent", [("", none), *consent_choices(workspace_id)])
        self.purposes = purpose_choices(workspace_id)
        offer(self, "purpose", self.purposes)
        self.fields["purpose"].initial = purposes.CONTACTS

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        told["purpose"] = told.get("purpose") or purposes.CONTACTS
        if not purposes.chooses(self._workspace_id, told["purpose"]):
            for name in ("list", "consent"):
                if told.get(name):
                    self.add_error(name, _("What a seller reports puts nobody on a list and brings no consent."))
        if not told.get("file") and not told.get("pasted", "").strip() and not self.errors.keys() & {"file", "pasted"}:
            self.add_error("file", _("Choose a file, or paste rows below."))
        if told.get("file") and told.get("pasted", "").strip():
            self.add_error("pasted", _("There is a file too. Choose one of the two."))
        if told.get("source") == NEW:
            for name in ("source_name", "warranty"):
                if not told.get(name, "").strip():
                    self.add_error(name, _("Say this about the new source."))
            same_name = queries.sources(self._workspace_id).filter(name=told.get("source_name"))
            if same_name.exclude(warranty=told.get("warranty")).exists():
                self.add_error("source_name", _("Another source has this name."))
        if told.get("list") == NEW:
            if not told.get("list_name", "").strip():
                self.add_error("list_name", _("Say what the new list is called."))
            elif queries.every_list(self._workspace_id).filter(name=told["list_name"]).exists():
                self.add_error("list_name", _("Another list has this name."))
        return told

    def chosen_parts(self) -> tuple[Iterable[bytes], str]:
        """What is to be brought in, as its bytes, and what it is called."""
        if upload := self.cleaned_data["file"]:
            return upload.chunks(), upload.name
        return pasted(self.cleaned_data["pasted"]), _("Pasted rows")

    def chosen_source(self) -> Source:
        """The source; one that is not saved yet when it is new (and not left by a try before)."""
        told, known = self.cleaned_data, queries.sources(self._workspace_id)
        if told["source"] != NEW:
            return known.get(pk=told["source"])
        return known.filter(name=told["source_name"]).first() or Source(
            workspace_id=self._workspace_id, name=told["source_name"], warranty=told["warranty"]
        )

    def chosen_list(self) -> MailingList | str | None:
        """The list, the name of a new one, or None."""
        told = self.cleaned_data
        if told["list"] == NEW:
            return str(told["list_name"])
        return queries.lists(self._workspace_id).get(pk=told["list"]) if told["list"] else None


def consent_choices(workspace_id: int) -> list[tuple[str, str]]:
    """The purposes that ask somebody for consent, as choices that say what choosing one means."""
    version, language = in_force(workspace_id), get_language() or "en"
    words = _("Everybody in the file has consented to “%(purpose)s”, and the source can prove it.")
    return [
        (name, words % {"purpose": version.document.purposes[name].title.said(language)})
        for name, rule in version.rules.items()
        if rule.consent_regions and version.document.purposes[name].marketing
    ]


def purpose_choices(workspace_id: int) -> list[tuple[str, str]]:
    """The purposes under which the policy in force lets a file in, by their titles."""
    document, language = in_force(workspace_id).document, get_language() or "en"
    return [
        (name, document.purposes[name].title.said(language))
        for name in purposes.PURPOSES
        if purposes.categories(workspace_id, name)
    ]


def target_choices(fields: list[KnownField], *, chooses: bool = True) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a column may mean, in groups."""
    groups = [
        (
            _("Who it is"),
            [
                (mapping.EMAIL, _("Email address")),
                (mapping.WHOLE_NAME, _("Whole name")),
                (mapping.PHONE, _("Telephone")),
                (mapping.CUSTOMER, _("Customer number")),
            ],
        ),
        (
            _("Which law protects them"),
            [
                (mapping.COUNTRY, _("Country")),
                (mapping.SUBDIVISION, _("State (of the United States)")),
                (mapping.LANGUAGE, _("Language")),
            ],
        ),
        (
            _("What they said"),
            [
                (mapping.STATUS, _("Status (subscribed, unsubscribed …)")),
                (mapping.UNSUBSCRIBED, _("Has unsubscribed")),
                (mapping.CONSENT, _("Has consented")),
            ],
        ),
        (_("What is known of them"), [(FIELD + field.name, field.label) for field in fields if field.allowed]),
    ]
    said = [(name, [each for each in listed if chooses or each[0] not in mapping.CHOICES]) for name, listed in groups]
    return [(name, listed) for name, listed in said if listed]
