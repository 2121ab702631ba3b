"""Webhooks: which programs are told of what happens, and what became of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tillit.accounts.models import Role
from tillit.console.listing import Listing
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, verb
from tillit.outbound import Forbidden, Unreachable
from tillit.webhooks import actions
from tillit.webhooks.events import EVENTS, LABELS
from tillit.webhooks.models import Delivery, Endpoint
from tillit.webhooks.signing import secret
from tillit.webhooks.tasks import tell_later

State = Delivery.State


class EndpointForm(forms.Form):
    """Where is told, and of what."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=1000,
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
        help_text=gettext_lazy("Over https, and on a machine that the public can reach."),
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("What it is told of"),
        choices=[(name, LABELS[name]) for name in EVENTS],
        widget=forms.CheckboxSelectMultiple,
    )


@page(role=Role.OWNER)
def webhooks(request: PageRequest) -> HttpResponse:
    """List the endpoints."""
    listing = Listing(
        request,
        actions.endpoints(request.workspace.id),
        sorts={"newest": "-id", "name": "name"},
        search=lambda found, text: found.filter(name__icontains=text) | found.filter(url__icontains=text),
    )
    rows = [{"endpoint": row, "state": _state(row), "events": _events(row)} for row in listing]
    return render(request, "console/webhooks/index.html", {"listing": listing, "rows": rows})


@page(role=Role.OWNER)
def webhook(request: PageRequest, endpoint_id: int) -> HttpResponse:
    """One endpoint: its secret, and what it was told."""
    endpoint = _endpoint(request, endpoint_id)
    listing = Listing(
        request,
        endpoint.deliveries.all(),
        sorts={"newest": "-id"},
        search=lambda found, text: found.filter(event__istartswith=text) | found.filter(state__istartswith=text),
    )
    told = {
        "endpoint": endpoint,
        "state": _state(endpoint),
        "events": _events(endpoint),
        "secret": secret(endpoint),
        "listing": listing,
        "failed": endpoint.deliveries.filter(state=State.FAILED).exists(),
    }
    return render(request, "console/webhooks/webhook.html", told)


@page(role=Role.OWNER, methods=("GET", "POST"))
def new_webhook(request: PageRequest) -> HttpResponse:
    """Let an address be told."""
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.make_endpoint(
                request.workspace.id, **form.cleaned_data, by=request.user.id, now=timezone.now()
            )
        except (Forbidden, Unreachable) as wrong:
            form.add_error("url", str(wrong))
        else:
            messages.success(request, _("The webhook was made. Copy its secret into the program that listens there."))
            return _to(request, made)
    return _form(request, form, _("New webhook"))


@page(role=Role.OWNER, methods=("GET", "POST"))
def edit_webhook(request: PageRequest, endpoint_id: int) -> HttpResponse:
    """Change where is told, and of what."""
    found = _endpoint(request, endpoint_id)
    form = EndpointForm(request.POST or None, initial={"name": found.name, "url": found.url, "events": found.events})
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_endpoint(found, **form.cleaned_data, by=request.user.id, now=timezone.now())
        except (Forbidden, Unreachable) as wrong:
            form.add_error("url", str(wrong))
        else:
            messages.success(request, _("The webhook was changed."))
            return _to(request, found)
    return _form(request, form, _("Change the webhook"), found)


@verb(role=Role.OWNER)
def test_webhook(request: PageRequest, endpoint_id: int) -> HttpResponse:
    """Send a message that says nothing but that it is a test."""
    found = _endpoint(request, endpoint_id)
    actions.send_test(found, by=request.user.id, now=timezone.now())
    tell_later(found.pk)
    messages.success(request, _("A test is on its way. Look here again in a moment."))
    return _to(request, found)


@verb(role=Role.OWNER)
def rotate_webhook(request: PageRequest, endpoint_id: int) -> HttpResponse:
    """Give the endpoint another secret."""
    found = _endpoint(request, endpoint_id)
    actions.rotate(found, by=request.user.id, now=timezone.now())
    messages.success(request, _("There is a new secret. For a day, messages are signed with both."))
    return _to(request, found)


