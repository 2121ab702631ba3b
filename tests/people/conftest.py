"""A workspace that can import, and imports of texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from tests import make
from tillit.accounts.models import Workspace
from tillit.people.actions import make_default_fields
from tillit.people.importing.run import run_import
from tillit.people.importing.start import start_import
from tillit.people.models import Import, MailingList, Source


@pytest.fixture(autouse=True)
def import_folder(settings, tmp_path) -> Path:
    settings.IMPORT_FOLDER = tmp_path / "imports"
    return settings.IMPORT_FOLDER


@pytest.fixture
def make_house() -> Callable[[], Workspace]:
    def made() -> Workspace:
        workspace = make.workspace(name="House")
        make_default_fields(workspace.pk)
        Source.objects.create(
            workspace=workspace, name="A fair", warranty="Collected by us at the stand, with consent."
        )
        MailingList.objects.create(workspace=workspace, name="News")
        return workspace

    return made


@pytest.fixture
def house(db, make_house) -> Workspace:
    return make_house()


@pytest.fixture
def queue(tmp_path) -> Callable[..., Import]:
    """Make an import of a text or bytes, ready to run."""

    def queued(workspace: Workspace, content: str | bytes, **options: object) -> Import:
        path = tmp_path / "people.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        options = {
            "source": Source.objects.filter(workspace=workspace).first(),
            "mailing_list": MailingList.objects.filter(workspace=workspace).order_by("id").first(),
            **options,
        }
        return start_import(workspace.pk, path, by="user:1", now=timezone.now(), defer=False, **options)

    return queued


@pytest.fixture
def bring(queue) -> Callable[..., Import]:
    """Make an import of a text or bytes, and run it."""

    def brought(workspace: Workspace, content: str | bytes, *, chunk_rows: int = 1000, **options: object) -> Import:
        return run_import(queue(workspace, content, **options).pk, chunk_rows=chunk_rows)

    return brought


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr("tillit.people.importing.table.BLOCK_BYTES", 4096)
