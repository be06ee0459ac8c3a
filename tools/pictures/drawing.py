"""Draws signals over one time axis in UTC, with what happened above them, as PNG and as SVG."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from incidents.findings import Window
from tools.wording import quantity

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ft2font import FT2Font

LINE, USUAL, FAULT, ACTION, INK, FAINT = "#1f4e79", "#7fb77e", "#c0392b", "#1e8449", "#222222", "#707070"

Stroke = Literal["-", "--"]

#: Sizes of the picture, in inches.
_WIDTH, _LEFT, _RIGHT, _PANEL, _GAP, _HEAD, _FOOT, _ROW = 10.0, 0.75, 0.25, 1.35, 0.45, 0.75, 0.55, 0.19
#: Size of the marks' names, and the air around them, in points.
_NAME, _AIR = 8.0, 6.0
#: A break longer than this is a gap, not a straight line.
_SILENCE = timedelta(minutes=3)
_FONT = "DejaVu Sans"
#: FreeType measures in 64ths.
_SUBPIXELS = 64

#: Texts are untrusted: none is read as a formula. Text in an SVG stays text, and the file is always the same.
_STYLE: dict[str, Any] = {
    "text.parse_math": False, "svg.fonttype": "none", "svg.hashsalt": "nexus", "font.family": [_FONT],
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#aaaaaa",
    "axes.grid": True, "axes.grid.axis": "y", "grid.color": "#e4e4e4", "grid.linewidth": 0.6,
    "xtick.labelsize": 8, "ytick.labelsize": 8, "xtick.color": INK, "ytick.color": INK, "text.color": INK,
}  # fmt: skip


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
    # Half a second of import that only a drawing needs; no pyplot, for it keeps a list of its figures.
    import matplotlib as mpl  # noqa: PLC0415
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    mpl.rcParams.update(_STYLE)  # type: ignore[arg-type]  # its keys are listed one by one there
    shown = Window(start=min(shown.start, shown.end - timedelta(minutes=1)), end=shown.end)
    marks = [mark for mark in marks if shown.start <= mark.at <= shown.end]
    names = placed([(_x(mark.at, shown), _width(_named(mark))) for mark in marks], _inner() * 72)
    lane = _ROW * (max((name.row for name in names), default=-1) + 2)
    height = _HEAD + lane + len(panels) * (_PANEL + _GAP) + _FOOT
    figure = Figure(figsize=(_WIDTH, height), dpi=120, facecolor="white")
    FigureCanvasAgg(figure)
    _head(figure, title, shown)
    axes = [_axes(figure, _HEAD + lane + place * (_PANEL + _GAP) + _GAP) for place in range(len(panels))]
    for axis, panel in zip(axes, panels, strict=True):
        _panel(axis, panel, marks, shown)
    _lane(figure, axes[0], marks, names, shown, baseline)
    _time_axis(axes, shown)
    return Picture(png=_saved(figure, "png", Software="nexus"), svg=_saved(figure, "svg", Date=None))


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
    return (at - shown.start) / (shown.end - shown.start) * _inner() * 72


def _named(mark: Mark) -> str:
    return _drawable(f"{mark.at.astimezone(UTC):%H:%M:%S} {mark.text}")


def _width(text: str) -> float:
    """How wide a name is, in points."""
    font = _font()
    font.set_size(_NAME, 72)
    font.set_text(text)
    return float(font.get_width_height()[0]) / _SUBPIXELS + 2 * _AIR


def _drawable(text: str) -> str:
    """The text with a box for every character that the font does not have."""
    known = _characters()
    return "".join(c if ord(c) in known else "\u25a1" for c in text)


def _font() -> "FT2Font":
    from matplotlib.font_manager import findfont, get_font  # noqa: PLC0415

    return get_font(findfont(_FONT))


@cache
def _characters() -> frozenset[int]:
    """The code points that the font has; asking it takes longer than drawing a word."""
    return frozenset(_font().get_charmap())


def _axes(figure: "Figure", top: float) -> "Axes":
    """A panel whose upper edge is so many inches below the picture's."""
    width, height = figure.get_size_inches()
    return figure.add_axes((_LEFT / width, 1 - (top + _PANEL) / height, _inner() / width, _PANEL / height))


def _head(figure: "Figure", title: str, shown: Window) -> None:
    height = float(figure.get_size_inches()[1])
    left, day = _LEFT / _WIDTH, shown.start.astimezone(UTC)
    figure.text(left, 1 - 0.30 / height, _drawable(title), fontsize=12, fontweight="bold")
    span = f"{day:%Y-%m-%d %H:%M} to {shown.end.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    figure.text(left, 1 - 0.52 / height, span, fontsize=9, color=FAINT)
    swatch = {"facecolor": USUAL, "alpha": 0.35, "pad": 2, "linewidth": 0}
    figure.text(
        1 - _RIGHT / _WIDTH, 1 - 0.52 / height, "usual range: nine of ten usual samples", fontsize=8,
        color=FAINT, ha="right", bbox=swatch,
    )  # fmt: skip


