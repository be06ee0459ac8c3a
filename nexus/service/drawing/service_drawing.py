"""The services around an incident, callers above those they call, each with how it does. Pure."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from nexus.service.drawing.svg import element, picture, words
from nexus.service.pages.service_map import Health, MapNode

#: A box in pixels, the air between boxes, and between rows.
_WIDE, _SLIM, _BOX_HEIGHT, _GAP, _ROW = 196.0, 152.0, 58.0, 12.0, 34.0
#: Pixels of a letter of a name, and of a figure; the air in a box.
_NAME, _FIGURE, _AIR = 8.0, 6.6, 20.0
_CLASSES = {Health.DOWN: "down", Health.DEVIATES: "deviates", Health.USUAL: "usual", Health.SILENT: "silent"}


class _Box(NamedTuple):
    """Where a service stands."""

    node: MapNode
    x: float
    y: float
    width: float


def service_drawing(nodes: Sequence[MapNode], width: float) -> str:
    """The map as SVG.

    Args:
        nodes: callers before those they call.
        width: in pixels; rows that do not fit are broken.
    """
    boxes = _placed(nodes, width)
    by_name = {box.node.service: box for box in boxes}
    height = max((box.y for box in boxes), default=0.0) + _BOX_HEIGHT + 2
    inside = [
        *(_edge(box, by_name[name]) for box in boxes for name in box.node.calls if name in by_name),
        *(shape for box in boxes for shape in _box(box)),
    ]
    told = ". ".join(_said(node) for node in nodes)
    return picture(width, height, f"Services: {told}", inside, "map")


def _said(node: MapNode) -> str:
    figures = f", {', '.join(node.figures)}" if node.figures else ""
    calls = f"; calls {', '.join(node.calls)}" if node.calls else ""
    return f"{node.service} {node.health.value}{figures}{calls}"


def _depths(nodes: Sequence[MapNode]) -> dict[str, int]:
    """How many calls a service is away from whoever is called by nobody; the nodes come in that order."""
    depths: dict[str, int] = {}
    for node in nodes:
        depths.setdefault(node.service, 0)
        for name in node.calls:
            if name not in depths or depths[name] <= depths[node.service]:
                depths[name] = depths[node.service] + 1
    return depths


def _placed(nodes: Sequence[MapNode], width: float) -> list[_Box]:
    depths, known = _depths(nodes), {node.service: node for node in nodes}
    wide = _WIDE if width > 3 * _WIDE else _SLIM
    fits = max(1, int((width + _GAP) / (wide + _GAP)))
    boxes, y = list[_Box](), 1.0
    for depth in sorted(set(depths.values())):
        row = [known[name] for name, own in depths.items() if own == depth and name in known]
        for start in range(0, len(row), fits):
            part = row[start : start + fits]
            left = (width - len(part) * (wide + _GAP) + _GAP) / 2
            boxes += [_Box(node, left + n * (wide + _GAP), y, wide) for n, node in enumerate(part)]
            y += _BOX_HEIGHT + _ROW
    return boxes


def _edge(caller: _Box, called: _Box) -> str:
    """A line from who calls to who is called, heavier where both are hit."""
    x1, y1 = caller.x + caller.width / 2, caller.y + _BOX_HEIGHT
    x2, y2 = called.x + called.width / 2, called.y
    if called.y <= caller.y:  # in one row, or back up
        y1, y2 = caller.y + _BOX_HEIGHT / 2, called.y + _BOX_HEIGHT / 2
    bent = (y2 - y1) / 2
    hit = {Health.DOWN, Health.DEVIATES}
    state = "hit" if caller.node.health in hit and called.node.health in hit else "calm"
    way = f"M{x1:.1f},{y1:.1f} C{x1:.1f},{y1 + bent:.1f} {x2:.1f},{y2 - bent:.1f} {x2:.1f},{y2:.1f}"
    return element("path", d=way, class_=f"edge {state}")


def _box(box: _Box) -> Iterator[str]:
    node = box.node
    yield element(
        "rect", x=box.x, y=box.y, width=box.width, height=_BOX_HEIGHT, rx=8,
        class_=f"box {_CLASSES[node.health]}",
    )  # fmt: skip
    name = _short(node.service, int((box.width - _AIR - 10) / _NAME))
    yield element("text", words(name), x=box.x + 10, y=box.y + 18, class_="name")
    most = int((box.width - _AIR) / _FIGURE)
    for number, row in enumerate(_rows(node, most)):
        yield element(
            "text", words(row), x=box.x + 10,
            y=box.y + 34 + 15 * number, class_="figure",
        )  # fmt: skip
    if node.cause:
        yield element("circle", cx=box.x + box.width - 13, cy=box.y + 13, r=4.5, class_="cause")


def _rows(node: MapNode, most: int) -> list[str]:
    """What stands under a name: how it does, its figures; what is usual where there is room."""
    told = [*node.figures] if node.health in {Health.USUAL, Health.DEVIATES} else [node.health.value]
    full = [row.replace(" (usual ", ", usual ").rstrip(")") for row in told]
    bare = [row.partition(" (usual ")[0] for row in told]
    return [one if len(one) <= most else _short(less, most) for one, less in zip(full, bare, strict=True)][:2]


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
