"""The form of an assessment: what every kind has, the parts of its own kind, its risks and a file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tillit.console.offering import offer
from tillit.governance import attachments
from tillit.governance.assessments import Attached, Content
from tillit.governance.models import Assessment
from tillit.governance.parts import LEVELS, LONGEST_PART, MOST_RISKS, PARTS, has_risks

SPARE_RISKS = 3
LEVEL_CHOICES = [("", "–"), *((level, said) for level, said in LEVELS.items())]


class AssessmentForm(forms.Form):
    """What somebody writes about some purposes; `purposes` are the policy's, by id and title."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=160)
    purposes = forms.MultipleChoiceField(
        label=gettext_lazy("Purposes"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one purpose that it is about.")},
    )
    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"), choices=Assessment.Outcome.choices, initial=Assessment.Outcome.OPEN
    )
    conducted_on = forms.DateField(
        label=gettext_lazy("Conducted on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    review_by = forms.DateField(
        label=gettext_lazy("Review by"),
        required=False,
        help_text=gettext_lazy("The list of assessments marks it when the day comes near."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    file = forms.FileField(
        label=gettext_lazy("Attached file"),
        required=False,
        allow_empty_file=True,  # so that its own words say what is wrong
        help_text=gettext_lazy("PDF, DOCX, ODT or plain text, at most 10 MB."),
        widget=forms.FileInput(attrs={"accept": ".pdf,.docx,.odt,.txt,.md"}),
    )
    drop_file = forms.BooleanField(label=gettext_lazy("Take the attached file out"), required=False)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        kind: str,
        data: Any = None,
        files: Any = None,
        *,
        purposes: list[tuple[str, str]],
        initial: Mapping[str, Any] | None = None,
        has_file: bool = False,
    ) -> None:
        super().__init__(data, files, initial=dict(initial or {}))
        self.kind = kind
        known = dict(purposes)
        gone = [(name, name) for name in self.initial.get("purposes", []) if name not in known]
        offer(self, "purposes", [*purposes, *gone])
        if not has_file:
            del self.fields["drop_file"]
        for part in PARTS[kind]:
            self.fields[f"part_{part.name}"] = forms.CharField(
                label=part.heading,
                help_text=part.help,
                required=False,
                max_length=LONGEST_PART,
                widget=forms.Textarea(attrs={"rows": 5}),
            )
        self.risk_count = self._add_risks() if has_risks(kind) else 0

    def _add_risks(self) -> int:
        """Add the rows of the risks that there are, and some empty ones; return how many rows there are."""
        known = self.initial.get("risks", [])
        count = min(MOST_RISKS, len(known) + SPARE_RISKS)
        while count < MOST_RISKS and f"risk_{count}_text" in self.data:
            count += 1
        for index in range(count):
            risk = known[index] if index < len(known) else {}
            for name, field in _risk_fields().items():
                field.initial = risk.get(name, "")
                self.fields[f"risk_{index}_{name}"] = field
        return count

    @property
    def parts(self) -> list[Any]:
        """The fields of the parts, in their order."""
        return [self[f"part_{part.name}"] for part in PARTS[self.kind]]

    @property
    def risks(self) -> list[dict[str, Any]]:
        """The fields of each row of risks, by name."""
        return [{name: self[f"risk_{index}_{name}"] for name in _risk_fields()} for index in range(self.risk_count)]

    def clean_file(self) -> Attached | None:
        """Judge the file by its content, after its size: a larger one is not read."""
        given: UploadedFile | None = self.cleaned_data["file"]
        if given is None:
            return None
        try:
            if (given.size or 0) > attachments.LARGEST_BYTES:
                raise attachments.TooLarge
            content = given.read()
            media = attachments.media_type(content)
        except attachments.NotAccepted as refused:
            raise forms.ValidationError(refusal(refused)) from None
        return Attached(name=attachments.safe_name(given.name or "", media), content=content)

    def clean(self) -> dict[str, Any]:
        """Check what fields need of each other."""
        cleaned = super().clean() or self.cleaned_data
        conducted, review = cleaned.get("conducted_on"), cleaned.get("review_by")
        if conducted and review and review <= conducted:
            self.add_error("review_by", _("The review comes after the day it was conducted."))
        if cleaned.get("outcome") != Assessment.Outcome.OPEN and not cleaned.get("part_conclusion"):
            self.add_error("part_conclusion", _("An outcome needs a conclusion that says why."))
        for index in range(self.risk_count):
            row = self._risk(index)
            if any(row.values()) and not (row["text"] and row["likelihood"] and row["severity"]):
                self.add_error(f"risk_{index}_text", _("Say what may happen, how likely and how severe it is."))
        return cleaned

    def content(self) -> Content:
        """What was written, for the action that keeps it."""
        cleaned = self.cleaned_data
        parts: dict[str, Any] = {
            part.name: text.replace("\r\n", "\n") for part in PARTS[self.kind] if (text := cleaned[f"part_{part.name}"])
        }
        if risks := [row for index in range(self.risk_count) if (row := self._risk(index))["text"]]:
            parts["risks"] = risks
        return Content(
            kind=self.kind,
            title=cleaned["title"],
            purposes=tuple(cleaned["purposes"]),
            parts=parts,
            outcome=cleaned["outcome"],
            conducted_on=cleaned["conducted_on"],
            review_by=cleaned["review_by"],
            file=cleaned["file"],
            drop_file=bool(cleaned.get("drop_file")),
        )

    def seen_at(self) -> datetime | None:
        """The state of the assessment that the form was opened with, or None for a text that is no moment."""
        try:
            return datetime.fromisoformat(self.cleaned_data["seen"])
        except ValueError:
            return None

    def _risk(self, index: int) -> dict[str, Any]:
        given = {name: self.cleaned_data.get(f"risk_{index}_{name}") or "" for name in _risk_fields()}
        return {
            name: int(value or 0) if name in ("likelihood", "severity", "left") else value
            for name, value in given.items()
        }


def _risk_fields() -> dict[str, forms.Field]:
    return {
        "text": forms.CharField(label=gettext_lazy("What may happen"), required=False, max_length=500),
        "likelihood": forms.ChoiceField(label=gettext_lazy("Likelihood"), required=False, choices=LEVEL_CHOICES),
        "severity": forms.ChoiceField(label=gettext_lazy("Severity"), required=False, choices=LEVEL_CHOICES),
        "measure": forms.CharField(label=gettext_lazy("What is done"), required=False, max_length=500),
        "left": forms.ChoiceField(label=gettext_lazy("What is left"), required=False, choices=LEVEL_CHOICES),
    }


def initial_of(assessment: Assessment) -> dict[str, Any]:
    """What the form of an assessment that exists begins with."""
    texts = {f"part_{name}": text for name, text in assessment.parts.items() if name != "risks"}
    return {
        **texts,
        "title": assessment.title,
        "purposes": assessment.purposes,
        "outcome": assessment.outcome,
        "conducted_on": assessment.conducted_on,
        "review_by": assessment.review_by,
        "risks": assessment.parts.get("risks", []),
        "seen": assessment.changed_at.isoformat(),
    }


def refusal(refused: attachments.NotAccepted) -> str:
    if isinstance(refused, attachments.Empty):
        return _("The file is empty.")
    if isinstance(refused, attachments.TooLarge):
        return _("The file is larger than 10 MB. Attach a smaller one, or link to it in the text.")
    return _("The file is neither PDF, DOCX, ODT nor plain text, whatever its name says. Save it as one of these.")
