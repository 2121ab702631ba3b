"""The environment of every test: a data folder and a secret of its own. Loaded before the settings are read."""

from __future__ import annotations

import os
import re
from pathlib import Path

from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

for _name in [name for name in os.environ if name.startswith("TILLIT_")]:
    del os.environ[_name]
os.environ["TILLIT_DATA"] = str(ROOT / "var" / "test")
os.environ["TILLIT_SECRET"] = "a secret for tests only, forty characters"


def without_promises(policy: str) -> str:
    """A policy without what its statement asserts: a test that changes what is permitted would break it."""
    return re.sub(r"^      asserts:\n(?:        - .*\n)+", "", policy, flags=re.MULTILINE)


# Where a change is judged, the same change is judged alike each time; elsewhere every run looks at other examples.
settings.register_profile("repeatable", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("repeatable")