def _panel(axis: "Axes", panel: Panel, marks: Sequence[Mark], shown: Window) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    times, values = _with_gaps(panel.times, panel.values)
    said = f"last {quantity(panel.values[-1], panel.unit)}, usual "
    if panel.usual is not None:
        axis.axhspan(*panel.usual, color=USUAL, alpha=0.35, linewidth=0)
        # The edge keeps a range visible that is thin against the fault.
        axis.axhline(panel.usual[1], color=USUAL, linewidth=1.2, linestyle=(0, (4, 2)))
        said += f"up to {quantity(panel.usual[1], panel.unit)}"
    else:
        said += "unknown"
    for mark in marks:
        axis.axvline(mark.at, color=mark.colour, linewidth=1.1, linestyle=_dash(mark), alpha=0.8)  # type: ignore[arg-type]
    axis.plot(times, values, color=LINE, linewidth=1.6, marker="." if len(times) == 1 else "")  # type: ignore[arg-type]  # dates are plotted as they are
    head = _drawable(panel.title) + ("  (opened the incident)" if panel.opened else "")
    # Where it stands is said: else every tick is laid out a second time, to see whether it is in the way.
    axis.set_title(head, loc="left", y=1.0, fontsize=9.5, fontweight="bold", pad=4)
    axis.set_title(_drawable(said), loc="right", y=1.0, fontsize=8.5, color=FAINT, pad=4)
    axis.yaxis.set_major_locator(MaxNLocator(4))
    axis.yaxis.set_major_formatter(lambda value, _: _drawable(quantity(value, panel.unit)))
    axis.margins(y=0.15)
    axis.set_ylim(bottom=min(0.0, *panel.values))
    axis.set_xlim(shown.start, shown.end)  # type: ignore[arg-type]


def _dash(mark: Mark) -> Stroke:
    return "--" if mark.dashed else "-"


def _lane(
    figure: "Figure", top: "Axes", marks: Sequence[Mark], names: Sequence[Name], shown: Window,
    baseline: Window | None,
) -> None:  # fmt: skip
    """The names of the marks over the first panel, and a bar over the span that counts as usual."""
    row, floor = _ROW * 72, _GAP * 72 + 2.0
    points = top.get_position().height * float(figure.get_size_inches()[1]) * 72
    for mark, name in zip(marks, names, strict=True):
        at, high = _x(mark.at, shown), floor + row * (name.row + 1)
        _stroke(top, [at, at], [points, points + high], mark.colour, 0.9, _dash(mark))
        top.annotate(
            _named(mark), xy=(0, 1), xycoords="axes fraction", xytext=(name.left + _AIR / 2, high - 2),
            textcoords="offset points", fontsize=_NAME, color=mark.colour, annotation_clip=False,
            bbox={"facecolor": "white", "pad": 1, "linewidth": 0},
        )  # fmt: skip
    if baseline is not None and baseline.clipped(shown.end).end > shown.start:
        ends = [_x(max(baseline.start, shown.start), shown), _x(min(baseline.end, shown.end), shown)]
        _stroke(top, ends, [points + floor - 6] * 2, USUAL, 3.0)
        top.annotate(
            "baseline", xy=(0, 1), xycoords="axes fraction", xytext=(ends[0], floor - 2), fontsize=_NAME,
            textcoords="offset points", color=ACTION, annotation_clip=False,
        )  # fmt: skip


def _stroke(
    axis: "Axes", x: Sequence[float], y: Sequence[float], colour: str, width: float, style: Stroke = "-"
) -> None:
    """A line in points from the lower left corner of a panel, which may leave the panel."""
    from matplotlib.lines import Line2D  # noqa: PLC0415

    figure, corner = axis.get_figure(root=True), axis.get_position()
    if figure is None:
        return
    wide, high = (float(inches) * 72 for inches in figure.get_size_inches())
    across, up = [corner.x0 + one / wide for one in x], [corner.y0 + one / high for one in y]
    figure.add_artist(
        Line2D(across, up, color=colour, linewidth=width, linestyle=style, transform=figure.transFigure)
    )


def _with_gaps(times: Sequence[datetime], values: Sequence[float]) -> tuple[list[datetime], list[float]]:
    """The same line, broken where data is missing."""
    found_times, found_values = list(times[:1]), list(values[:1])
    for before, at, value in zip(times, times[1:], values[1:], strict=False):
        if at - before > _SILENCE:
            found_times.append(before + (at - before) / 2)
            found_values.append(float("nan"))
        found_times.append(at)
        found_values.append(value)
    return found_times, found_values


def _time_axis(axes: Sequence["Axes"], shown: Window) -> None:
    from matplotlib.dates import AutoDateLocator, DateFormatter  # noqa: PLC0415

    precise = "%H:%M:%S" if shown.minutes < 10 else "%H:%M"
    wide = "%m-%d %H:%M" if shown.minutes > 24 * 60 else precise
    for axis in axes:
        axis.xaxis.set_major_locator(AutoDateLocator(tz=UTC, minticks=4, maxticks=9))  # type: ignore[no-untyped-call]
        axis.xaxis.set_major_formatter(DateFormatter(wide, tz=UTC))  # type: ignore[no-untyped-call]
        axis.tick_params(labelbottom=axis is axes[-1])
    axes[-1].set_xlabel("time (UTC)", fontsize=8.5)


def _saved(figure: "Figure", form: str, **metadata: str | None) -> bytes:
    picture = io.BytesIO()
    figure.savefig(picture, format=form, metadata=metadata)
    return picture.getvalue()
