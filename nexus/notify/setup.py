"""What is configured of telling people, opened."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from incidents.language import Language
from incidents.runbook import Bounds
from nexus.notify.destination import Can
from nexus.notify.router import Way
from nexus.notify.rules import Rules
from nexus.notify.wiring import Opened


async def nobody_known(_services: Sequence[str], _language: Language) -> None:
    """Nothing tells who is on duty."""


@dataclass(frozen=True)
class Setup:
    """What is configured of telling.

    Attributes:
        bounds: the runbook's: how long somebody who has an incident may be silent.
        rules: who is told what.
        opened: the destinations by name.
        public_url: where browsers reach Nexus.
        chat: whether a button in a chat may decide.
        on_duty: who is on duty for some services, in words; None: there is no schedule for them.
    """

    bounds: Bounds
    rules: Rules = field(default_factory=Rules)
    opened: Mapping[str, Opened] = field(default_factory=dict)
    public_url: str | None = None
    chat: bool = True
    on_duty: Callable[[Sequence[str], Language], Awaitable[str | None]] = nobody_known

    def ways(self, disabled: Mapping[str, str]) -> tuple[Way, ...]:
        """The destinations as the router sees them."""
        return tuple(
            Way(
                name=name, carries=one.destination.carries, can=frozenset[Can](one.destination.can),
                disabled=disabled.get(name),
            )
            for name, one in self.opened.items()
        )  # fmt: skip

    async def aclose(self) -> None:
        """Let go of every connection."""
        for one in self.opened.values():
            await one.destination.aclose()
