"""The environment of every test: a data folder and a secret of its own. Loaded before the settings are read."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

for _name in [name for name in os.environ if name.startswith("TILLIT_")]:
    del os.environ[_name]
os.environ["TILLIT_DATA"] = str(ROOT / "var" / "test")
os.environ["TILLIT_SECRET"] = "a secret for tests only, forty characters"
