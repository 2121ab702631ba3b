"""The users of a workspace: who works here, as what."""

from __future__ import annotations

import smtplib

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tillit.accounts import actions, queries
from tillit.accounts.models import Membership, Role
from tillit.console.export import csv_file
from tillit.console.listing import Listing
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page, verb


class Invitation(forms.Form):
    """Whom to let in, and as what."""

    email = forms.EmailField(
        label=gettext_lazy("Email address"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=[
            (Role.VIEWER, gettext_lazy("Viewer: sees everything, changes nothing")),
            (Role.EDITOR, gettext_lazy("Editor: keeps lists, writes and sends campaigns")),
            (Role.OWNER, gettext_lazy("Owner: also publishes the policy and lets users in")),
        ],
        initial=Role.EDITOR,
        widget=forms.RadioSelect,
    )


@page(role=Role.OWNER)
def users(request: PageRequest) -> HttpResponse:
    """List the users of the workspace."""
    listing = Listing(
        request,
        queries.members(request.workspace.id),
        sorts={"email": "user__email", "role": "role"},
        search=lambda found, text: found.filter(user__email__icontains=text) | found.filter(user__name__icontains=text),
    )
    if request.GET.get("format") == "csv":
        rows = ((row.user.email, row.user.name, row.role, row.user.last_login or "") for row in listing.whole)
        return csv_file("users.csv", ("email", "name", "role", "last_login"), rows)
    return render(request, "console/users/index.html", {"listing": listing, "roles": Role.choices})


@page(role=Role.OWNER, methods=("GET", "POST"))
def invite(request: PageRequest) -> HttpResponse:
    """Invite somebody by mail."""
    form = Invitation(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
        try:
            actions.invite(request.workspace, email=email, role=role, by=request.user, now=timezone.now())
        except actions.AlreadyMember:
            form.add_error("email", _("This address belongs to a user of the workspace already."))
        except (smtplib.SMTPException, OSError):
            text = _("%(email)s was let in, but the mail could not be sent. Invite once more later.")
            messages.warning(request, text % {"email": email})
            return redirect(address("users", request.workspace.id))
        else:
            messages.success(request, _("%(email)s was invited by mail.") % {"email": email})
            return redirect(address("users", request.workspace.id))
    return render(request, "console/users/invite.html", {"form": form}, status=422 if form.errors else 200)


@verb(role=Role.OWNER)
def invite_again(request: PageRequest, membership_id: int) -> HttpResponse:
    """Mail the invitation once more."""
    membership = _member(request, membership_id)
    actions.invite_again(membership, by=request.user)
    messages.success(request, _("%(email)s was invited by mail.") % {"email": membership.user.email})
    return redirect(address("users", request.workspace.id))


@verb(role=Role.OWNER)
def change_role(request: PageRequest, membership_id: int) -> HttpResponse:
    """Give a user another role."""
    membership = _member(request, membership_id)
    try:
        role = Role(request.POST.get("role", ""))
    except ValueError as error:
        raise Http404 from error
    try:
        actions.change_role(membership, role, by=request.user, now=timezone.now())
    except actions.LastOwner:
        messages.error(request, _last_owner())
    else:
        told = {"user": membership.user, "role": role.label}
        messages.success(request, _("%(user)s is now %(role)s.") % told)
    if membership.user_id == request.user.id and role != Role.OWNER:
        return redirect(address("overview", request.workspace.id))
    return redirect(address("users", request.workspace.id))


@verb(role=Role.OWNER)
def remove(request: PageRequest, membership_id: int) -> HttpResponse:
    """Take a user out of the workspace."""
    membership = _member(request, membership_id)
    try:
        actions.remove(membership, by=request.user, now=timezone.now())
    except actions.LastOwner:
        messages.error(request, _last_owner())
    else:
        messages.success(request, _("%(user)s no longer belongs to this workspace.") % {"user": membership.user})
    if membership.user_id == request.user.id and membership.pk is None:
        return redirect("console:home")
    return redirect(address("users", request.workspace.id))


def _member(request: PageRequest, membership_id: int) -> Membership:
    return get_object_or_404(queries.members(request.workspace.id), pk=membership_id)


def _last_owner() -> str:
    return _("This is the last owner. Make somebody else an owner first, or nobody could change the workspace.")


urlpatterns = [
    path("settings/users", users, name="users"),
    path("settings/users/invite", invite, name="invite_user"),
    path("settings/users/<int:membership_id>/invite", invite_again, name="invite_user_again"),
    path("settings/users/<int:membership_id>/role", change_role, name="change_role"),
    path("settings/users/<int:membership_id>/remove", remove, name="remove_user"),
]
