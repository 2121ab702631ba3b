from pathlib import Path

import pytest

from tillit.policy.document import Document
from tillit.policy.load import load

REFERENCE = Path(__file__).resolve().parents[2] / "policies" / "smart-media-solutions.yaml"


@pytest.fixture(scope="session")
def reference_text() -> str:
    return REFERENCE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def reference(reference_text: str) -> Document:
    return load(reference_text)
