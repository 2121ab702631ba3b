"""Errors as programs read them: one form, a stable name, and words in the reader's language.

Source: RFC 9457 (problem details).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import BaseModel, ConfigDict, Field

from tillit.consent.actions import NobodyThere
from tillit.governance.explain import NoMoment
from tillit.ledger.processing import Refused
from tillit.outbound import Forbidden, Unreachable
from tillit.people.identity import InvalidIdentifier
from tillit.people.importing.drafts import Begun
from tillit.people.importing.files import NotReadable
from tillit.people.importing.mapping import BadMapping
from tillit.people.importing.undo import CannotUndo
from tillit.people.lists import NameTaken
from tillit.people.patience import ADVICE, TooSlow
from tillit.people.records import NobodyHere, UnreadableValue
from tillit.people.segments.actions import NameTaken as SegmentNameTaken
from tillit.people.segments.tree import Mistake

CONTENT_TYPE = "application/problem+json"

#: Every kind of problem: the last part of its address → status and title.
KINDS: dict[str, tuple[int, str]] = {
    "malformed": (400, gettext_noop("The request cannot be read")),
    "no-key": (401, gettext_noop("A valid API key is needed")),
    "role": (403, gettext_noop("The key’s role is too low")),
    "purpose": (403, gettext_noop("The key is not for this purpose")),
    "not-found": (404, gettext_noop("There is nothing here")),
    "method": (405, gettext_noop("That cannot be done here")),
    "conflict": (409, gettext_noop("Something else stands in the way")),
    "refused": (409, gettext_noop("The policy does not permit it")),
    "running": (409, gettext_noop("The same request is still being answered")),
    "too-slow": (409, gettext_noop("It took too long, and was stopped")),
    "too-large": (413, gettext_noop("The request is too large")),
    "media-type": (415, gettext_noop("The content is not of a type that is read here")),
    "invalid": (422, gettext_noop("The request says something that cannot be")),
    "key-reused": (422, gettext_noop("The idempotency key was used for another request")),
    "too-many": (429, gettext_noop("Too many requests")),
    "error": (500, gettext_noop("Something went wrong here")),
}
_BY_STATUS = {status: kind for kind, (status, _title) in reversed(KINDS.items())} | {409: "conflict", 403: "role"}


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    where: str = Field(description="Where it stands, such as `body.email` or `query.limit`.")
    detail: str


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(description="The address that names the kind of problem; it never changes.")
    title: str
    status: int
    detail: str = Field(description="What happened and what to do next, in the language of Accept-Language.")
    rule: str | None = Field(None, description="The purpose whose rule refused.")
    clause: str | None = Field(None, description="The promise of the policy that stands in the way.")
    errors: list[Fault] | None = None


class ApiProblem(Exception):
    """A request cannot be answered; `kind` is one of KINDS."""

    def __init__(self, kind: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.more = kind, detail, more


def answer(kind: str, detail: str, **more: Any) -> HttpResponse:
    """The response that says a problem."""
    status, title = KINDS[kind]
    said = {"type": f"{settings.BASE_URL}/api/problems/{kind}", "title": _(title), "status": status, "detail": detail}
    response = JsonResponse(said | {name: value for name, value in more.items() if value}, content_type=CONTENT_TYPE)
    response.status_code = status
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def of_status(status: int) -> HttpResponse:
    """The problem for a bare status that something below the API answered with."""
    kind = _BY_STATUS.get(status, "error" if status >= 500 else "malformed")
    return answer(kind, _(KINDS[kind][1]) + ".")


def invalid(where: str, detail: str) -> ApiProblem:
    """A problem with one part of a request."""
    return ApiProblem("invalid", detail, errors=[{"where": where, "detail": detail}])


def missing() -> ApiProblem:
    """The problem of something that is not there, or not in this workspace."""
    return ApiProblem("not-found", _("It does not exist, or not in the workspace that the key belongs to."))


def from_exception(error: Exception) -> ApiProblem | None:
    """What an exception means to whoever asked; None for one that is a fault of ours."""
    for kinds, told in _TOLD:
        if isinstance(error, kinds):
            return told(error)
    return None


def _refused(error: Refused) -> ApiProblem:
    return ApiProblem("refused", error.reason, rule=error.rule, clause=error.clause)


def _http(error: HttpError) -> ApiProblem:
    return ApiProblem(_BY_STATUS.get(error.status_code, "malformed"), str(error))


def _validation(error: ValidationError) -> ApiProblem:
    faults = [{"where": _place(each["loc"]), "detail": str(each["msg"])} for each in error.errors]
    return ApiProblem("invalid", _("Some of what was sent does not fit."), errors=faults)


def _place(parts: tuple[str | int, ...]) -> str:
    """``body.email`` from a place such as ``("body", "body", "email")``: the argument's own name says nothing."""
    source, *rest = (str(part) for part in parts)
    return ".".join([source, *(rest[1:] if source == "body" else rest)])


def _value(error: UnreadableValue) -> ApiProblem:
    said = _("“%(field)s” cannot hold that: it is of the type “%(type)s”.")
    return invalid(
        f"body.fields.{error.field.name}", said % {"field": error.field.name, "type": error.field.get_type_display()}
    )


def _no_key(_error: Exception) -> ApiProblem:
    return ApiProblem("no-key", _("Send a key that is valid as “Authorization: Bearer …”. An owner makes keys."))


_TOLD: tuple[tuple[type[Exception], Callable[[Any], ApiProblem]], ...] = (
    (ApiProblem, lambda error: error),
    (NobodyHere, lambda _error: missing()),
    (NobodyThere, lambda _error: missing()),
    (Refused, _refused),
    (Http404, lambda _error: missing()),
    (AuthenticationError, _no_key),
    (ValidationError, _validation),
    (HttpError, _http),
    (Forbidden, lambda error: invalid("body.url", str(error))),
    (Unreachable, lambda error: invalid("body.url", str(error))),
    (Mistake, lambda error: invalid("body.text", str(error))),
    (SegmentNameTaken, lambda _error: ApiProblem("conflict", _("Another segment of the workspace has this name."))),
    (CannotUndo, lambda error: ApiProblem("conflict", str(error))),
    (Begun, lambda error: ApiProblem("conflict", str(error))),
    (TooSlow, lambda _error: ApiProblem("too-slow", str(ADVICE))),
    (InvalidIdentifier, lambda _error: invalid("body.email", _("This is not an email address."))),
    (UnreadableValue, _value),
    (NameTaken, lambda _error: ApiProblem("conflict", _("Another list of the workspace has this name."))),
    (NoMoment, lambda error: invalid("query.at", str(error))),
    (BadMapping, lambda error: invalid("body.map", str(error))),
    (NotReadable, lambda error: invalid("body", str(error))),
    (RequestDataTooBig, lambda _error: ApiProblem("too-large", _("The content is larger than is read here."))),
    (IntegrityError, lambda _error: ApiProblem("conflict", _("Something was written at the same time. Try again."))),
)


def handle(_request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer an exception. A fault of ours is raised again: Django writes it down and answers 500."""
    problem = from_exception(error)
    if problem is None:
        raise error
    return answer(problem.kind, problem.detail, **problem.more)
