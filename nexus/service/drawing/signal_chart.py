"""A signal over time: what is usual as a band, the signal as a line, what happened as numbers. Pure."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from incidents.findings import Window
from nexus.service.drawing.svg import element, picture, points, words
from nexus.service.pages.charts import ChartMark, ChartPanel, ChartView, whole_minutes
from tools.plainly import level

#: The drawing in pixels: a wide one and one for a phone have letters of one size.
_HEIGHT, _TOP, _FOOT, _LEFT, _RIGHT = 168.0, 26.0, 22.0, 46.0, 10.0
#: The radius of a mark's number, and how near two of them may be before one moves down.
_DOT, _NEAR = 8.0, 18.0
#: A break longer than this is a gap, not a straight line.
_SILENCE = 180.0
#: Air above the highest value, as a part of the axis.
_AIR = 0.12
#: So much room a moment under the axis needs.
_TICK = 84.0


class _Frame(NamedTuple):
    """Where the axes lie."""

    width: float
    shown: Window
    low: float
    high: float

    def x(self, seconds: float) -> float:
        """Where a moment lies, in seconds since the beginning."""
        inner = self.width - _LEFT - _RIGHT
        return _LEFT + inner * seconds / max((self.shown.end - self.shown.start).total_seconds(), 1.0)

    def at(self, moment: datetime) -> float:
        """Where a moment lies."""
        return self.x((moment - self.shown.start).total_seconds())

    def y(self, value: float) -> float:
        """Where a value lies."""
        inside = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return _HEIGHT - _FOOT - inside * (_HEIGHT - _FOOT - _TOP)


def signal_chart(chart: ChartView, place: int, width: float) -> str:
    """One panel of a chart as SVG.

    Args:
        chart: the whole of it.
        place: of the panel.
        width: in pixels; letters stay as large as they are.
    """
    panel = chart.panels[place]
    frame = _Frame(width, chart.shown, *_span(panel))
    inside = [
        *_ground(frame, panel, chart.baseline),
        *_time(frame),
        *_marks(frame, chart.marks),
        *_line(frame, panel),
    ]
    label = f"{panel.title}: last {panel.last}, usual {panel.usual_words}"
    return picture(width, _HEIGHT, label, inside, "signal")


def _span(panel: ChartPanel) -> tuple[float, float]:
    values = [value for value in panel.values if math.isfinite(value)]
    usual = panel.usual[1] if panel.usual is not None else 0.0
    low = min(0.0, *values) if values else 0.0
    high = max(usual, *values) if values else usual
    flat = 0.1 if panel.signal.unit == "ratio" else 1.0
    return low, high + _AIR * (high - low) if high > low else low + flat


def _ground(frame: _Frame, panel: ChartPanel, baseline: Window | None) -> Iterator[str]:
    """What is usual, the levels, and the time that counts as usual."""
    left, right, floor = _LEFT, frame.width - _RIGHT, _HEIGHT - _FOOT
    if panel.usual is not None:
        low, high = (frame.y(value) for value in panel.usual)
        yield element(
            "rect", x=left, y=min(high, low - 2.0), width=right - left, height=max(low - high, 2.0),
            class_="usual",
        )  # fmt: skip
    for value in _levels(frame):
        y = frame.y(value)
        yield element("line", x1=left, y1=y, x2=right, y2=y, class_="grid")
        told = level(value, panel.signal)
        yield element("text", words("0" if value == 0 else told), x=left - 6, y=y + 4, class_="axis end")
    if baseline is not None:
        start, end = frame.at(max(baseline.start, frame.shown.start)), frame.at(baseline.end)
        if end - start > 2:
            yield element("line", x1=start, y1=floor + 1.5, x2=end, y2=floor + 1.5, class_="baseline")


def _levels(frame: _Frame) -> Iterator[float]:
    """Round values: the floor, and one or two above it."""
    rough = (frame.high - frame.low) / 3
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    number = math.ceil(frame.low / step)
    while number * step <= frame.high:
        yield number * step
        number += 1


def _time(frame: _Frame) -> Iterator[str]:
    most = max(2, int((frame.width - _LEFT - _RIGHT) / _TICK))
    day = frame.shown.end - frame.shown.start > timedelta(days=1)
    for moment in whole_minutes(frame.shown, most):
        x = min(max(frame.at(moment), _LEFT + 14), frame.width - _RIGHT - 16)
        told = f"{moment:%d %b}" if day else f"{moment:%H:%M}"
        yield element("text", words(told), x=x, y=_HEIGHT - 5, class_="axis middle")


def _marks(frame: _Frame, marks: Sequence[ChartMark]) -> Iterator[str]:
    """A line through the panel for each, its number above; numbers that are too near stand side by side."""
    right = -math.inf
    for mark in marks:
        x = frame.at(mark.at)
        place = min(max(x, right + _NEAR, _LEFT + _DOT), frame.width - _DOT - 1)
        right = place
        yield element(
            "polyline", points=points([(place, _DOT * 2), (x, _TOP), (x, _HEIGHT - _FOOT)]),
            class_=f"mark m-{mark.kind.value}",
        )  # fmt: skip
        yield element("circle", cx=place, cy=_DOT + 0.5, r=_DOT, class_=f"dot m-{mark.kind.value}")
        yield element("text", str(mark.number), x=place, y=_DOT + 4.5, class_="number middle")


def _line(frame: _Frame, panel: ChartPanel) -> Iterator[str]:
    """The signal, broken where data is missing."""
    part: list[tuple[float, float]] = []
    before: float | None = None
    for seconds, value in zip(panel.seconds, panel.values, strict=True):
        if before is not None and seconds - before > _SILENCE and part:
            yield _stroke(part)
            part = []
        if math.isfinite(value):
            part.append((frame.x(seconds), frame.y(value)))
            before = seconds
    if part:
        yield _stroke(part)
        x, y = part[-1]
        yield element("circle", cx=x, cy=y, r=3.5, class_="last")


def _stroke(part: Sequence[tuple[float, float]]) -> str:
    if len(part) == 1:
        return element("circle", cx=part[0][0], cy=part[0][1], r=2.0, class_="last")
    return element("polyline", points=points(part), class_="line")
