"""Plain subprocesses in process groups of their own, started and stopped by pid."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")


class NotReadyError(Exception):
    """Something that was started or expected did not come in time."""


#: How long a start may take on a machine that has other things to do, in seconds.
START_SECONDS = 180.0
#: Where ports are looked for: below those that Linux itself gives out, which may take one before it is used.
_PORTS = range(20_000, 32_000)
#: Each process goes through them from a place of its own, so none is named twice.
_candidates = itertools.islice(itertools.cycle(_PORTS), os.getpid() * 64 % len(_PORTS), None)


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    for port in itertools.islice(_candidates, len(_PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise NotReadyError(f"no port of {_PORTS.start} to {_PORTS.stop} is free")


def wait_for(what: str, look: Callable[[], Found | None], *, seconds: float, pause: float = 0.05) -> Found:
    """Polls `look` until it finds something.

    Raises:
        NotReadyError: It found nothing within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise NotReadyError(f"{what}: nothing within {seconds:g} s")
        time.sleep(pause)
    return found


def kept(*argv: str | Path) -> list[str | Path]:
    """The same program under a child guard, for one that does not end with its standard input by itself."""
    return [sys.executable, Path(__file__).with_name("child_guard.py"), *argv]


class Process:
    """One running subprocess.

    Its standard input is a pipe that nobody writes to: the shop's services end when it closes, and other
    programs are `kept`, so that not even a killed launcher leaves them behind.

    Args:
        name: What to call it in messages.
        argv: The program's full path and its arguments.
        output: File that takes what it prints.
        environment: All it gets to see of an environment.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        output: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        output.parent.mkdir(parents=True, exist_ok=True)
        with output.open("ab") as sink:
            self._process = subprocess.Popen(  # noqa: S603 - programs and arguments are our own
                [str(part) for part in argv],
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=dict(environment or {}),
                start_new_session=True,
            )
        self._output = output

    @property
    def pid(self) -> int:
        """The process id, which is the id of its group too."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def check(self) -> None:
        """Complains if it has ended, except in success.

        Raises:
            NotReadyError: With the last lines it printed.
        """
        if self._process.poll():
            last = "\n".join(self._output.read_text(errors="replace").splitlines()[-5:])
            raise NotReadyError(f"{self.name} ended with status {self._process.returncode}: {last}")

    def stop(self, *, grace: float = 12.0) -> None:
        """Ends it and its group: politely, then by force. Stopping twice is fine."""
        if self.running:
            self._signal(signal.SIGTERM)
            try:
                self._process.wait(grace)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
                self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return  # it ended by itself in the meantime
