from pathlib import Path

import pytest

from tests.environment import without_promises
from tillit.policy.document import Document
from tillit.policy.load import load

REFERENCE = Path(__file__).resolve().parents[2] / "policies" / "smart-media-solutions.yaml"


@pytest.fixture(scope="session")
def promising_text() -> str:
    """The reference policy as it ships."""
    return REFERENCE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def reference_text(promising_text: str) -> str:
    """The reference policy without the promises of its statement, for tests that change what it permits."""
    return without_promises(promising_text)


@pytest.fixture(scope="session")
def reference(promising_text: str) -> Document:
    return load(promising_text)
