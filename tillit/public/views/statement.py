"""The published policy: the version in force, and every earlier one under its own address."""

from __future__ import annotations

from functools import lru_cache

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString, mark_safe

from tillit.accounts.models import Workspace
from tillit.ledger.models import PolicyVersion
from tillit.ledger.versions import Version, in_force, version
from tillit.policy.statement import render as in_markdown
from tillit.public.markdown import as_html
from tillit.public.pages import language_of, open_page, problem, show


@open_page("GET")
def statement(request: HttpRequest, workspace_id: int, number: int | None = None) -> HttpResponse:
    """The statement of a workspace's policy, in force or of an earlier day. Source: GDPR art 12-14; CLAUSES J1, J2."""
    try:
        workspace = Workspace.objects.get(pk=workspace_id)
        current = in_force(workspace.pk)
        chosen = current if number is None else version(_id_of(workspace, number))
    except (Workspace.DoesNotExist, PolicyVersion.DoesNotExist, Http404):
        return problem(request, "missing", status=404)
    language = language_of(request)
    return show(
        request,
        "statement",
        version=chosen,
        workspace=workspace,
        current=current,
        versions=PolicyVersion.objects.filter(workspace=workspace).order_by("-number"),
        body=_body(chosen.id, language),
    )


def _id_of(workspace: Workspace, number: int) -> int:
    return PolicyVersion.objects.only("id").get(workspace=workspace, number=number).pk


@lru_cache(maxsize=32)
def _body(version_id: int, language: str) -> SafeString:
    """A version never changes, so its page is made once a process and language."""
    chosen: Version = version(version_id)
    text = in_markdown(chosen.document, language=language, version=chosen.digest, published=chosen.published_at.date())
    return mark_safe(as_html(text))  # noqa: S308  cleaned by nh3
