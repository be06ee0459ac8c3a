"""What a change needs to know of its target: how many run, which flags it has, what follows it."""

from pydantic import Field

from incidents.value import Value


class FlagState(Value):
    """A flag that can be switched."""

    name: str
    on: bool | None = Field(default=None, description="None: not known")


class Inventory(Value):
    """One service as whatever changes it sees it; None is not known, which is neither zero nor none."""

    service: str
    instances: int | None = Field(default=None, ge=0, description="how many run")
    flags: tuple[FlagState, ...] | None = None
