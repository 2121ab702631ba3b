"""Campaigns: the list, the editor, and what the editor shows while one writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tillit.accounts.models import Role
from tillit.campaigns import actions, audience, preview, queries, readiness
from tillit.campaigns.audience import Audience
from tillit.campaigns.models import Campaign
from tillit.campaigns.narrowing import Narrowing
from tillit.campaigns.slots import ContentErrors
from tillit.console.export import csv_file
from tillit.console.listing import Listing
from tillit.console.navigation import address
from tillit.console.offering import offer, offer_rows
from tillit.console.pages import PageRequest, page, shows_pictures, verb
from tillit.ledger.processing import Refused, user_actor
from tillit.ledger.versions import in_force
from tillit.people import queries as people
from tillit.people.models import MailingList, Segment
from tillit.people.patience import TooSlow
from tillit.people.segments.queries import LacksCategory, Outdated, segments

_TICK = {"class": "form-check-input"}
_KINDS = [("markdown", "Markdown"), ("html", "HTML")]
_LANGUAGES = [("en", "English"), ("sv", "Svenska")]


class Editor(forms.Form):
    """A campaign as it is written."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=120, help_text=gettext_lazy("For yourselves; readers do not see it.")
    )
    purpose = forms.ChoiceField(label=gettext_lazy("Purpose"))
    lists: forms.ModelMultipleChoiceField[MailingList] = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Lists"), queryset=None, required=False, widget=forms.CheckboxSelectMultiple(attrs=_TICK)
    )
    segment: forms.ModelChoiceField[Segment] = forms.ModelChoiceField(
        label=gettext_lazy("Only those in the segment"),
        queryset=None,
        required=False,
        empty_label=gettext_lazy("everybody on the lists"),
    )
    without: forms.ModelChoiceField[Segment] = forms.ModelChoiceField(
        label=gettext_lazy("Without those in the segment"),
        queryset=None,
        required=False,
        empty_label=gettext_lazy("nobody is left out"),
    )
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=250, required=False, strip=False)
    preheader = forms.CharField(
        label=gettext_lazy("Preheader"),
        max_length=250,
        required=False,
        help_text=gettext_lazy("The line that mail programs show after the subject."),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Written as"), choices=_KINDS, widget=forms.RadioSelect(attrs=_TICK))
    body = forms.CharField(
        label=gettext_lazy("Text"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 22, "spellcheck": "true", "class": "editor-text"}),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=_LANGUAGES, help_text=gettext_lazy("Of the text and of the footer.")
    )
    from_name = forms.CharField(label=gettext_lazy("Sender’s name"), max_length=120, required=False)
    from_email = forms.EmailField(label=gettext_lazy("Sender’s address"), required=False)
    reply_to = forms.EmailField(label=gettext_lazy("Replies to"), required=False)

    def __init__(self, request: PageRequest, campaign: Campaign, data: Mapping[str, Any] | None) -> None:
        texts = {name: getattr(campaign, name) for name in actions.TEXTS}
        lists = list(campaign.lists.all()) if campaign.pk else []
        super().__init__(
            data, initial={**texts, "lists": lists, "segment": campaign.segment, "without": campaign.without}
        )
        language = request.LANGUAGE_CODE
        purposes = readiness.purposes(in_force(request.workspace.id))
        offer(self, "purpose", [(name, purpose.title.said(language)) for name, purpose in purposes.items()])
        offer_rows(self, "lists", people.lists(request.workspace.id))
        for name in ("segment", "without"):
            offer_rows(self, name, segments(request.workspace.id))
        self.fields["from_name"].widget.attrs["placeholder"] = request.workspace.name

    def texts(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in actions.TEXTS if name in self.cleaned_data}

    def narrowing(self) -> Narrowing:
        """Which of the people on the lists get it."""
        return Narrowing(self.cleaned_data.get("segment"), self.cleaned_data.get("without"))

    def refuse(self, refused: Refused) -> None:
        """Say at the segment why the purpose may not use it."""
        self.add_error("segment" if self.cleaned_data.get("segment") else "without", refused.reason)

    def blame(self, errors: ContentErrors) -> None:
        """Show what is wrong with the text beside the part it is wrong with, with line and column."""
        for problem in errors.problems:
            told = {"line": problem.line, "column": problem.column, "what": f"{problem.message} {problem.mend}"}
            self.add_error(problem.part, _("Line %(line)d, column %(column)d: %(what)s") % told)


