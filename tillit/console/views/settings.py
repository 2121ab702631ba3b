"""What holds for a whole workspace."""

from __future__ import annotations

from django import forms
from django.conf import settings as django_settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tillit.accounts import actions
from tillit.accounts.models import Role
from tillit.console.navigation import address
from tillit.console.pages import PageRequest, page


class WorkspaceForm(forms.Form):
    """Name, language and postal address."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=django_settings.LANGUAGES,
        help_text=gettext_lazy("For people and users whose own language is not known."),
    )
    postal_address = forms.CharField(
        label=gettext_lazy("Postal address"),
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "street-address"}),
        required=False,
        help_text=gettext_lazy("Stands under every mail. In the United States the law asks for it."),
    )


@page(role=Role.OWNER, methods=("GET", "POST"))
def settings(request: PageRequest) -> HttpResponse:
    """Show and change the workspace's name, language and address."""
    workspace = request.workspace
    kept = {"name": workspace.name, "language": workspace.language, "postal_address": workspace.postal_address}
    form = WorkspaceForm(request.POST or None, initial=kept)
    if request.method == "POST" and form.is_valid():
        actions.change_workspace(workspace, **form.cleaned_data, by=request.user, now=timezone.now())
        messages.success(request, _("The settings were saved."))
        return redirect(address("settings", workspace.id))
    return render(request, "console/settings/index.html", {"form": form}, status=422 if form.errors else 200)


urlpatterns = [path("settings", settings, name="settings")]
