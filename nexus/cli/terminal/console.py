"""The console on which no text from outside can steer a terminal, whichever view shows it."""

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from nexus.sanitize import clean


class SafeConsole(Console):
    """Its colours are its own; what it prints holds no control, format or direction characters."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The pieces of whatever is printed: texts, tables, panels."""
        for piece in super().render(renderable, options):
            if piece.control or piece.text.isprintable():
                yield piece
            else:
                yield Segment(clean(piece.text), piece.style)
