"""`notify` of `nexus.yaml`: the destinations outside."""

from typing import Self

from pydantic import Field, model_validator

from incidents.value import Value
from nexus.notify.kinds import AnyDestination


class Notify(Value):
    """Who is told outside; the files of the home are written in any case."""

    destinations: tuple[AnyDestination, ...] = Field(default=(), description="where notices go")

    @model_validator(mode="after")
    def _one_name_each(self) -> Self:
        names = [one.name for one in self.destinations]
        for name in dict.fromkeys(names):
            if names.count(name) > 1:
                raise ValueError(f"destinations: {name!r} stands twice; a delivery is known by it")
        return self
