"""Everything on one machine: the database, the pages and the edge, jobs and a sender, started and stopped together."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from urllib.error import URLError
from urllib.request import urlopen

from tillit.conf.terminal import Failed, database, out
from tillit.env import env

PARTS = {"web": ["web"], "worker": ["worker"], "sender": ["sender"]}
READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 25.0
RESTART_PAUSE_S = 1.0
SUPERVISED = "TILLIT_SUPERVISED"
_PR_SET_PDEATHSIG = 1  # Source: prctl(2)


def supervise(*, port: int | None, demo: bool) -> None:
    """Start everything, print where it is, and stay until Ctrl-C or SIGTERM.

    A part that dies is started again. Raises Failed when the port is taken or the database cannot be reached.
    """
    os.environ |= {"TILLIT_PORT": str(port or env().port)} | ({"TILLIT_DEMO": "1"} if demo else {})
    env.cache_clear()
    _refuse_taken_port()
    with _terminated_as_interrupt(), database():
        from tillit.conf import static
        from tillit.conf.database import migrate
        from tillit.conf.demo import ensure_sample

        migrate(env())
        static.collect()
        sign_in = ensure_sample() if demo else ""
        processes = {name: _start(arguments) for name, arguments in PARTS.items()}
        try:
            _wait_until_ready(processes)
            out.print(f"Tillit is ready at [bold]{env().base_url}[/]", soft_wrap=True)
            out.print(sign_in or "Make the first user with `tillit user`.", soft_wrap=True)
            _watch(processes)
        except KeyboardInterrupt:
            out.print("\nStopping …")
        finally:
            _stop(processes)


def _refuse_taken_port() -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((env().host, env().port))
        except OSError as error:
            raise Failed(
                f"Port {env().port} on {env().host} cannot be used: {error.strerror}. "
                "Stop what listens there, or choose another: PORT=8001 make demo, or tillit serve --port 8001."
            ) from error


@contextmanager
def _terminated_as_interrupt() -> Iterator[None]:
    """Let SIGTERM end the run as Ctrl-C does, with everything stopped in order."""

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _start(arguments: list[str]) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches the supervisor alone, which stops the parts in order.
    command = [sys.executable, "-m", "tillit", *arguments]
    return subprocess.Popen(command, start_new_session=True, env=os.environ | {SUPERVISED: "1"})


def end_with_supervisor() -> None:
    """Let the kernel stop this process when a supervisor that started it is killed; nothing keeps the port then."""
    if os.environ.get(SUPERVISED) and sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait_until_ready(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline:
        for name, process in processes.items():
            if process.poll() is not None:
                raise Failed(f"The part “{name}” stopped with status {process.returncode} while starting; see above.")
        try:
            with urlopen(f"http://{env().host}:{env().port}/e/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.05)
    raise Failed(f"The server did not answer on port {env().port} within {READY_TIMEOUT_S:.0f} s.")


def _watch(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    while True:
        time.sleep(RESTART_PAUSE_S)
        for name, process in processes.items():
            if process.poll() is not None:
                out.print(f"The part “{name}” stopped with status {process.returncode} and is started again.")
                processes[name] = _start(PARTS[name])


def _stop(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    for again in (signal.SIGINT, signal.SIGTERM):
        signal.signal(again, signal.SIG_IGN)  # an impatient second Ctrl-C must not leave parts or the database behind
    for process in processes.values():
        process.terminate()
    deadline = time.monotonic() + STOP_TIMEOUT_S
    for name, process in processes.items():
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            out.print(f"The part “{name}” did not stop in time and is ended.")
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