@verb(role=Role.OWNER)
def stop_webhook(request: PageRequest, endpoint_id: int) -> HttpResponse:
    """Tell the endpoint nothing more."""
    found = _endpoint(request, endpoint_id)
    actions.disable(found, why="", by=request.user.id, now=timezone.now())
    messages.success(request, _("The webhook was stopped. What happens meanwhile is told when it is started again."))
    return _to(request, found)


@verb(role=Role.OWNER)
def start_webhook(request: PageRequest, endpoint_id: int) -> HttpResponse:
    """Tell the endpoint again."""
    found = _endpoint(request, endpoint_id)
    actions.enable(found, by=request.user.id, now=timezone.now())
    tell_later(found.pk)
    messages.success(request, _("The webhook was started again."))
    return _to(request, found)


@verb(role=Role.OWNER)
def delete_webhook(request: PageRequest, endpoint_id: int) -> HttpResponse:
    """Forget the endpoint."""
    actions.delete_endpoint(_endpoint(request, endpoint_id), by=request.user.id, now=timezone.now())
    messages.success(request, _("The webhook was deleted."))
    return redirect(address("webhooks", request.workspace.id))


@verb(role=Role.OWNER)
def replay_failed(request: PageRequest, endpoint_id: int) -> HttpResponse:
    """Tell again everything that was given up."""
    found = _endpoint(request, endpoint_id)
    return _replay(request, found, found.deliveries.filter(state=State.FAILED))


@verb(role=Role.OWNER)
def replay_one(request: PageRequest, endpoint_id: int, delivery_id: UUID) -> HttpResponse:
    """Tell one thing again."""
    found = _endpoint(request, endpoint_id)
    return _replay(request, found, found.deliveries.filter(pk=delivery_id))


def _replay(request: PageRequest, found: Endpoint, deliveries: Any) -> HttpResponse:
    number = actions.replay(found, deliveries, now=timezone.now())
    tell_later(found.pk)
    messages.success(request, _("%(number)s to be sent again.") % {"number": number})
    return _to(request, found)


def _form(request: PageRequest, form: EndpointForm, heading: str, found: Endpoint | None = None) -> HttpResponse:
    told = {"form": form, "heading": heading, "endpoint": found}
    return render(request, "console/webhooks/form.html", told, status=422 if form.errors else 200)


def _state(endpoint: Endpoint) -> str:
    if endpoint.disabled_at:
        return "stopped"
    return "failing" if endpoint.failing_since else "valid"


def _events(endpoint: Endpoint) -> list[Any]:
    return [LABELS[name] for name in EVENTS if name in endpoint.events]


def _endpoint(request: PageRequest, endpoint_id: int) -> Endpoint:
    return get_object_or_404(actions.endpoints(request.workspace.id), pk=endpoint_id)


def _to(request: PageRequest, endpoint: Endpoint) -> HttpResponse:
    return redirect(address("webhook", request.workspace.id, endpoint.pk))


urlpatterns = [
    path("settings/webhooks", webhooks, name="webhooks"),
    path("settings/webhooks/new", new_webhook, name="new_webhook"),
    path("settings/webhooks/<int:endpoint_id>", webhook, name="webhook"),
    path("settings/webhooks/<int:endpoint_id>/edit", edit_webhook, name="edit_webhook"),
    path("settings/webhooks/<int:endpoint_id>/test", test_webhook, name="test_webhook"),
    path("settings/webhooks/<int:endpoint_id>/rotate", rotate_webhook, name="rotate_webhook"),
    path("settings/webhooks/<int:endpoint_id>/stop", stop_webhook, name="stop_webhook"),
    path("settings/webhooks/<int:endpoint_id>/start", start_webhook, name="start_webhook"),
    path("settings/webhooks/<int:endpoint_id>/delete", delete_webhook, name="delete_webhook"),
    path("settings/webhooks/<int:endpoint_id>/replay", replay_failed, name="replay_webhook"),
    path("settings/webhooks/<int:endpoint_id>/replay/<uuid:delivery_id>", replay_one, name="replay_delivery"),
]
