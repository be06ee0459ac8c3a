"""Charts of the watched signals as PNG: the usual range, the onset, the changes and the action.

A chart is evidence like any other: it is stored with an id, its query and its caption.
"""

import asyncio
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from incidents.findings import Evidence, EvidenceStatus, Window
from incidents.verification import Signal
from tools.kit import Kit
from tools.look import observe
from tools.observed import Observed, acted_at, rows_in
from tools.words import clock_time, quantity, span

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: More panels than this are too small to read.
MOST_PANELS = 4
#: A break longer than this is a gap, not a straight line.
_GAP = timedelta(minutes=3)

#: Units as an axis says them; ratios are drawn as percent.
_SHORT_UNITS = {"ratio": "%", "percent": "%", "seconds": "s", "milliseconds": "ms", "per_second": "1/s"}

_LINE, _USUAL, _FAULT, _ACTION, _INK, _FAINT = (
    "#1f4e79",
    "#7fb77e",
    "#c0392b",
    "#1e8449",
    "#333333",
    "#888888",
)


@dataclass(frozen=True)
class Mark:
    """Something that happened at a moment: a change, the onset, an action."""

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


@dataclass(frozen=True)
class Chart:
    """A drawn chart and the evidence that it became; None where there was nothing to draw."""

    evidence: Evidence
    body: bytes
    caption: str


async def chart(kit: Kit, signals: Sequence[Signal]) -> Chart | None:
    """Draw the watched signals up to now, keep the picture as evidence of the kit's role.

    Args:
        kit: whose sources are read and in whose store and name the chart is kept.
        signals: opened ones first; at most `MOST_PANELS` with data are drawn.

    Returns:
        The chart, or None if no signal has data.
    """
    seen = await observe(kit.sources)
    ordered = sorted(signals, key=lambda signal: not signal.opened)
    panels = [panel for signal in ordered if (panel := _panel(seen, signal)) is not None][:MOST_PANELS]
    if not panels:
        return None
    left_out = len(signals) - len(panels)
    marks = _marks(seen)
    body = await asyncio.to_thread(draw, panels, marks, _shown(seen))
    caption = _caption(seen, panels, marks, left_out)
    evidence = _evidence(kit, [f"{s.service} {s.metric}" for s in ordered], caption, body)
    await kit.store.put(evidence, body)
    return Chart(evidence=evidence, body=body, caption=caption)


def _shown(seen: Observed) -> Window:
    start = seen.quiet.start if seen.same_source and seen.quiet is not None else seen.window.start
    times = seen.signals["time"]
    first = times.min()
    if isinstance(first, datetime) and not (seen.same_source and seen.quiet is not None):
        start = max(start, first)
    return Window(start=min(start, seen.at), end=seen.at)


def _panel(seen: Observed, signal: Signal) -> Panel | None:
    mine = (
        (pl.col("service") == signal.service) & (pl.col("metric") == signal.metric) & (pl.col("peer") == "")
    )
    frames = [seen.signals]
    if seen.same_source and seen.baseline_signals is not None:
        frames.insert(0, seen.baseline_signals)
    rows = pl.concat(frames).filter(mine).group_by("time").agg(pl.col("value").max()).sort("time")
    if not rows.height:
        return None
    factor = 100.0 if signal.unit == "ratio" else 1.0
    return Panel(
        title=f"{signal.service}: {signal.metric}" + (" (opened the incident)" if signal.opened else ""),
        unit=_SHORT_UNITS.get(signal.unit, signal.unit),
        times=rows["time"].to_list(),
        values=[value * factor for value in rows["value"].to_list()],
        usual=_usual(seen, mine, factor),
    )


def _usual(seen: Observed, mine: pl.Expr, factor: float) -> tuple[float, float] | None:
    usual = [rows_in(seen.signals, seen.untroubled)]
    if seen.baseline_signals is not None:
        usual.append(seen.baseline_signals)
    values = pl.concat(usual).filter(mine)["value"]
    low, high = values.quantile(0.05), values.quantile(0.95)
    return (low * factor, high * factor) if low is not None and high is not None else None


def _marks(seen: Observed) -> list[Mark]:
    shown = _shown(seen)
    marks = [
        Mark(change.time, f"{change.kind} {change.service} {change.version_to}".strip(), _FAINT)
        for change in seen.changes
        if shown.start <= change.time <= shown.end
        and (seen.action is None or change.time < acted_at(seen.action))
    ]
    onsets = [level.onset for level in seen.levels if level.deviates and level.onset is not None]
    if seen.action is None and onsets:
        marks.append(Mark(min(onsets), "onset", _FAULT, dashed=True))
    marks.append(Mark(seen.alerted, "alert", _FAULT))
    if seen.action is not None:
        marks.append(Mark(acted_at(seen.action), f"{seen.action.id} {seen.action.action.kind}", _ACTION))
    return sorted(marks, key=lambda mark: mark.at)


