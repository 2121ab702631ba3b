"""Fields: what a workspace keeps of its people besides their addresses; made, changed, ordered and retired."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _

from tillit.accounts.models import Role
from tillit.console.field_forms import FieldForm, categories
from tillit.console.navigation import address, address_if_any
from tillit.console.pages import PageRequest, page, verb
from tillit.ledger.processing import processing, user_actor
from tillit.people import fields as keeping
from tillit.people import queries
from tillit.people.field_erasure import PURPOSE as ERASING
from tillit.people.field_uses import Use, uses
from tillit.people.models import Field
from tillit.people.patience import TooSlow, patience


@page(role=Role.VIEWER)
def fields(request: PageRequest) -> HttpResponse:
    """The fields in the order in which they are shown, or those that were retired."""
    retired = request.GET.get("show") == "retired"
    known = Field.objects.filter(workspace_id=request.workspace.id)
    told = {
        "retired": retired,
        "fields": known.exclude(retired_at=None).order_by("-retired_at") if retired else known.in_use(),
        "categories": {each.id: each for each in categories(request.workspace.id)},
    }
    return render(request, "console/fields/index.html", told)


@page(role=Role.EDITOR, methods=("GET", "POST"))
def new_field(request: PageRequest) -> HttpResponse:
    """Make a field."""
    form = FieldForm(request.workspace.id, request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = keeping.make_field(
                request.workspace.id,
                name=given["name"],
                labels=given["labels"],
                type=given["kind"],
                category=given["category"],
                choices=given["wanted"],
                checks=given["checks"],
                by=_by(request),
            )
        except keeping.NameTaken:
            form.add_error("name", _("Another field, or the program itself, uses this name."))
        else:
            messages.success(request, _("The field “%(field)s” was made.") % {"field": made.said()})
            return redirect(address("fields", request.workspace.id))
    return _form(request, form, {"heading": _("New field"), "categories": categories(request.workspace.id)})


@page(role=Role.EDITOR, methods=("GET", "POST"))
def edit_field(request: PageRequest, field_id: int) -> HttpResponse:
    """Change a field's labels, choices and checks."""
    found = _field(request, field_id)
    form = FieldForm(request.workspace.id, request.POST or None, field=found)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        keeping.change_field(
            found, labels=given["labels"], choices=given["wanted"], checks=given["checks"], by=_by(request)
        )
        messages.success(request, _("The changes were saved."))
        return redirect(address("fields", request.workspace.id))
    kept = [each for each in categories(request.workspace.id) if each.id == found.category]
    return _form(request, form, {"heading": _("Change the field"), "field": found, "categories": kept})


@verb(role=Role.EDITOR)
def move_field(request: PageRequest, field_id: int) -> HttpResponse:
    """Move a field one place up or down."""
    keeping.move_field(_field(request, field_id), down=request.POST.get("to") == "down", by=_by(request))
    return redirect(f"{address('fields', request.workspace.id)}#field-{field_id}")


@page(role=Role.OWNER, methods=("GET", "POST"))
def retire_field(request: PageRequest, field_id: int) -> HttpResponse:
    """Say what uses a field and how many people it says something of; then retire it."""
    found = _field(request, field_id)
    if request.method == "POST":
        keeping.retire_field(found, by=_by(request), now=timezone.now())
        return redirect(address("retired_field", request.workspace.id, field_id))
    # Counted as it will be erased: under the purpose that sees every category, also one that staff do not.
    with processing(request.workspace.id, ERASING, by=_by(request), act="field.count", about=f"field:{found.pk}"):
        people = _holders(found)
    used = [(use, _use_href(request, use)) for use in uses(found)]
    told = {"field": found, "people": people, "uses": used, "stopped": any(use.stops for use, _href in used)}
    return render(request, "console/fields/retire.html", told)


@page(role=Role.VIEWER)
def retired_field(request: PageRequest, field_id: int) -> HttpResponse:
    """How far the erasure of a retired field's values is."""
    return render(request, "console/fields/retired.html", {"field": _retired(request, field_id)})


@page(role=Role.VIEWER)
def erasure_progress(request: PageRequest, field_id: int) -> HttpResponse:
    """The same as a fragment that asks again while it runs."""
    return render(request, "console/fields/_progress.html", {"field": _retired(request, field_id)})


@verb(role=Role.OWNER)
def erase_rest(request: PageRequest, field_id: int) -> HttpResponse:
    """Erase the values of those whose restriction was lifted since."""
    keeping.erase_rest(_retired(request, field_id), now=timezone.now())
    return redirect(address("retired_field", request.workspace.id, field_id))


def _holders(field: Field) -> int | None:
    """How many people a field says something of; None where counting them took too long."""
    try:
        with patience():
            return queries.holders(field)
    except TooSlow:
        return None


def _use_href(request: PageRequest, use: Use) -> str:
    return address_if_any(use.kind, request.workspace.id, use.pk)


def _form(request: PageRequest, form: FieldForm, told: dict[str, Any]) -> HttpResponse:
    return render(request, "console/fields/form.html", {"form": form, **told}, status=422 if form.errors else 200)


def _field(request: PageRequest, field_id: int) -> Field:
    return get_object_or_404(queries.fields(request.workspace.id), pk=field_id)


def _retired(request: PageRequest, field_id: int) -> Field:
    return get_object_or_404(
        Field.objects.filter(workspace_id=request.workspace.id, retired_at__isnull=False), pk=field_id
    )


def _by(request: PageRequest) -> str:
    return user_actor(request.user.id)


urlpatterns = [
    path("fields", fields, name="fields"),
    path("fields/new", new_field, name="new_field"),
    path("fields/<int:field_id>", edit_field, name="edit_field"),
    path("fields/<int:field_id>/move", move_field, name="move_field"),
    path("fields/<int:field_id>/retire", retire_field, name="retire_field"),
    path("fields/<int:field_id>/retired", retired_field, name="retired_field"),
    path("fields/<int:field_id>/progress", erasure_progress, name="erasure_progress"),
    path("fields/<int:field_id>/erase-rest", erase_rest, name="erase_rest"),
]
