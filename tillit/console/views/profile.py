"""What a user changes about themselves."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tillit.accounts import actions
from tillit.console.pages import UserRequest, signed_in


class Profile(forms.Form):
    """Name and language."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120, required=False)
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=[("", gettext_lazy("As the browser says")), *settings.LANGUAGES],
        required=False,
    )


@signed_in
def profile(request: UserRequest) -> HttpResponse:
    """Show and change one's own name and language."""
    user = request.user
    form = Profile(request.POST or None, initial={"name": user.name, "language": user.language})
    if request.method == "POST" and form.is_valid():
        actions.change_profile(user, **form.cleaned_data)
        with translation.override(user.language or translation.get_language()):
            messages.success(request, _("Your profile was saved."))
        return redirect("console:profile")
    return render(request, "console/profile.html", {"form": form})


urlpatterns = [path("profile", profile, name="profile")]
