"""Make sure that a Chromium is there for the browser tests: the system's, else Debian's package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")


def path() -> str | None:
    """Where the browser is, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def main() -> int:
    if path():
        return 0
    print("Installing Chromium for the browser tests …")
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-qq", "-y", "chromium"]):
        done = subprocess.run([*sudo, *command], capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"Could not install it: {done.stderr.strip()[-300:]}\nInstall Chromium by hand and try again.")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
