"""Limits of servers, as their refusals tell them: how much too large an answer was, how long a window may be.

gRPC has a limit for one message (4 MiB), so Loki, Tempo, Mimir and Cortex fail with its sentence where they
pass on what another part of them answered; Elasticsearch and OpenSearch break a circuit before they run out
of memory.
"""

import re
from datetime import timedelta

from incidents.errors import ToolFailed

#: Where it is not told by how much: asked for a quarter.
_UNKNOWN = 4.0
_GRPC = re.compile(r"received message larger than max \((\d{1,18}) vs\. (\d{1,18})\)")
_CIRCUIT = "circuit_breaking_exception"
#: Of a duration as programs in Go write it: `30d1h`, `168h0m0s`.
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|[smhdw])")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_A_YEAR = timedelta(days=366)


class TooLarge(ToolFailed):
    """The answer does not come because of its size; `times` is how many times too large it was."""

    def __init__(self, sentence: str, times: float = _UNKNOWN) -> None:
        super().__init__(sentence)
        self.times = times


def times_too_large(text: str) -> float | None:
    """How many times too large an answer was, by what the server says instead; None if that was not why."""
    if (found := _GRPC.search(text)) is not None and int(found[2]):
        return max(1.0, int(found[1]) / int(found[2]))
    return _UNKNOWN if _CIRCUIT in text else None


def span_told(text: str) -> timedelta | None:
    """A span of time as a server writes it, such as `30d1h`; None if it is none, or above a year."""
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text):
        return None
    span = timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))
    return span if timedelta() < span <= _A_YEAR else None
