"""API keys: how programs work in the workspace."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tillit.accounts import keys as keeping
from tillit.accounts.models import ApiKey, Role
from tillit.accounts.names import names_of
from tillit.console.activities import purpose_titles
from tillit.console.listing import Listing
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, verb
from tillit.ledger.versions import NoPolicy, in_force

DAYS = (30, 90, 365)
#: What most programs are for; these come first.
OFTEN = ("audience.administer", "audience.import", "marketing.email", "people.confirm", "preferences.manage")


class KeyForm(forms.Form):
    """What a new key may do."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=120,
        help_text=gettext_lazy("Which program uses it, so that you know later what stops when you revoke it."),
    )
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=[
            (Role.VIEWER, gettext_lazy("Viewer: reads, changes nothing")),
            (Role.EDITOR, gettext_lazy("Editor: also adds people, keeps lists and records choices")),
        ],
        initial=Role.VIEWER,
        widget=forms.RadioSelect,
    )
    purposes = forms.MultipleChoiceField(
        label=gettext_lazy("Purposes"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("The key sees whom these purposes permit, and the categories of information they use."),
    )
    recipient = forms.ChoiceField(
        label=gettext_lazy("What it reads goes to"),
        required=False,
        help_text=gettext_lazy("A recipient gets only what the policy lets them have; each read is recorded as such."),
    )
    lasts = forms.ChoiceField(label=gettext_lazy("Valid for"), initial="365", required=False)

    def __init__(self, workspace_id: int, *given: Any) -> None:
        super().__init__(*given)
        document, language = in_force(workspace_id).document, get_language() or "en"
        named = [(name, f"{each.title.said(language)} ({name})") for name, each in document.purposes.items()]
        purposes = sorted(named, key=lambda pair: pair[0] not in OFTEN)
        recipients = [(name, f"{each.name} ({name})") for name, each in document.recipients.items()]
        days = [(str(number), _("%(number)s days") % {"number": number}) for number in DAYS]
        self._offer("purposes", purposes)
        self._offer("recipient", [("", _("A system of your own")), *recipients])
        self._offer("lasts", [*days, ("", _("Until it is revoked"))])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field: Any = self.fields[name]
        field.choices = choices

    def expires_at(self, now: datetime) -> datetime | None:
        days = self.cleaned_data["lasts"]
        return now + timedelta(days=int(days)) if days else None


@page(role=Role.OWNER)
def keys(request: PageRequest) -> HttpResponse:
    """List the keys, those that opened lately first."""
    listing = Listing(
        request,
        keeping.keys(request.workspace.id),
        sorts={"newest": "-id", "name": "name"},
        search=lambda found, text: found.filter(name__icontains=text) | found.filter(prefix__startswith=text),
    )
    titles, now = purpose_titles(request.workspace.id), timezone.now()
    makers = names_of(row.made_by for row in listing)
    rows = [
        {
            "key": row,
            "state": _state(row, now=now),
            "purposes": [titles.get(name, name) for name in row.purposes],
            "maker": makers.get(row.made_by, ""),
        }
        for row in listing
    ]
    told = {"listing": listing, "rows": rows, "description": request.build_absolute_uri(reverse("api-v1:openapi-json"))}
    return render(request, "console/keys/index.html", told)


def _state(key: ApiKey, *, now: datetime) -> str:
    if key.revoked_at:
        return "revoked"
    return "ended" if key.expires_at and key.expires_at <= now else "valid"


@page(role=Role.OWNER, methods=("GET", "POST"))
def new_key(request: PageRequest) -> HttpResponse:
    """Make a key, and show its text this one time."""
    try:
        form = KeyForm(request.workspace.id, request.POST or None)
    except NoPolicy:
        messages.error(request, _("A key is for purposes of the policy. Publish a policy first."))
        return redirect(address("keys", request.workspace.id))
    if request.method == "POST" and form.is_valid():
        now, wanted = timezone.now(), form.cleaned_data
        made, text = keeping.make_key(
            request.workspace,
            name=wanted["name"],
            role=Role(wanted["role"]),
            purposes=wanted["purposes"],
            recipient=wanted["recipient"],
            expires_at=form.expires_at(now),
            by=request.user,
            now=now,
        )
        told = {"key": made, "text": text, "try": request.build_absolute_uri("/api/v1/key")}
        return render(request, "console/keys/made.html", told)
    return render(request, "console/keys/new.html", {"form": form}, status=422 if form.errors else 200)


@verb(role=Role.OWNER)
def revoke(request: PageRequest, key_id: int) -> HttpResponse:
    """Let a key open nothing any more."""
    key = get_object_or_404(keeping.keys(request.workspace.id), pk=key_id)
    if keeping.revoke_key(key, by=request.user, now=timezone.now()):
        messages.success(request, _("“%(name)s” was revoked.") % {"name": key.name})
    return redirect(address("keys", request.workspace.id))


urlpatterns = [
    path("settings/keys", keys, name="keys"),
    path("settings/keys/new", new_key, name="new_key"),
    path("settings/keys/<int:key_id>/revoke", revoke, name="revoke_key"),
]
