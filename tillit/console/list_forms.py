"""The forms of lists: what a list is called and how people join it, and the mail that welcomes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tillit.campaigns.content import Rendered
from tillit.campaigns.slots import ContentErrors
from tillit.campaigns.welcome import preview
from tillit.people.models import MailingList


class ListForm(forms.ModelForm):
    """What a list is called by staff and by people, what people read about it, and how they join."""

    class Meta:
        model = MailingList
        fields = ("name", "public", "opt_in")
        widgets = {"opt_in": forms.RadioSelect}
        labels = {"public": gettext_lazy("People may join it themselves")}
        help_texts = {
            "public": gettext_lazy("Then the list is shown in everybody’s preference centre."),
            "opt_in": gettext_lazy(
                "Double: who joins on a form confirms by a mail first, which proves the address theirs."
                " Single: who is new joins at once, and nothing proves that the address is theirs."
            ),
        }

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        found = self.instance
        for code, language in settings.LANGUAGES:
            said = {"language": str(language)}
            self.fields[f"title_{code}"] = forms.CharField(
                label=_("Name for people, in %(language)s") % said,
                required=False,
                max_length=120,
                initial=found.titles.get(code, ""),
                help_text=_("Empty: the name above."),
            )
            self.fields[f"topic_{code}"] = forms.CharField(
                label=_("What comes by it, in %(language)s") % said,
                required=False,
                max_length=1000,
                initial=found.topics.get(code, found.description),
                widget=forms.Textarea(attrs={"rows": 3}),
            )
        self.order_fields(["name", *self._texts(), "public", "opt_in"])

    @staticmethod
    def _texts() -> list[str]:
        return [f"{kind}_{code}" for code, _language in settings.LANGUAGES for kind in ("title", "topic")]

    def told(self) -> dict[str, Any]:
        """What the acts on lists take."""
        given = self.cleaned_data
        titles, topics = (
            {code: text for code, _language in settings.LANGUAGES if (text := given[f"{kind}_{code}"])}
            for kind in ("title", "topic")
        )
        plain = {name: given[name] for name in ("name", "public", "opt_in")}
        return {**plain, "titles": titles, "topics": topics, "description": next(iter(topics.values()), "")}

    def taken(self) -> None:
        """Say that the name is another list's."""
        self.add_error("name", _("Another list has this name."))


class WelcomeForm(forms.Form):
    """Subject and body of a list's welcome in each language; both empty is none."""

    def __init__(self, mailing_list: MailingList, data: Any = None) -> None:
        super().__init__(data)
        self._list = mailing_list
        for code, language in settings.LANGUAGES:
            said, known = {"language": str(language)}, mailing_list.welcome.get(code, {})
            self.fields[f"subject_{code}"] = forms.CharField(
                label=_("Subject in %(language)s") % said,
                required=False,
                max_length=250,
                initial=known.get("subject", ""),
            )
            self.fields[f"body_{code}"] = forms.CharField(
                label=_("Text in %(language)s") % said,
                required=False,
                max_length=20_000,
                initial=known.get("body", ""),
                widget=forms.Textarea(attrs={"rows": 8, "class": "font-monospace"}),
                help_text=_("Markdown. Names can be merged: {{ first_name | default('friend') }}."),
            )

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        for code, _language in settings.LANGUAGES:
            text = self._text(told, code)
            if not any(text.values()):
                continue
            if not all(text.values()):
                missing = "body" if text["subject"] else "subject"
                self.add_error(f"{missing}_{code}", _("A welcome needs a subject and a text."))
                continue
            try:
                preview(self._list, text, language=code)
            except ContentErrors as errors:
                for problem in errors.problems:
                    part = "subject" if problem.part == "subject" else "body"
                    place = _("Line %(line)s:") % {"line": problem.line}
                    self.add_error(f"{part}_{code}", f"{place} {problem.message} {problem.mend}")
        return told

    @staticmethod
    def _text(told: dict[str, Any], code: str) -> dict[str, str]:
        return {part: str(told.get(f"{part}_{code}") or "").strip() for part in ("subject", "body")}

    def told(self) -> dict[str, dict[str, str]]:
        """Language → subject and body, where there are some."""
        texts = {code: self._text(self.cleaned_data, code) for code, _language in settings.LANGUAGES}
        return {code: text for code, text in texts.items() if any(text.values())}

    def previews(self) -> list[tuple[str, Rendered]]:
        """What is saved, as people get it, by language."""
        return list(self._previews())

    def _previews(self) -> Iterator[tuple[str, Rendered]]:
        names = dict(settings.LANGUAGES)
        for code, text in self._list.welcomes.items():
            try:
                yield str(names.get(code, code)), preview(self._list, text, language=code)
            except ContentErrors:  # a field that it merged was retired since
                self.add_error(None, _("The saved text merges a field that there is no more. Write it anew."))
