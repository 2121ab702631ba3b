"""Sources by the API, with their whole warranty."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Program, Programs
from tillit.people.models import Evidence, Source

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\nAn agreement"


def put(program: Program, source: Source, content: bytes, name: str = "agreement.pdf") -> Any:
    where = f"/api/v1/sources/{source.pk}/evidence?file_name={name}"
    said = {"Authorization": f"Bearer {program.key}"}
    return program.client.put(where, content, content_type="application/octet-stream", headers=said)


@pytest.mark.clause("B4")
def test_the_whole_warranty_is_written_down_and_renewed(program: Program) -> None:
    told = {"name": "Fair", "warranty": "At the stand", "collected_by": "A partner", "basis": "consent"}
    told |= {"country": "SE", "valid_until": "2030-01-01"}
    made = program.post("/sources", told)
    assert made.status_code == 201, made.content
    here = f"/sources/{made.json()['id']}"
    assert program.get(here).json() == {"id": made.json()["id"], "evidence": "", **told}
    changed = program.patch(here, {"valid_until": None, "collected_by": "Us"}).json()
    assert (changed["valid_until"], changed["collected_by"], changed["country"]) == (None, "Us", "SE")
    assert program.get("/sources").json()["items"][0]["basis"] == "consent"


def test_what_no_source_can_be_is_refused(program: Program, programs: Programs, source: Source) -> None:
    program.post("/sources", {"name": "Other", "warranty": "x"})
    here = f"/sources/{source.pk}"
    unfit = [{"country": "XX"}, {"country": "Sweden"}, {"basis": "hope"}, {"name": " "}, {"warranty": ""}, {"a": 1}]
    for wrong in unfit:
        assert program.patch(here, wrong).status_code == 422, wrong
    assert program.patch(here, {"name": "Other"}).status_code == 409
    assert programs().get(here).status_code == programs().patch(here, {}).status_code == 404


@pytest.mark.clause("B4")
def test_a_file_proves_the_warranty(program: Program, programs: Programs, source: Source) -> None:
    assert program.get(f"/sources/{source.pk}/evidence").status_code == 404
    assert put(program, source, PDF).json()["evidence"] == "agreement.pdf"
    answer = program.get(f"/sources/{source.pk}/evidence")
    assert (answer.content, answer["Content-Type"]) == (PDF, "application/octet-stream")
    outside = programs(workspace=program.workspace, recipient="distributor-nordic")
    assert outside.get(f"/sources/{source.pk}/evidence").status_code == 404, "it is between ourselves and the source"
    for wrong in (b"", b"PK\x03\x04 no document", b"\x00\x01\x02"):
        assert put(program, source, wrong).status_code == 422
    assert bytes(Evidence.objects.get().content) == PDF
    assert put(programs(), source, PDF).status_code == 404
