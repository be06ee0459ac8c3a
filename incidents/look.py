"""What a round of the investigation has to go by: two that are the same would be read the same."""

from pydantic import Field

from incidents.findings import Category, Channel
from incidents.value import Moment, Value


class Suspicion(Value):
    """A suspect as far as it changes what is concluded."""

    service: str
    category: Category
    score: float
    change: str | None = None
    channels: tuple[Channel, ...] = ()


class Look(Value):
    """What lies before the roles when a round begins."""

    telemetry: Moment | None = Field(default=None, description="the newest that is recorded; None: none")
    suspects: tuple[Suspicion, ...] = Field(default=(), description="those ahead, most likely first")
    affected: tuple[str, ...] = Field(default=(), description="services that deviate, by name")
    down: tuple[str, ...] = ()
    quiet: bool | None = Field(default=None, description="no signal deviates; None: not known")
    changes: tuple[str, ...] = Field(default=(), description="ids of the recorded changes")
    silent: tuple[str, ...] = Field(default=(), description="channels that do not answer")
    alerts: tuple[str, ...] = Field(default=(), description="each alert with its last word")
    said: int = Field(default=0, description="notes, changes by people and answered proposals")
    unheard: tuple[str, ...] = Field(default=(), description="roles that gave no whole report of their own")