def _caption(seen: Observed, panels: Sequence[Panel], marks: Sequence[Mark], left_out: int) -> str:
    lines = [
        f"{panel.title}: last {quantity(panel.values[-1], _unit(panel))}"
        + (f", usual up to {quantity(panel.usual[1], _unit(panel))}" if panel.usual else ", usual unknown")
        for panel in panels
    ]
    told = "; ".join(f"{mark.text} {clock_time(mark.at)}" for mark in marks)
    more = f" {left_out} further signals are not drawn." if left_out > 0 else ""
    return f"Watched signals, {span(_shown(seen))}. {'. '.join(lines)}. Marked: {told}.{more}"


def _unit(panel: Panel) -> str:
    return next(
        (unit for unit, short in _SHORT_UNITS.items() if unit != "ratio" and short == panel.unit), panel.unit
    )


def _evidence(kit: Kit, signals: Sequence[str], caption: str, body: bytes) -> Evidence:
    query = json.dumps({"signals": list(signals)}, sort_keys=True)
    digest = hashlib.sha256(body).hexdigest()
    incident = kit.sources.incident.id
    identity = hashlib.sha256(f"{incident} chart {query} {digest}".encode()).hexdigest()
    return Evidence(
        id=f"E-{identity[:8]}", incident=incident, tool="chart", query=query, role=kit.role,
        at=kit.sources.clock.now(), status=EvidenceStatus.OK, summary=caption, size=len(body), digest=digest,
    )  # fmt: skip


def draw(panels: Sequence[Panel], marks: Sequence[Mark], shown: Window) -> bytes:
    """The panels one under the other over one time axis in UTC, as PNG.

    Args:
        panels: at least one.
        marks: vertical lines through all panels.
        shown: the span of the time axis.
    """
    # Half a second of import that only a drawing needs; no pyplot, for it keeps global state.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(10, 1.1 + 1.9 * len(panels)), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for place, (axis, panel) in enumerate(zip(axes, panels, strict=True)):
        _draw_panel(axis, panel)
        for mark in marks:
            axis.axvline(
                mark.at, color=mark.colour, linewidth=1.2, linestyle="--" if mark.dashed else "-", alpha=0.8
            )
        if place == 0:
            _label_marks(axis, marks, shown)
    _draw_time_axis(figure, axes[-1], shown)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": "nexus"})
    return picture.getvalue()


def _draw_panel(axis: "Axes", panel: Panel) -> None:
    if panel.usual is not None:
        axis.axhspan(*panel.usual, color=_USUAL, alpha=0.35, linewidth=0)
        # The edge keeps a range visible that is thin against the fault.
        axis.axhline(panel.usual[1], color=_USUAL, linewidth=1.4, linestyle=(0, (4, 2)), label="usual range")
        axis.legend(loc="upper right", fontsize=8, frameon=False, labelcolor=_FAINT)
    times, values = _with_gaps(panel.times, panel.values)
    axis.plot(times, values, color=_LINE, linewidth=1.6)  # type: ignore[arg-type]  # dates are plotted as they are
    axis.set_title(panel.title, loc="left", fontsize=10, color=_INK, fontweight="bold")
    axis.set_ylabel(panel.unit or "value", fontsize=9, color=_INK)
    axis.tick_params(labelsize=8, colors=_INK)
    axis.grid(axis="y", color="#dddddd", linewidth=0.6)
    axis.set_ylim(bottom=min(0.0, *values))
    axis.margins(y=0.15)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _with_gaps(times: Sequence[datetime], values: Sequence[float]) -> tuple[list[datetime], list[float]]:
    """The same line, broken where data is missing."""
    found_times, found_values = list(times[:1]), list(values[:1])
    for before, at, value in zip(times, times[1:], values[1:], strict=False):
        if at - before > _GAP:
            found_times.append(before + (at - before) / 2)
            found_values.append(float("nan"))
        found_times.append(at)
        found_values.append(value)
    return found_times, found_values


def _label_marks(axis: "Axes", marks: Sequence[Mark], shown: Window) -> None:
    """Names above the first panel, each on a row of its own where they would touch."""
    width = shown.end - shown.start
    rows: list[datetime] = []
    for mark in marks:
        row = next((n for n, taken in enumerate(rows) if mark.at >= taken), len(rows))
        taken = mark.at + width * (0.016 * len(mark.text))
        rows[row : row + 1] = [taken]
        axis.annotate(
            mark.text, xy=(mark.at, 1.0), xycoords=("data", "axes fraction"), xytext=(2, 18 + 11 * row),
            textcoords="offset points", fontsize=8, color=mark.colour, annotation_clip=False,
        )  # fmt: skip


def _draw_time_axis(figure: "Figure", axis: "Axes", shown: Window) -> None:
    from matplotlib.dates import AutoDateLocator, DateFormatter  # noqa: PLC0415

    precise = "%H:%M:%S" if shown.minutes < 10 else "%H:%M"
    wide = "%m-%d %H:%M" if shown.minutes > 24 * 60 else precise
    locator = AutoDateLocator(tz=UTC, minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(DateFormatter(wide, tz=UTC))  # type: ignore[no-untyped-call]
    axis.set_xlim(shown.start, shown.end)  # type: ignore[arg-type]
    axis.set_xlabel(f"{shown.start:%Y-%m-%d}, UTC", fontsize=9, color=_INK)
    figure.patch.set_facecolor("white")
