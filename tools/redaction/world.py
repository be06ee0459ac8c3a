"""Ports whose texts hold no secrets: whatever is read, ranked, quoted or kept comes through them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from incidents.changes import Change, PipelineRun
from incidents.findings import Window
from tools.memo import memoize_by_identity
from tools.ports import Changes, Logs, Pipelines, Traces, World
from tools.redaction.redact import redact
from tools.redaction.table import table


def redacted_world(world: World) -> World:
    """The same world; log lines, operations and what was written about changes are redacted."""
    return replace(
        world,
        logs=_Logs(world.logs),
        traces=_Traces(world.traces),
        changes=_Changes(world.changes),
        pipelines=_Pipelines(world.pipelines) if world.pipelines is not None else None,
        baseline=redacted_world(world.baseline) if world.baseline is not None else None,
    )


@dataclass(frozen=True)
class _Logs:
    inner: Logs

    async def logs(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        return clean_column(await self.inner.logs(window, services), "message")


@dataclass(frozen=True)
class _Traces:
    inner: Traces

    async def spans(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        return clean_column(await self.inner.spans(window, services), "operation")


@dataclass(frozen=True)
class _Changes:
    inner: Changes

    async def changes(self, window: Window) -> tuple[Change, ...]:
        found = await self.inner.changes(window)
        return tuple(
            one.model_copy(update={"summary": redact(one.summary), "author": redact(one.author)})
            for one in found
        )


@dataclass(frozen=True)
class _Pipelines:
    inner: Pipelines

    async def runs(self, window: Window) -> tuple[PipelineRun, ...]:
        found = await self.inner.runs(window)
        return tuple(one.model_copy(update={"name": redact(one.name)}) for one in found)


def clean_column(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """The few rows that may hold a secret go through `redact`, the others are left alone."""
    texts = _with_a_sign(frame, column, table().hint)
    known = {text: clean for text in texts if (clean := redact(text)) != text}
    return frame.with_columns(pl.col(column).replace(known)) if known else frame


@memoize_by_identity
def _with_a_sign(frame: pl.DataFrame, column: str, hint: str) -> tuple[str, ...]:
    # Searched before it is made distinct: that costs less than to sort lines that are all different.
    return tuple(frame[column].filter(frame[column].str.contains(hint)).unique()) if frame.height else ()
