"""Draws signals over one time axis in UTC, with what happened above them, as PNG and as SVG."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from incidents.findings import Window
from tools.pictures.shapes import Box, Line, Point, Shape, Text, png, svg, text_width
from tools.wording import quantity

LINE, USUAL, FAULT, ACTION, INK, FAINT = "#1f4e79", "#7fb77e", "#c0392b", "#1e8449", "#222222", "#707070"
_RANGE, _GRID, _EDGE, _WHITE = "#d2e6d2", "#e4e4e4", "#aaaaaa", "#ffffff"

#: Sizes of the picture, in points.
_WIDTH, _LEFT, _RIGHT, _PANEL, _GAP, _HEAD, _FOOT, _ROW = 720.0, 54.0, 18.0, 97.0, 32.0, 54.0, 40.0, 13.7
#: Size of the marks' names, and the air around them, in points.
_NAME, _AIR = 8.0, 6.0
#: A break longer than this is a gap, not a straight line.
_SILENCE = timedelta(minutes=3)
#: Air above the highest value, as a part of the axis; at most so many steps on the axis of values.
_MARGIN, _STEPS = 0.15, 4
#: At most so many moments are written under the panels.
_TICKS = 8
#: The steps that a time axis may have, in seconds.
_SECONDS = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800,
)  # fmt: skip
#: A wider axis could not be reckoned with.
_LARGEST = 1e300


@dataclass(frozen=True)
class Mark:
    """Something that happened at a moment: a change, the onset, the alert, an action."""

    at: datetime
    text: str
    colour: str
    dashed: bool = False


@dataclass(frozen=True)
class Panel:
    """One signal over time. `usual` is the range in which nine of ten usual samples lie, if known."""

    title: str
    unit: str
    times: Sequence[datetime]
    values: Sequence[float]
    usual: tuple[float, float] | None
    opened: bool = False


@dataclass(frozen=True)
class Picture:
    """One drawing in two formats."""

    png: bytes
    svg: bytes


class Name(NamedTuple):
    """Where the name of a mark stands: from, to (points from the left), and in which row from below."""

    left: float
    right: float
    row: int


class Scale(NamedTuple):
    """The axis of values of a panel: its ends, and where its lowest value lies in the picture."""

    low: float
    high: float
    floor: float

    def y(self, value: float) -> float:
        """Where a value lies."""
        bounded = min(max(value, self.low), self.high)
        return self.floor - (bounded - self.low) / (self.high - self.low) * _PANEL


def draw(
    title: str, panels: Sequence[Panel], marks: Sequence[Mark], shown: Window, baseline: Window | None
) -> Picture:
    """The panels one under the other; every mark is a line through all of them with its name above.

    Args:
        title: what is seen; the span of time is written under it.
        panels: at least one.
        marks: those outside of the shown span are left out.
        shown: the span of the time axis.
        baseline: the span that counts as usual, if known.
    """
    shown = Window(start=min(shown.start, shown.end - timedelta(minutes=1)), end=shown.end)
    marks = [mark for mark in marks if shown.start <= mark.at <= shown.end]
    widths = [text_width(_named(mark), _NAME) + 2 * _AIR for mark in marks]
    names = placed([(_x(mark.at, shown), wide) for mark, wide in zip(marks, widths, strict=True)], _inner())
    lane = _ROW * (max((name.row for name in names), default=-1) + 2)
    tops = [_HEAD + lane + place * (_PANEL + _GAP) + _GAP for place in range(len(panels))]
    height = _HEAD + lane + len(panels) * (_PANEL + _GAP) + _FOOT
    shapes = [
        *_head(title, shown),
        *(
            shape
            for panel, top in zip(panels, tops, strict=True)
            for shape in _panel(panel, top, marks, shown)
        ),
        *_lane(tops[0], marks, names, shown, baseline),
        *_time_axis(tops, shown),
    ]
    return Picture(png=png(shapes, _WIDTH, height), svg=svg(shapes, _WIDTH, height))


def placed(wanted: Sequence[tuple[float, float]], width: float) -> list[Name]:
    """Rows for names that begin at their mark, so that no two of them overlap.

    A name goes above those of later marks that it covers, so their lines end below it.

    Args:
        wanted: where each mark is and how wide its name is, in order of time.
        width: of the whole; a name that would leave it is moved to the left.
    """
    found: list[Name] = []
    for at, wide in reversed(wanted):
        left = max(0.0, min(at, width - wide))
        covered = [name.row for name in found if name.left < left + wide and left < name.right]
        found.append(Name(left, left + wide, max(covered, default=-1) + 1))
    return found[::-1]


def _inner() -> float:
    return _WIDTH - _LEFT - _RIGHT


def _x(at: datetime, shown: Window) -> float:
    """Points from the left edge of the panels."""
    return (at - shown.start) / (shown.end - shown.start) * _inner()


def _named(mark: Mark) -> str:
    return f"{mark.at.astimezone(UTC):%H:%M:%S} {mark.text}"


def _head(title: str, shown: Window) -> Iterator[Shape]:
    span = f"{shown.start.astimezone(UTC):%Y-%m-%d %H:%M} to {shown.end.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    yield Text((_LEFT, 22), title, 12, INK, bold=True)
    yield Text((_LEFT, 38), span, 9, FAINT)
    usual = "usual range: nine of ten usual samples"
    yield Text((_WIDTH - _RIGHT, 38), usual, 8, FAINT, anchor="end", backing=_RANGE)


def _panel(panel: Panel, top: float, marks: Sequence[Mark], shown: Window) -> Iterator[Shape]:
    """A signal whose upper edge lies at `top`."""
    right, scale = _WIDTH - _RIGHT, _scale(panel, top + _PANEL)
    said = f"last {quantity(panel.values[-1], panel.unit)}, usual "
    said += f"up to {quantity(panel.usual[1], panel.unit)}" if panel.usual is not None else "unknown"
    if panel.usual is not None:
        low, high = (scale.y(value) for value in panel.usual)
        yield Box(_LEFT, high, right, max(low, high), _RANGE)
    for value in _levels(scale):
        yield Line([(_LEFT, scale.y(value)), (right, scale.y(value))], _GRID, 0.6)
        yield Text((_LEFT - 4, scale.y(value) + 3), quantity(value, panel.unit), 8, INK, anchor="end")
    if panel.usual is not None:
        # The edge keeps a range visible that is thin against the fault.
        edge = scale.y(panel.usual[1])
        yield Line([(_LEFT, edge), (right, edge)], USUAL, 1.2, dashed=True)
    for mark in marks:
        at = _LEFT + _x(mark.at, shown)
        yield Line([(at, top), (at, top + _PANEL)], mark.colour, 1.1, mark.dashed)
    for part in _parts(panel, shown):
        yield Line([(_LEFT + x, scale.y(value)) for x, value in part], LINE, 1.6)
    yield Line([(_LEFT, top), (_LEFT, top + _PANEL), (right, top + _PANEL)], _EDGE, 0.8)
    head = panel.title + ("  (opened the incident)" if panel.opened else "")
    yield Text((_LEFT, top - 5), head, 9.5, INK, bold=True)
    yield Text((right, top - 5), said, 8.5, FAINT, anchor="end")


def _scale(panel: Panel, floor: float) -> Scale:
    values = [min(max(value, -_LARGEST), _LARGEST) for value in panel.values]
    low = min(0.0, *values)
    high = max(*values, panel.usual[1] if panel.usual is not None else low, low)
    return Scale(low, high + _MARGIN * (high - low) if high > low else low + 1.0, floor)


def _levels(scale: Scale) -> Iterator[float]:
    """Round values on an axis."""
    rough = (scale.high - scale.low) / _STEPS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first = math.ceil(scale.low / step)
    yield from (number * step for number in range(first, first + _STEPS + 2) if number * step <= scale.high)


def _parts(panel: Panel, shown: Window) -> Iterator[list[Point]]:
    """The line of a signal, broken where data is missing: points from the left, and values."""
    part: list[Point] = []
    before: datetime | None = None
    for at, value in zip(panel.times, panel.values, strict=True):
        if not shown.start <= at <= shown.end:
            continue
        if before is not None and at - before > _SILENCE:
            yield part
            part = []
        part.append((_x(at, shown), value))
        before = at
    if part:
        yield part


def _lane(
    top: float, marks: Sequence[Mark], names: Sequence[Name], shown: Window, baseline: Window | None
) -> Iterator[Shape]:
    """The names of the marks over the first panel, and a bar over the span that counts as usual."""
    floor = top - _GAP - 2.0
    # A longer stroke lies below the names of the rows under it.
    for mark, name in sorted(zip(marks, names, strict=True), key=lambda pair: -pair[1].row):
        at, high = _LEFT + _x(mark.at, shown), floor - _ROW * (name.row + 1)
        yield Line([(at, top), (at, high)], mark.colour, 0.9, mark.dashed)
        named = _named(mark)
        yield Text((_LEFT + name.left + _AIR / 2, high + 8), named, _NAME, mark.colour, backing=_WHITE)
    if baseline is not None and baseline.clipped(shown.end).end > shown.start:
        start = _LEFT + _x(max(baseline.start, shown.start), shown)
        end = _LEFT + _x(min(baseline.end, shown.end), shown)
        yield Line([(start, floor + 6), (end, floor + 6)], USUAL, 3.0)
        yield Text((start, floor + 2), "baseline", _NAME, ACTION)


def _time_axis(tops: Sequence[float], shown: Window) -> Iterator[Shape]:
    precise = "%H:%M:%S" if shown.minutes < 10 else "%H:%M"
    wide = "%m-%d %H:%M" if shown.minutes > 24 * 60 else precise
    for moment in _moments(shown):
        x = _LEFT + _x(moment, shown)
        for top in tops:
            yield Line([(x, top + _PANEL), (x, top + _PANEL + 3)], _EDGE, 0.8)
        yield Text((x, tops[-1] + _PANEL + 13), f"{moment:{wide}}", 8, INK, anchor="middle")
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    yield Text((middle, tops[-1] + _PANEL + 26), "time (UTC)", 8.5, INK, anchor="middle")


def _moments(shown: Window) -> Iterator[datetime]:
    """Round moments on the axis, in UTC."""
    start, end = shown.start.timestamp(), shown.end.timestamp()
    step = next((one for one in _SECONDS if (end - start) / one <= _TICKS), None)
    if step is None:
        step = math.ceil((end - start) / _TICKS / _SECONDS[-1]) * _SECONDS[-1]
    first = math.ceil(start / step) * step
    yield from (datetime.fromtimestamp(at, UTC) for at in range(first, math.floor(end) + 1, step))
