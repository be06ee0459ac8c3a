"""One observation that speaks for one service being the cause."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Self

from incidents.findings import Channel

Aspect = Literal["latency", "errors", "saturation", "network", "presence", "traffic", "liveness", "answers"]


@dataclass(frozen=True)
class Signal:
    """A deviation of one service, `strength` from 0 (nothing) to 1 (as strong as it gets).

    `witness`: which other service says it, if not the series and lines of the service itself.
    """

    service: str
    channel: Channel
    aspect: Aspect
    strength: float
    text: str
    onset: datetime | None = None
    witness: str = ""

    def scaled(self, factor: float, why: str = "") -> Self:
        """The same signal with its strength times `factor`, and the reason for it in its text."""
        text = f"{self.text} ({why})" if why else self.text
        return replace(self, strength=self.strength * factor, text=text)

    @property
    def order(self) -> tuple[float, str, str, str]:
        """Sorts the strongest first, and equals by channel, aspect and text."""
        return (-self.strength, self.channel.value, self.aspect, self.text)
