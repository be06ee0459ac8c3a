"""Data gaps: what a backend answered only in part is noted where it is seen, told with the findings.

A port answers with a frame; what the frame lacks is a sentence beside it. It travels outside of the answer,
so that wrappers around a port need not know of it, and it stays with the question that it belongs to: tasks
and threads that are started while a question is asked note into the same list.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog

from tools.clock import Clock

log = structlog.get_logger(__name__)

_open: ContextVar[list[str] | None] = ContextVar("gaps", default=None)


def note_gap(gap: str) -> None:
    """Say what is missing from the answer that is being made; the same sentence again adds nothing."""
    gaps = _open.get()
    if gaps is not None and gap in gaps:
        return
    log.info("gap", what=gap)
    if gaps is not None:
        gaps.append(gap)


@contextmanager
def collect_gaps() -> Iterator[list[str]]:
    """Collect what is noted inside; complete when the block has ended."""
    gaps: list[str] = []
    token = _open.set(gaps)
    try:
        yield gaps
    finally:
        _open.reset(token)


class OutageNote:
    """Since when something has not answered, by this machine's clock.

    Args:
        clock: tells when the first question failed.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since = ""

    def told(self, sentence: str) -> str:
        """A sentence about a question that failed, with since when that is so."""
        self._since = self._since or f"{self._clock.now():%H:%M:%S} UTC"
        return f"{sentence} (unavailable since {self._since})"

    def over(self) -> None:
        """It answered."""
        self._since = ""
