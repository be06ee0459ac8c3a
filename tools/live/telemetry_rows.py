"""What every log and trace adapter does with what it read: levels, times, and which rows are shown."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated

import polars as pl
from pydantic import Field

from incidents.findings import Window
from tools.last_words import last_words, shortened
from tools.telemetry.data_gaps import note_gap
from tools.time_windows import in_window, utc_literal

#: Rows that lie this far ahead of now are looked for: a clock that is off shows there.
AHEAD = timedelta(hours=1)
#: Clocks differ by a little everywhere.
_TOLERATED = timedelta(seconds=30)
#: A text that is longer is cut, in characters.
LONGEST = 4_000

#: Words as the recording format has them.
LEVELS = {
    "trace": "debug", "trc": "debug", "trce": "debug", "debug": "debug", "dbg": "debug", "dbug": "debug",
    "debg": "debug", "verbose": "debug", "vrb": "debug", "fine": "debug", "finer": "debug",
    "finest": "debug", "silly": "debug",
    "info": "info", "inf": "info", "information": "info", "informational": "info", "notice": "info",
    "note": "info", "config": "info", "success": "info", "log": "info",
    "warn": "warn", "wrn": "warn", "warning": "warn",
    "error": "error", "err": "error", "erro": "error", "severe": "error", "failure": "error", "fail": "error",
    "fatal": "fatal", "ftl": "fatal", "critical": "fatal", "crit": "fatal", "crt": "fatal", "alert": "fatal",
    "emerg": "fatal", "emergency": "fatal", "panic": "fatal", "dpanic": "fatal",
}  # fmt: skip
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)

#: Times since 1970 that an answer may hold; what lies beyond the year 8000 is no time but an error.
Nanoseconds = Annotated[int, Field(ge=0, lt=190_000_000_000 * 10**9)]
Microseconds = Annotated[int, Field(ge=0, lt=190_000_000_000 * 10**6)]

#: Seconds per unit of an epoch number, by the number of digits before its point: ns, us, ms, s.
_UNITS = ((17, 1e-9), (14, 1e-6), (11, 1e-3), (0, 1.0))


def level_of(said: object) -> str:
    """A level as the recording format has it; empty where it is unknown."""
    if isinstance(said, str) and said in LEVELS:  # the usual case, millions of times
        return LEVELS[said]
    return LEVELS.get(str(said).strip().casefold(), "") if said is not None else ""


def moment_of(said: object) -> datetime | None:
    """An ISO time (without a zone it counts as UTC) or an epoch number of s, ms, us or ns; else None."""
    if isinstance(said, bool) or said is None:
        return None
    text = str(said).strip()
    if text[4:5] == "-":  # the usual case, millions of times
        return _iso(text)
    try:
        number = float(text)
    except ValueError:
        return _iso(text)
    if not math.isfinite(number) or number <= 0:
        return None
    digits = len(str(int(number)))
    scale = next(unit for least, unit in _UNITS if digits >= least)
    try:
        return _EPOCH + timedelta(seconds=number * scale)
    except OverflowError:
        return None


def at_microseconds(number: int) -> datetime:
    """A time from its microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=number)


def to_microseconds(at: datetime) -> int:
    """A time as whole microseconds since 1970."""
    return (at - _EPOCH) // _TICK


def _iso(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is UTC:
            return moment
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def table(rows: Iterable[tuple[object, ...]], schema: pl.Schema) -> pl.DataFrame:
    """Rows whose first value is their time, in the order given; polars reads numbers ten times as fast."""
    times, *others = list(zip(*rows, strict=True)) or [()] * len(schema)
    numbers = [to_microseconds(at) for at in times]
    columns = dict(zip(schema, [numbers, *others], strict=True))
    return pl.DataFrame(columns, schema=dict(schema) | {"time": pl.Int64()}).cast({"time": schema["time"]})


def reach(window: Window, now: datetime) -> Window:
    """What to ask for: a window that ends now is read an hour further, to see whether clocks are off."""
    end = now + AHEAD if window.end >= now - _TOLERATED else window.end
    return window.model_copy(update={"end": end})


def shown(frame: pl.DataFrame, window: Window, now: datetime, what: str) -> pl.DataFrame:
    """The rows of a window, none of them from the future, ordered by time.

    Args:
        frame: rows of a `reach`.
        window: what was asked for.
        now: the clock's now.
        what: how a sentence calls the rows, with where they are from.
    """
    last = frame["time"].max()
    if isinstance(last, datetime) and last > now + _TOLERATED:
        minutes = (last - now).total_seconds() / 60
        note_gap(f"the newest {what} lie {minutes:.0f} min in the future and are not shown; a clock is off")
    return (
        in_window(frame, window).filter(pl.col("time") <= utc_literal(now)).sort("time", maintain_order=True)
    )


def cut(text: str, longest: int = LONGEST) -> str:
    """A text of bearable length: its head, the line that names its error, its tail."""
    return text if len(text) <= longest else shortened(text, longest, last_words(text))
