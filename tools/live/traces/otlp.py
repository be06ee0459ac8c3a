"""OpenTelemetry's JSON of traces, as Tempo and Jaeger answer it.

Ids are base64 (Tempo, by protobuf's rules for JSON) or hexadecimal (Jaeger, by OpenTelemetry's own), kinds
and codes names or numbers; times are texts.
"""

import binascii
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import AliasChoices, Field

from tools.live.http import Reply
from tools.live.telemetry_rows import Nanoseconds, at_microseconds, cut
from tools.live.traces.spans import Span, status_of

_STATUS = {"1": "ok", "2": "error", "STATUS_CODE_OK": "ok", "STATUS_CODE_ERROR": "error"}


@dataclass(frozen=True, slots=True)
class _Attribute:
    key: str
    value: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The value, whatever its type (`stringValue`, `intValue`, ...)."""
        return str(next(iter(self.value.values()), ""))


@dataclass(frozen=True, slots=True)
class _Status:
    code: str | int = 0


@dataclass(frozen=True, slots=True)
class _Span:
    trace: Annotated[str, Field(alias="traceId")]
    span: Annotated[str, Field(alias="spanId")]
    parent: Annotated[str, Field(alias="parentSpanId")] = ""
    name: str = ""
    # What is zero is left out.
    start: Annotated[Nanoseconds, Field(alias="startTimeUnixNano")] = 0
    end: Annotated[Nanoseconds, Field(alias="endTimeUnixNano")] = 0
    status: _Status = _Status()
    attributes: tuple[_Attribute, ...] = ()


@dataclass(frozen=True, slots=True)
class _Scope:
    spans: tuple[_Span, ...] = ()


@dataclass(frozen=True, slots=True)
class _Resource:
    attributes: tuple[_Attribute, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """The spans of one process, and its attributes."""

    resource: _Resource = _Resource()
    scopes: Annotated[
        tuple[_Scope, ...], Field(validation_alias=AliasChoices("scopeSpans", "instrumentationLibrarySpans"))
    ] = ()

    @property
    def trace(self) -> str | None:
        """The id of its first span's trace, as it is written; None without a span."""
        return self.scopes[0].spans[0].trace if self.scopes and self.scopes[0].spans else None


class OtlpTraces(Reply):
    """The spans of one trace or of several; one that is gone has no batches."""

    batches: tuple[Batch, ...] = Field(default=(), validation_alias=AliasChoices("resourceSpans", "batches"))


def spans_of(traces: OtlpTraces) -> Iterator[Span]:
    """The spans, with hexadecimal ids."""
    return spans_of_batches(traces.batches)


def spans_of_batches(batches: Iterable[Batch]) -> Iterator[Span]:
    """The same of some batches."""
    for batch in batches:
        service = _marks(batch.resource.attributes).get("service.name", "")
        for span in (span for scope in batch.scopes for span in scope.spans):
            yield Span(
                time=at_microseconds(span.start // 1000),
                duration_us=max(0, span.end - span.start) // 1000,
                trace_id=_hexadecimal(span.trace),
                span_id=_hexadecimal(span.span),
                parent_id=_hexadecimal(span.parent),
                service=service,
                operation=cut(span.name, 300),
                status=_STATUS.get(str(span.status.code)) or status_of(_marks(span.attributes)),
            )


def _marks(attributes: Sequence[_Attribute]) -> Mapping[str, str]:
    return {one.key: one.text for one in attributes}


def _hexadecimal(identity: str) -> str:
    """An id of 8 or 16 bytes in base64 as hexadecimal digits; one that is hexadecimal stays as it is."""
    if len(identity) not in (12, 24):
        return identity.lower()
    try:
        return binascii.a2b_base64(identity, strict_mode=True).hex()
    except binascii.Error:
        return identity
