"""The description is true: requests made from it never break the server, and answers are what it says.

Schemathesis makes the requests: good ones, bad ones, and ones at the edges. Bounded by a number of examples.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from jsonschema import Draft202012Validator
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests import make
from tests.api.conftest import Program
from tillit.api.described import api
from tillit.api.shapes import RegionCode
from tillit.people.models import Export, Import, Source
from tillit.policy.regions import Region

#: Requests an endpoint, of each kind; a run by hand looks at more.
EXAMPLES = int(os.environ.get("API_EXAMPLES", "6"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SCHEMA = api.get_openapi_schema()
ENDPOINTS = [
    pytest.param(path, method.upper(), id=endpoint["operationId"])
    for path, methods in SCHEMA["paths"].items()
    for method, endpoint in methods.items()
]


@pytest.fixture
def described() -> Iterator[Any]:
    """The description as it is served, with the application that serves it in the test's own transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.django_db
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize(("path", "method"), ENDPOINTS)
def test_no_request_breaks_the_server(
    described: Any,
    program: Program,
    source: Source,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    method: str,
    mode: GenerationMode,
) -> None:
    monkeypatch.setattr("tillit.accounts.keys.PER_MINUTE", 10**6)
    known = {
        "person_id": str(make.person(program.workspace)),
        "list_id": make.mailing_list(program.workspace).pk,
        "source_id": source.pk,
        "import_id": _import(source).pk,
        "export_id": _export(program).pk,
    }
    endpoint = described[path][method]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=endpoint.as_strategy(generation_mode=mode), there=st.booleans())
    def send(case: Any, there: bool) -> None:
        if there:  # what is named exists
            case.path_parameters = {name: known.get(name, value) for name, value in case.path_parameters.items()}
            if isinstance(case.body, dict) and "source" in case.body and mode is GenerationMode.POSITIVE:
                case.body["source"] = source.pk
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {program.key}"}
        case.call_and_validate(checks=CHECKS)

    try:
        send()
    except Unsatisfiable:
        pytest.skip("nothing about it could be wrong")


def _import(source: Source) -> Import:
    """An import that is over, of a file that is gone."""
    told = {"file_name": "people.csv", "path": "gone.csv", "options": {"columns": []}, "started_by": "key:1"}
    return Import.objects.create(workspace=source.workspace, source=source, state=Import.State.DONE, **told)


def _export(program: Program) -> Export:
    """An export whose file was deleted."""
    told = {"purpose": "audience.administer", "format": "csv", "started_by": "key:1", "created_at": timezone.now()}
    return Export.objects.create(workspace=program.workspace, state=Export.State.DONE, **told)


def test_the_description_is_one_of_openapi_3_1() -> None:
    assert SCHEMA["openapi"].startswith("3.1")
    for shape in SCHEMA["components"]["schemas"].values():
        Draft202012Validator.check_schema(shape)
    names = [endpoint["operationId"] for methods in SCHEMA["paths"].values() for endpoint in methods.values()]
    assert len(set(names)) == len(names)


def test_every_region_has_its_code() -> None:
    assert set(get_args(RegionCode)) == {region.code for region in Region}
