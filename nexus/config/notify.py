"""`notify` of `nexus.yaml`: the destinations outside, and who is told what."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from incidents.document import hint
from nexus.notify.file.settings import FileSettings
from nexus.notify.kinds import AnyDestination
from nexus.notify.rules import Rules


class Notify(Rules):
    """Who is told outside; the files of the home are written in any case."""

    destinations: tuple[AnyDestination, ...] = Field(default=(), description="where notices go")

    @model_validator(mode="after")
    def _one_name_each(self) -> Self:
        names = [one.name for one in self.destinations]
        for name in dict.fromkeys(names):
            if names.count(name) > 1:
                raise ValueError(f"destinations: {name!r} stands twice; a delivery is known by it")
        used = [(f"routes[{n}].to", name) for n, route in enumerate(self.routes) for name in route.to]
        used += [
            (f"quiet[{n}].destinations", name)
            for n, one in enumerate(self.quiet)
            for name in one.destinations
        ]
        for place, name in used:
            if name not in names:
                raise ValueError(f"{place}: there is no destination {name!r}; {hint(name, names)}")
        return self

    def beside(self, folder: Path) -> Self:
        """The same, whose files lie in a folder where they say no place of their own."""
        placed = tuple(
            one.model_copy(update={"path": folder / one.path}) if isinstance(one, FileSettings) else one
            for one in self.destinations
        )
        return self if placed == self.destinations else self.model_copy(update={"destinations": placed})
