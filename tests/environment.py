"""The environment of every test: a data folder and a secret of its own. Loaded before the settings are read."""

from __future__ import annotations

import fcntl
import os
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

for _name in [name for name in os.environ if name.startswith("TILLIT_")]:
    del os.environ[_name]
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")  # such as gw0, where several work at once
os.environ["TILLIT_DATA"] = str(ROOT / "var" / f"test-{_worker}".removesuffix("-"))
os.environ["TILLIT_SECRET"] = "a secret for tests only, forty characters"
# Workers have to find the same tests in the same order, also where the cases are a set.
os.environ.setdefault("PYTHONHASHSEED", str(random.randrange(2**32)))


def without_promises(policy: str) -> str:
    """A policy without what its statement asserts: a test that changes what is permitted would break it."""
    return re.sub(r"^      asserts:\n(?:        - .*\n)+", "", policy, flags=re.MULTILINE)


@contextmanager
def alone() -> Iterator[None]:
    """Make other workers wait while one makes what all of them share, such as the built front end."""
    with Path(__file__).open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# How long an example takes depends on what else the machine does. Where a change is judged, the same change is judged
# alike each time; elsewhere every run looks at other examples.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", settings.get_profile("patient"), derandomize=True)
settings.load_profile("repeatable" if os.environ.get("CI") else "patient")
