"""The API as a whole, and its description (OpenAPI 3.1), which the Python client is made from."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.renderers import BaseRenderer
from pydantic_core import to_json

from tillit.api import problems
from tillit.api.endpoints import (
    choices,
    duplicates,
    exports,
    imports,
    lists,
    me,
    persons,
    refused,
    segments,
    sources,
    suppressions,
)
from tillit.api.once import HEADER, LONGEST

DESCRIPTION = """\
Everything that staff may do with persons, lists and choices, for programs.

A key is made by an owner under Settings, and sent as `Authorization: Bearer tillit_…`. It has a role and is for some of
the policy's purposes; whatever it reads or writes is decided by the policy in force, and recorded in the ledger.
"""
_ANY = (401, 403, 422, 429)  # of every endpoint
_WRITES = {"post", "put", "patch", "delete"}
_MEANT = {
    400: "The request cannot be read.",
    401: "No key, or one that opens nothing.",
    403: "The key’s role is too low, or it is not for the purpose.",
    404: "It does not exist, or not in the workspace.",
    409: "The policy does not permit it, or something else stands in the way.",
    413: "The content is larger than is read here.",
    422: "The request says something that cannot be.",
    429: "The key has used its requests of this minute.",
}


class Json(BaseRenderer):
    """Writes moments to the microsecond, as a repeated answer does; the framework's own cuts them."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return to_json(data)


class Api(NinjaAPI):
    """The endpoints with one form of errors, and a description that says all that an endpoint may answer."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return str(operation.view_func.__name__)

    def get_openapi_schema(self, **given: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**given)
        schema["components"]["schemas"]["Problem"] = problems.Problem.model_json_schema(
            ref_template="#/components/schemas/{model}"
        )
        for name, shape in schema["components"]["schemas"]["Problem"].pop("$defs").items():
            schema["components"]["schemas"][name] = shape
        for path, operations in schema["paths"].items():
            for method, operation in operations.items():
                _complete(path, method, operation)
        return schema

    def on_exception(self, request: HttpRequest, exc: Any) -> Any:
        return problems.handle(request, exc)


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Say what endpoints have in common: problems, the idempotency key, what a key needs."""
    if kind := operation.pop("x-tillit-gives", ""):
        file = {"type": "string", "format": "binary"}
        operation["responses"] = {200: {"description": "The file.", "content": {kind: {"schema": file}}}}
    statuses = {*_ANY, 400} if "requestBody" in operation else {*_ANY}
    statuses |= {404} if "{" in path else set()
    statuses |= {409} if method in _WRITES or operation["x-tillit-purpose"] else set()
    for status in sorted(statuses):
        operation["responses"][status] = _problem(_MEANT[status])
    if method in _WRITES:
        operation["parameters"].append(
            {
                "in": "header",
                "name": HEADER,
                "required": False,
                "description": "A text of your own for this request. Repeated within a day, it is answered alike and"
                " carried out once.",
                "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": "^[!-~]+$"},
            }
        )
    role, purpose = operation["x-tillit-role"], operation["x-tillit-purpose"]
    needs = f"Needs the role `{role}`" + (f" and the purpose `{purpose}`." if purpose else ".")
    operation["description"] = (
        f"{operation.get('description', '')}\n\n{needs.replace('`?purpose`', 'that is asked for')}"
    )
    operation["security"] = [{"Key": [role, *([purpose] if purpose else [])]}]


def _problem(text: str) -> dict[str, Any]:
    shape = {"$ref": "#/components/schemas/Problem"}
    return {"description": text, "content": {problems.CONTENT_TYPE: {"schema": shape}}}


api = Api(
    title="Tillit",
    version="1",
    description=DESCRIPTION,
    docs_url=None,
    renderer=Json(),
    urls_namespace="api-v1",
    openapi_extra={"info": {"license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}}},
)
for module in (me, persons, duplicates, lists, choices, segments, imports, refused, exports, suppressions, sources):
    api.add_router("", module.router)
