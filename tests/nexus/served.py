"""A serving Nexus as a process of its own, forked from one in which everything is imported.

So it starts at once; it is killed like any other, and what it prints is read line by line. One that says
nothing for too long is asked where it stands before it is killed.
"""

import asyncio
import faulthandler
import os
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from demo.processes import wait_for
from tests.forks import forked
from tests.patience import PATIENCE

#: How long a Nexus that is asked where it stands may take to say it and end, in seconds; then it hangs in C.
_LAST_WORDS = 30


class Serving:
    """One process of `nexus serve`."""

    def __init__(self, process: BaseProcess, lines: TextIO, complaints: Path) -> None:
        self._process = process
        self._lines = lines
        self._complaints = complaints
        self._drains: threading.Thread | None = None
        with _watched(process):
            first = lines.readline()
        assert " at " in first, f"it does not serve: {self._complained()}"
        self.url = first.split(" at ")[1].strip()

    @property
    def alive(self) -> bool:
        """Whether it serves still."""
        return self._process.is_alive()

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended; None: it has not."""
        return self._process.exitcode

    @property
    def root(self) -> str:
        """Its address without a path."""
        return self.url.removesuffix("/alerts")

    def until(self, *words: str, patience: float = PATIENCE) -> list[str]:
        """The lines up to one that holds all of some words; if it never comes, this Nexus ends."""
        heard = []
        with _watched(self._process, patience):
            for line in self._lines:
                heard.append(line)
                if all(word in line for word in words):
                    return heard
        self.kill()
        raise AssertionError(f"{words!r} never came; last: {''.join(heard[-30:])}\n{self._complained()}")

    def drain(self) -> None:
        """Read on what it prints, or its pipe would be full one day; it has to be killed or stopped then."""
        self._drains = threading.Thread(target=lambda: deque(self._lines, maxlen=0), daemon=True)
        self._drains.start()

    def kill(self) -> None:
        """End it at once, as `kill -9` does."""
        self._process.kill()
        self._process.join()
        if self._drains is not None:
            self._drains.join()

    def stop(self) -> None:
        """Interrupt it, as a terminal does, and wait for its end."""
        self.end(signal.SIGINT)

    def end(self, how: signal.Signals) -> None:
        """Send it a signal and wait for its end."""
        os.kill(self.pid, how)
        self._process.join(PATIENCE)
        assert not self.alive

    def signal(self, number: int) -> None:
        """Send it a signal."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def complains(self, words: str) -> None:
        """Wait until it says something on stderr."""
        wait_for(words, lambda: words in self._complained() or None, seconds=PATIENCE, pause=0.01)

    def _complained(self) -> str:
        """The end of what it said on stderr; of one that hung, its stacks."""
        return self._complaints.read_text()[-20_000:] if self._complaints.exists() else ""


@contextmanager
def served(folder: Path, home: Path, *words: str, **environment: str) -> Iterator[Serving]:
    """Serve the system whose configuration and runbook, if it has one of its own, lie in a folder."""
    words = ("serve", "--port", "0", *(words or ("--engine", "playbook")))
    with typed(home, *words, **_own(folder), **environment) as (process, lines):
        yield Serving(process, lines, _complaints(home))


@contextmanager
def working(folder: Path, home: Path, *, engine: str = "playbook", **environment: str) -> Iterator[Serving]:
    """Drive the incidents of that system, without doors."""
    words = ("worker", "--port", "0", "--engine", engine)
    with typed(home, *words, **_own(folder), **environment) as (process, lines):
        yield Serving(process, lines, _complaints(home))


def _own(folder: Path) -> dict[str, str]:
    files = {"NEXUS_CONFIG": folder / "nexus.yaml", "NEXUS_RUNBOOK": folder / "runbook.yaml"}
    return {name: str(file) for name, file in files.items() if file.exists()}


def typed(home: Path, *words: str, **environment: str) -> AbstractContextManager[tuple[BaseProcess, TextIO]]:
    """Type a command in a process of its own; with it the lines that it prints."""
    return forked(_run, ["nexus", *words], {"NEXUS_HOME": str(home), **environment})


@contextmanager
def _watched(process: BaseProcess, patience: float = PATIENCE) -> Iterator[None]:
    watchdog = threading.Timer(patience, _end, (process,))
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()


def _end(process: BaseProcess) -> None:
    """Let a Nexus that hangs say where and end; kill it if it does not."""
    for asked in (signal.SIGUSR1, signal.SIGUSR2):
        if process.pid is not None and process.is_alive():
            os.kill(process.pid, asked)
            process.join(_LAST_WORDS)
    process.kill()


def _complaints(home: Path) -> Path:
    """What it says on stderr."""
    return home.with_name("complaints")


def _run(argv: list[str], settings: Mapping[str, str]) -> None:
    """What the process does: the command line."""
    os.environ.update(settings)
    sys.argv = argv
    sys.stderr = _complaints(Path(settings["NEXUS_HOME"])).open("a", buffering=1)
    _explain_when_asked()
    # Imported here: the parent only needs to know how to start it.
    from nexus.cli import main  # noqa: PLC0415

    main()


def _explain_when_asked() -> None:
    """On SIGUSR1 come the stacks of all tasks and threads and the end; on SIGUSR2 as well, if it hangs in C.

    The second one reads the threads' frames while they run, of which CPython 3.11 dies now and then.
    """
    signal.signal(signal.SIGUSR1, _last_words)
    faulthandler.register(signal.SIGUSR2, file=sys.stderr, chain=True)


def _last_words(number: int, frame: FrameType | None) -> None:
    """Say where it waits; other threads stand still meanwhile."""
    # In a file of its own: what the signal interrupted may be writing to the other.
    with Path(sys.stderr.name).open("a", encoding="utf-8") as said:
        faulthandler.dump_traceback(file=said)
        with suppress(RuntimeError):  # it hangs before or after its loop: the stacks of the threads say where
            _tell_tasks(said)
    os._exit(1)


def _tell_tasks(said: TextIO) -> None:
    for task in asyncio.all_tasks():
        said.write(f"\n{task.get_name()} waits in:\n")
        waits: Any = task.get_coro()
        while (stands := getattr(waits, "cr_frame", None)) is not None:
            traceback.print_stack(stands, limit=1, file=said)
            waits = waits.cr_await
