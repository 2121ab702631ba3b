"""The published policy: the version in force, and every earlier one under its own address."""

from __future__ import annotations

from functools import lru_cache

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString, mark_safe

from tillit.accounts.models import Workspace
from tillit.ledger.models import PolicyVersion
from tillit.ledger.versions import Version, in_force, version
from tillit.policy import statement_markdown
from tillit.policy.document import Audience
from tillit.policy.statement import Facts, build
from tillit.policy.statement_words import Words
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
    audience = next((each for each in _layers(chosen) if each.value == request.GET.get("for")), None)
    return show(
        request,
        "statement",
        version=chosen,
        workspace=workspace,
        current=current,
        versions=PolicyVersion.objects.filter(workspace=workspace).order_by("-number"),
        body=_body(chosen.id, language, audience),
        audiences=[(each.value, Words(language).audience(each), each is audience) for each in _layers(chosen)],
        audience=audience,
    )


def _id_of(workspace: Workspace, number: int) -> int:
    return PolicyVersion.objects.only("id").get(workspace=workspace, number=number).pk


def _layers(chosen: Version) -> list[Audience]:
    """The audiences that a statement speaks to by themselves. Source: CLAUSES A9."""
    spoken = {section.audience for section in chosen.document.statement.sections.values()}
    return [each for each in Audience if each in spoken and each is not Audience.EVERYONE]


@lru_cache(maxsize=64)
def _body(version_id: int, language: str, audience: Audience | None) -> SafeString:
    """A version never changes, so its page is made once a process, language and audience."""
    chosen: Version = version(version_id)
    facts = Facts(number=chosen.number, digest=chosen.digest, effective_at=chosen.effective_at)
    made = build(chosen.document, chosen.rules, language=language, audience=audience, version=facts)
    text = statement_markdown.write(made)
    return mark_safe(as_html(text))  # noqa: S308  cleaned by nh3
