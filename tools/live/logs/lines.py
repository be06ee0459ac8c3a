"""One log line, however it was written, and where it comes from."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from incidents.findings import Window

#: Lines of one question; the newest are kept.
MOST_LINES = 50_000
_ESCAPE = re.compile(r"(?:\x1b|#033)(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])|\x1b")


class LogLine(NamedTuple):
    """A row of the logs frame, as its source tells it: the service is not yet the catalogue's."""

    time: datetime
    service: str
    instance: str
    level: str
    message: str
    trace_id: str
    span_id: str


class Source(Protocol):
    """One log backend."""

    name: str

    async def lines(self, window: Window) -> Sequence[LogLine]:
        """The lines of a window, at most `MOST_LINES`, the newest; what is left out is noted.

        Raises:
            ToolFailed: it does not answer.
        """
        ...

    async def check(self) -> str:
        """A real, small question, and what came of it in words; raises like `lines`."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class Keys(NamedTuple):
    """Where a JSON object has what; a dot goes into an object, or is part of the key."""

    time: str = "time"
    service: str = "service"
    instance: str = "instance"
    level: str = "level"
    message: str = "message"
    trace_id: str = "trace_id"
    span_id: str = "span_id"


def dig(found: Any, key: str) -> Any:
    """The value of a key such as `log.level`: a key of that name, or of the object that its parts lead to."""
    while isinstance(found, dict):
        if key in found:
            return found[key]
        outer, dot, key = key.partition(".")
        if not dot:
            return None
        found = found.get(outer)
    return None


def without_colours(text: str) -> str:
    """A text without the sequences that colour it on a terminal; a tab is one, as rsyslog writes it too."""
    escaped = "#" in text
    if "\x1b" in text or (escaped and "#033[" in text):
        text = _ESCAPE.sub("", text)
    return text.replace("#011", "\t") if escaped else text
