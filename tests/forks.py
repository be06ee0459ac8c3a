"""Processes forked from one in which everything is imported: they start at once."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from typing import TextIO

#: What a run imports before its incident has ended, and what a serving Nexus does.
_PRELOADED = [
    "nexus.cli", "nexus.cli.live", "nexus.cli.run", "nexus.service.intake", "nexus.server.app",
    "nexus.runtime.wiring", "nexus.runtime.live_run", "nexus.runtime.engines", "uvicorn",
    "nexus.cli.terminal.timeline", "evals.batch", "PIL.ImageDraw", "PIL.ImageFont",
]  # fmt: skip


@cache
def forks() -> ForkServerContext:
    """Where processes are forked; its server begins with the first question for it and stays."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    forkserver.ensure_running()
    return context


@contextmanager
def forked(work: Callable[..., object], *given: object) -> Iterator[tuple[BaseProcess, TextIO]]:
    """Do some work in a process of its own; with it the lines that it prints, as they come."""
    hears, says = forks().Pipe(duplex=False)
    process = forks().Process(target=_speak, args=(says, work, given), daemon=True)
    process.start()
    says.close()
    try:
        with hears, os.fdopen(hears.fileno(), closefd=False) as lines:
            yield process, lines
    finally:
        process.kill()
        process.join()


def _speak(says: Connection, work: Callable[..., object], given: tuple[object, ...]) -> None:
    sys.stdout = os.fdopen(says.fileno(), "w", buffering=1)
    work(*given)
