"""The cookie statement: what is stored on or read from a device, generated from the trackers of the policy."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from tillit.accounts.models import Workspace
from tillit.ledger.versions import NoPolicy, in_force
from tillit.policy.statement_words import Words
from tillit.public import statements
from tillit.public.pages import house_workspace, language_of, open_page, problem, show


@open_page("GET")
def cookies(request: HttpRequest, workspace_id: int | None = None) -> HttpResponse:
    """The cookie statement in force, of a workspace or of the house. Source: Directive 2002/58/EC art 5(3); B3."""
    workspace = house_workspace() if workspace_id is None else Workspace.objects.filter(pk=workspace_id).first()
    try:
        chosen = in_force(workspace.pk) if workspace else None
    except NoPolicy:
        chosen = None
    if chosen is None:
        return problem(request, "missing", status=404)
    language = language_of(request)
    words = Words(language)
    none = not chosen.document.trackers
    response = show(
        request,
        "cookies",
        version=chosen,
        workspace=workspace,
        title=words.phrase("trackers"),
        introduction=words.phrase("no_trackers" if none else "trackers_intro"),
        choice="" if none else words.phrase("trackers_choice"),
        body=statements.cookies(statements.reading(chosen, language=language, audience=None)),
    )
    response["Vary"] = "Accept-Language, Cookie"
    response["X-Robots-Tag"] = "all"
    return response
