"""A picture as a list of shapes, and the two files that it becomes: PNG by Pillow, and SVG as text.

Lengths are points (1/72 inch) from the upper left corner, y grows downwards.
"""

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Literal
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]

#: Pixels of a point in the PNG: 120 dots per inch.
_SCALE = 120 / 72
#: Lines are drawn so many times larger and made small again: Pillow draws them with hard edges.
_SMOOTH = 2
_FONTS = {False: "OpenSans-Regular.ttf", True: "OpenSans-Bold.ttf"}
_FAMILY = "'Open Sans', 'DejaVu Sans', sans-serif"
#: Points drawn and left out in a dashed line.
_DASH, _GAP = 4.0, 2.5
_ALIGNED: dict[Anchor, str] = {"start": "ls", "middle": "ms", "end": "rs"}


@dataclass(frozen=True)
class Box:
    """A filled rectangle."""

    left: float
    top: float
    right: float
    bottom: float
    colour: str


@dataclass(frozen=True)
class Line:
    """A line through points; a single point is a dot. Only a line of two points can be dashed."""

    points: Sequence[Point]
    colour: str
    width: float
    dashed: bool = False


@dataclass(frozen=True)
class Text:
    """Words on a baseline. `backing` is the colour behind them, empty for none."""

    at: Point
    words: str
    size: float
    colour: str
    bold: bool = False
    anchor: Anchor = "start"
    backing: str = ""

    @property
    def behind(self) -> Box:
        """The rectangle behind the words."""
        wide, (x, y) = text_width(self.words, self.size, self.bold), self.at
        left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[self.anchor]
        return Box(left - 1, y - self.size, left + wide + 1, y + self.size * 0.3, self.backing)


Shape = Box | Line | Text


def text_width(words: str, size: float, bold: bool = False) -> float:
    """How wide words are, in points."""
    return float(_font(size, bold).getlength(words)) / _SCALE


def svg(shapes: Sequence[Shape], width: float, height: float) -> bytes:
    """The picture as SVG, in which text stays text."""
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}pt" height="{height:g}pt" '
        f'viewBox="0 0 {width:g} {height:g}" font-family={quoteattr(_FAMILY)} xml:space="preserve">'
    )
    ground = Box(0, 0, width, height, "#ffffff")
    lines = [head, *(one for shape in (ground, *shapes) for one in _elements(shape)), "</svg>\n"]
    return "\n".join(lines).encode(errors="replace")


def png(shapes: Sequence[Shape], width: float, height: float) -> bytes:
    """The picture as PNG. Texts lie above everything else."""
    # Only who draws pays for the import.
    from PIL import Image, ImageDraw  # noqa: PLC0415

    size = (round(width * _SCALE), round(height * _SCALE))
    scale = _SCALE * _SMOOTH
    large = Image.new("RGB", (size[0] * _SMOOTH, size[1] * _SMOOTH), "white")
    pen = ImageDraw.Draw(large)
    for shape in shapes:
        if isinstance(shape, Box):
            pen.rectangle(_rectangle(shape, scale), fill=shape.colour)
        elif isinstance(shape, Line):
            wide = max(1, round(shape.width * scale))
            for part in _strokes(shape):
                pen.line([(x * scale, y * scale) for x, y in part], shape.colour, wide, joint="curve")
    picture = large.reduce(_SMOOTH)
    pen = ImageDraw.Draw(picture)
    for text in (shape for shape in shapes if isinstance(shape, Text)):
        if text.backing:
            pen.rectangle(_rectangle(text.behind, _SCALE), fill=text.backing)
        at = (text.at[0] * _SCALE, text.at[1] * _SCALE)
        pen.text(at, text.words, text.colour, _font(text.size, text.bold), _ALIGNED[text.anchor])
    written = io.BytesIO()
    # A palette: less than half the bytes and sooner written; no colour is off by more than the eye can tell.
    picture.quantize(128, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(written, "png")
    return written.getvalue()


@cache
def _font(size: float, bold: bool) -> "FreeTypeFont":
    from PIL import ImageFont  # noqa: PLC0415

    file = resources.files("ttf_opensans") / "ttf" / _FONTS[bold]
    with resources.as_file(file) as path:
        # Laid out letter by letter: the same picture whether a shaping library is installed or not.
        return ImageFont.truetype(path, size * _SCALE, layout_engine=ImageFont.Layout.BASIC)


def _rectangle(box: Box, scale: float) -> tuple[float, float, float, float]:
    return (box.left * scale, box.top * scale, box.right * scale, box.bottom * scale)


def _whole(line: Line) -> Sequence[Point]:
    """The points of a line; a dot becomes a line as long as it is wide."""
    if len(line.points) > 1:
        return line.points
    ((x, y),) = line.points
    return ((x - line.width / 2, y), (x + line.width / 2, y))


def _strokes(line: Line) -> Iterator[Sequence[Point]]:
    """What is drawn of a line: all of it, or its dashes."""
    if not line.dashed:
        yield _whole(line)
        return
    (x0, y0), (x1, y1) = _whole(line)
    length = math.hypot(x1 - x0, y1 - y0)
    for number in range(int(length / (_DASH + _GAP)) + 1 if length else 0):
        start = number * (_DASH + _GAP) / length
        end = min(1.0, start + _DASH / length)
        yield tuple((x0 + part * (x1 - x0), y0 + part * (y1 - y0)) for part in (start, end))


def _elements(shape: Shape) -> Iterator[str]:
    if isinstance(shape, Box):
        wide, high = shape.right - shape.left, shape.bottom - shape.top
        yield (
            f'<rect x="{shape.left:.1f}" y="{shape.top:.1f}" width="{wide:.1f}" height="{high:.1f}" '
            f'fill="{shape.colour}"/>'
        )
    elif isinstance(shape, Line):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in _whole(shape))
        dashes = f' stroke-dasharray="{_DASH:g} {_GAP:g}"' if shape.dashed else ""
        yield (
            f'<polyline points="{points}" fill="none" stroke="{shape.colour}" '
            f'stroke-width="{shape.width:g}" stroke-linejoin="round"{dashes}/>'
        )
    else:
        if shape.backing:
            yield from _elements(shape.behind)
        weight = ' font-weight="bold"' if shape.bold else ""
        yield (
            f'<text x="{shape.at[0]:.1f}" y="{shape.at[1]:.1f}" font-size="{shape.size:g}" '
            f'text-anchor="{shape.anchor}" fill="{shape.colour}"{weight}>{escape(shape.words)}</text>'
        )
