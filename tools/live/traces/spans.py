"""One span, as its source tells it, and what its marks say of how it went."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import polars as pl

from incidents.findings import Window
from tools.analysis import TRACES_SCHEMA
from tools.live.telemetry_rows import table


class Span(NamedTuple):
    """A row of the traces frame: the service is not yet the catalogue's."""

    time: datetime
    duration_us: int
    trace_id: str
    span_id: str
    parent_id: str
    service: str
    operation: str
    status: str


class Source(Protocol):
    """One trace backend."""

    name: str

    async def spans(self, window: Window, services: Sequence[str]) -> Sequence[Span]:
        """The spans of a window; what is left out is noted.

        Args:
            window: what is asked for; spans around it may come along.
            services: the catalogue's names, for a backend that has to be asked service by service.

        Raises:
            ToolFailed: it does not answer.
        """
        ...

    async def check(self) -> str:
        """A real, small question, and what came of it in words; raises like `spans`."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


def frame_of(spans: Sequence[Span]) -> pl.DataFrame:
    """Rows of the traces schema, in the order given; a span that came twice stands once."""
    rows = table(spans, TRACES_SCHEMA)
    return rows.unique(("trace_id", "span_id"), keep="first", maintain_order=True)


def status_of(marks: Mapping[str, str]) -> str:
    """`ok`, `error` or `unset` from the attributes of a span.

    OpenTelemetry's own status counts first; then OpenTracing's `error`, then the answer's HTTP status.
    """
    said = marks.get("otel.status_code", "").upper()
    if said in ("OK", "ERROR"):
        return said.lower()
    if marks.get("error", "").casefold() in ("true", "1"):
        return "error"
    code = marks.get("http.response.status_code") or marks.get("http.status_code") or ""
    return "error" if len(code) == 3 and code.startswith("5") else "unset"
