"""A serving Nexus as a process of its own, forked from one in which everything is imported.

So it starts at once; it is killed like any other, and what it prints is read line by line.
"""

import multiprocessing
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TextIO

#: What a serving Nexus imports before its first incident has ended.
_PRELOADED = [
    "nexus.cli", "nexus.cli.live", "nexus.desk", "nexus.web", "nexus.app", "nexus.live", "nexus.engines",
    "uvicorn", "nexus.render.timeline", "evals", "matplotlib.figure", "matplotlib.backends.backend_agg",
]  # fmt: skip
#: What never comes ends the wait for it, by the death of its Nexus; in seconds.
_PATIENCE = 120


class Serving:
    """One process of `nexus serve`."""

    def __init__(self, process: multiprocessing.process.BaseProcess, lines: TextIO, complaints: Path) -> None:
        self._process = process
        self._lines = lines
        self._complaints = complaints
        with _watched(process):
            first = lines.readline()
        assert " at " in first, f"it does not serve: {complaints.read_text() if complaints.exists() else ''}"
        self.url = first.split(" at ")[1].strip()

    @property
    def root(self) -> str:
        """Its address without a path."""
        return self.url.removesuffix("/alerts")

    def until(self, *words: str) -> list[str]:
        """The lines up to one that holds all of some words."""
        heard = []
        with _watched(self._process):
            for line in self._lines:
                heard.append(line)
                if all(word in line for word in words):
                    return heard
        complained = self._complaints.read_text()[-4000:]
        raise AssertionError(f"{words!r} never came; last: {''.join(heard[-30:])}\n{complained}")

    def kill(self) -> None:
        """End it at once, as `kill -9` does."""
        self._process.kill()
        self._process.join()


@contextmanager
def served(folder: Path, home: Path, *words: str, **environment: str) -> Iterator[Serving]:
    """Serve the system whose configuration and runbook lie in a folder."""
    settings = {
        "NEXUS_HOME": str(home),
        "NEXUS_RUNBOOK": str(folder / "runbook.yaml"),
        "NEXUS_CONFIG": str(folder / "nexus.yaml"),
    } | environment
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(_PRELOADED)
    hears, says = forks.Pipe(duplex=False)
    argv = ["nexus", "serve", "--port", "0", *(words or ("--engine", "playbook"))]
    process = forks.Process(target=_serve, args=(argv, settings, says), daemon=True)
    process.start()
    says.close()
    try:
        with hears, os.fdopen(hears.fileno(), closefd=False) as lines:
            yield Serving(process, lines, _complaints(home))
    finally:
        process.kill()
        process.join()


@contextmanager
def _watched(process: multiprocessing.process.BaseProcess) -> Iterator[None]:
    watchdog = threading.Timer(_PATIENCE, process.kill)
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()


def _complaints(home: Path) -> Path:
    """What it says on stderr."""
    return home.with_name("complaints")


def _serve(argv: list[str], settings: Mapping[str, str], says: Connection) -> None:
    """What the process does: the command line, with its output where the test reads it."""
    os.environ.update(settings)
    sys.argv = argv
    sys.stdout = os.fdopen(says.fileno(), "w", buffering=1)
    sys.stderr = _complaints(Path(settings["NEXUS_HOME"])).open("a", buffering=1)
    # Imported here: the parent only needs to know how to start it.
    from nexus.cli import main  # noqa: PLC0415

    main()
