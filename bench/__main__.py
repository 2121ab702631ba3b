"""`make bench`: every scenario, each in a process of its own so that none warms or slows another."""

from __future__ import annotations

import argparse
import subprocess
import sys

SCENARIOS = ("decide", "audience", "find", "page", "import", "publish", "send", "edge")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help=f"of {', '.join(SCENARIOS)}; all by default")
    parser.add_argument("--size", choices=("small", "large"), default="small")
    arguments = parser.parse_args()
    failed = [
        name
        for name in arguments.scenarios or SCENARIOS
        if subprocess.run([sys.executable, "-m", f"bench.{name}", "--size", arguments.size], check=False).returncode
    ]
    if failed:
        print(f"Failed: {', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
