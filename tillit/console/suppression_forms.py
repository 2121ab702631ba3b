"""Forms about suppressions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MinLengthValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tillit.accounts.models import User
from tillit.people.identity import InvalidIdentifier
from tillit.people.models import Suppression
from tillit.people.suppression.known import keyring
from tillit.people.suppression.lifted import LEAST_WORDS, WANTED

MOST_LINES = 1000
MOST_BYTES = 20 * 1024 * 1024  # some 800,000 addresses, which take half a minute; larger lists go by the command line


class ReasonForm(forms.Form):
    """Why something is suppressed, and where."""

    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=Suppression.Reason.choices)
    note = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("It stays when the person is erased, so write nobody’s name."),
    )
    everywhere = forms.BooleanField(
        label=gettext_lazy("In every workspace of this installation"),
        required=False,
        help_text=gettext_lazy("Only operators can set this, and only they can lift it."),
    )

    def __init__(self, user: User, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if not user.is_operator:
            del self.fields["everywhere"]

    @property
    def everywhere_chosen(self) -> bool:
        return bool(self.cleaned_data.get("everywhere"))


class SuppressForm(ReasonForm):
    """Addresses and domains, typed or pasted."""

    what = forms.CharField(
        label=gettext_lazy("Addresses and domains, one a line"),
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "A domain, such as example.org, covers its subdomains. An address covers its tagged forms, such as"
            " anna+news@example.org after anna@example.org."
        ),
    )
    field_order = ("what", "reason", "note", "everywhere")

    def clean_what(self) -> list[tuple[str, str]]:
        lines = [line.strip() for line in self.cleaned_data["what"].splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise forms.ValidationError(_("These are more than 1,000 lines. Bring them in as a file."))
        read, wrong = [], []
        for line in lines:
            try:
                read.append(keyring().read(line))
            except InvalidIdentifier:
                wrong.append(line)
        if wrong:
            shown = ", ".join(f"“{line[:60]}”" for line in wrong[:5])
            raise forms.ValidationError(_("Neither an address nor a domain: %(lines)s") % {"lines": shown})
        return read


class ListForm(ReasonForm):
    """A list from another tool, or one that was taken out here."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv,text/plain"}),
        help_text=gettext_lazy(
            "One address or domain a line, or a CSV table with a column of them: what other tools export as suppressed,"
            " cleaned or bounced."
        ),
    )
    field_order = ("file", "reason", "note", "everywhere")

    def __init__(self, user: User, *args: Any, **more: Any) -> None:
        super().__init__(user, *args, **more)
        self.fields["reason"].initial = Suppression.Reason.MOVED

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(
                _("The file is larger than 20 MB. Use “tillit suppression import”, or split it.")
            )
        return file


class CheckForm(forms.Form):
    """An address or a domain to ask about."""

    asked = forms.CharField(
        label=gettext_lazy("Address or domain"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "email"}),
    )

    def clean_asked(self) -> tuple[str, str]:
        try:
            return keyring().read(self.cleaned_data["asked"])
        except InvalidIdentifier as error:
            raise forms.ValidationError(_("This is neither an address nor a domain.")) from error


class LiftForm(forms.Form):
    """Why a suppression no longer holds."""

    because = forms.CharField(
        label=gettext_lazy("When and how did the person say that they want mail again?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        help_text=gettext_lazy("It is kept, and stays when the person is erased, so write nobody’s name."),
    )

    def __init__(self, suppression: Suppression, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if suppression.reason in WANTED:
            self.fields["because"].validators.append(MinLengthValidator(LEAST_WORDS))
        else:
            self.fields["because"].label = _("Why?")
            self.fields["because"].required = False
