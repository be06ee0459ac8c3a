"""An SVG element as text. Colours are classes, which the page's style sheet gives in both themes."""

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from nexus.sanitize import visible


def element(name: str, inside: str = "", /, **attributes: object) -> str:
    """An element; `class_` is `class`, `stroke_width` is `stroke-width`. Numbers are rounded to tenths."""
    told = "".join(f" {_name(key)}={quoteattr(_value(value))}" for key, value in attributes.items())
    return f"<{name}{told}>{inside}</{name}>" if inside else f"<{name}{told}/>"


def words(text: str) -> str:
    """Text between tags, harmless."""
    return escape(visible(text))


def points(pairs: Iterable[tuple[float, float]]) -> str:
    """The points of a line."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in pairs)


def picture(width: float, height: float, label: str, inside: Iterable[str], kind: str) -> str:
    """The whole drawing, named for those who do not see it."""
    return element(
        "svg", "".join(inside), viewBox=f"0 0 {width:g} {height:g}", width=width, height=height, role="img",
        aria_label=visible(label), class_=f"drawing {kind}",
    )  # fmt: skip


def _name(key: str) -> str:
    return {"class_": "class", "viewBox": "viewBox"}.get(key, key.replace("_", "-"))


def _value(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