@page(role=Role.VIEWER)
def campaigns(request: PageRequest) -> HttpResponse:
    """List the campaigns."""
    found = queries.campaigns(request.workspace.id)
    if (state := request.GET.get("state", "")) in Campaign.State.values:
        found = found.filter(state=state)
    listing = Listing(
        request,
        found,
        sorts={"newest": "-id", "name": "name", "changed": "-updated_at", "state": "state"},
        search=lambda rows, text: rows.filter(Q(name__icontains=text) | Q(subject__icontains=text)),
        keeps=("state",),
    )
    if request.GET.get("format") == "csv":
        header = ["name", "subject", "state", "purpose", "queued", "began", "finished"]
        rows = (
            [
                *(each.name, each.subject, each.state, each.purpose, each.audience.get("prepared", "")),
                *(each.prepared_at or "", each.finished_at or ""),
            ]
            for each in listing.whole
        )
        return csv_file("campaigns.csv", header, rows)
    told = {"listing": listing, "states": Campaign.State.choices, "state": state}
    return render(request, "console/campaigns/index.html", told)


@page(role=Role.EDITOR, methods=("GET", "POST"))
@shows_pictures
def new_campaign(request: PageRequest) -> HttpResponse:
    """Write a new campaign."""
    workspace = request.workspace
    blank = Campaign(workspace=workspace, language=workspace.language, name=_("Untitled"))
    form = Editor(request, blank, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create(
                workspace.id,
                by=user_actor(request.user.id),
                texts=form.texts(),
                lists=form.cleaned_data["lists"],
                narrowing=form.narrowing(),
            )
        except ContentErrors as errors:
            form.blame(errors)
        except (LacksCategory, Outdated) as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The draft was saved."))
            return _after_saving(request, made)
    return _editor(request, blank, form)


@page(role=Role.EDITOR, methods=("GET", "POST"))
@shows_pictures
def edit_campaign(request: PageRequest, campaign_id: int) -> HttpResponse:
    """Change a draft."""
    campaign = one(request, campaign_id)
    if campaign.state != Campaign.State.DRAFT and request.method != "POST":
        return redirect(address("campaign", request.workspace.id, campaign.pk))
    form = Editor(request, campaign, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit(campaign, texts=form.texts(), lists=form.cleaned_data["lists"], narrowing=form.narrowing())
        except ContentErrors as errors:
            form.blame(errors)
        except (LacksCategory, Outdated) as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The draft was saved."))
            return _after_saving(request, campaign)
    return _editor(request, campaign, form)


def _after_saving(request: PageRequest, campaign: Campaign) -> HttpResponse:
    onwards = "review_campaign" if "review" in request.POST else "edit_campaign"
    return redirect(address(onwards, request.workspace.id, campaign.pk))


def _editor(request: PageRequest, campaign: Campaign, form: Editor) -> HttpResponse:
    told = {"campaign": campaign, "form": form}
    return render(request, "console/campaigns/editor.html", told, status=422 if form.errors else 200)


@verb(role=Role.EDITOR)
def duplicate_campaign(request: PageRequest, campaign_id: int) -> HttpResponse:
    """Make a draft with the same text."""
    campaign = one(request, campaign_id)
    copy = actions.duplicate(campaign, by=user_actor(request.user.id))
    if actions.lost_segments(campaign):
        text = _("A draft with the same text was made. Its segment has been deleted, so choose anew who gets it.")
        messages.warning(request, text)
    else:
        messages.success(request, _("A draft with the same text was made."))
    return redirect(address("edit_campaign", request.workspace.id, copy.pk))


@verb(role=Role.EDITOR)
def discard_campaign(request: PageRequest, campaign_id: int) -> HttpResponse:
    """Delete a draft."""
    campaign = one(request, campaign_id)
    actions.discard(campaign)
    messages.success(request, _("The draft “%(name)s” was deleted.") % {"name": campaign.name})
    return redirect(address("campaigns", request.workspace.id))


# What the editor shows while one writes: asked with everything that is in the form, saved or not.


@verb(role=Role.EDITOR)
def campaign_audience(request: PageRequest) -> HttpResponse:
    """Who would get the mail, and why the others would not."""
    campaign, lists = _unsaved(request)
    by, narrowing = user_actor(request.user.id), Narrowing.of(campaign)
    told: dict[str, object] = {"audience": Audience(), "lists": lists, "narrowed": narrowing.tree is not None}
    if lists and campaign.purpose:
        try:
            told["audience"] = audience.count(request.workspace.id, campaign.purpose, lists, by=by, narrowing=narrowing)
        except TooSlow:
            told["audience"] = Audience(counted=False)
        except (LacksCategory, Outdated) as refused:
            told["refused"] = refused.reason
    return render(request, "console/campaigns/audience.html", told)


@verb(role=Role.EDITOR)
def campaign_preview(request: PageRequest) -> HttpResponse:
    """The mail as a person would get it, from the text as it stands in the form."""
    campaign, lists = _unsaved(request)
    told: dict[str, object] = {}
    try:
        told["preview"] = preview.preview(campaign, _person(request), lists=lists, by=user_actor(request.user.id))
    except ContentErrors as errors:
        told["problems"] = errors.problems
    return render(request, "console/campaigns/preview.html", told)


@verb(role=Role.EDITOR)
def campaign_candidates(request: PageRequest) -> HttpResponse:
    """People on the chosen lists whose address begins as typed, to preview the mail as."""
    campaign, lists = _unsaved(request)
    told: dict[str, object] = {"lists": lists}
    try:
        told["found"] = audience.candidates(
            request.workspace.id,
            lists,
            request.POST.get("as", "")[:200],
            by=user_actor(request.user.id),
            narrowing=Narrowing.of(campaign),
        )
    except TooSlow:
        told["too_slow"] = True
    return render(request, "console/campaigns/candidates.html", told)


@page(role=Role.EDITOR)
def campaign_tags(request: PageRequest) -> HttpResponse:
    """The fields that a mail for a purpose may merge, by category, and those that it may not."""
    groups = queries.merge_tags(request.workspace, request.GET.get("purpose", ""), language=request.LANGUAGE_CODE)
    return render(request, "console/campaigns/tags.html", {"groups": groups})


def one(request: PageRequest, campaign_id: int) -> Campaign:
    """The campaign of the workspace with a number. Raises Http404."""
    return get_object_or_404(queries.campaigns(request.workspace.id), pk=campaign_id)


def _unsaved(request: PageRequest) -> tuple[Campaign, list[int]]:
    """A campaign and its lists as they stand in the form, whatever is missing there yet."""
    form = Editor(request, Campaign(workspace=request.workspace), request.POST)
    form.is_valid()
    texts = {"language": request.workspace.language, **form.texts()}
    narrowing = form.narrowing()
    unsaved = Campaign(workspace=request.workspace, **texts, segment=narrowing.segment, without=narrowing.without)
    return unsaved, [each.pk for each in form.cleaned_data.get("lists", [])]


def _person(request: PageRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("person", ""))
    except ValueError:
        return None


urlpatterns = [
    path("campaigns", campaigns, name="campaigns"),
    path("campaigns/new", new_campaign, name="new_campaign"),
    path("campaigns/audience", campaign_audience, name="campaign_audience"),
    path("campaigns/preview", campaign_preview, name="campaign_preview"),
    path("campaigns/candidates", campaign_candidates, name="campaign_candidates"),
    path("campaigns/tags", campaign_tags, name="campaign_tags"),
    path("campaigns/<int:campaign_id>/edit", edit_campaign, name="edit_campaign"),
    path("campaigns/<int:campaign_id>/copy", duplicate_campaign, name="duplicate_campaign"),
    path("campaigns/<int:campaign_id>/delete", discard_campaign, name="discard_campaign"),
]
