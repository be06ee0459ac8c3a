"""A destination that cannot be opened: whatever it is given, it says why."""

from nexus.notify.destination import Attempt, Can, Outcome
from nexus.notify.notice import Notice, Purpose


class Unusable:
    """Implements `nexus.notify.destination.Destination` for one that cannot be opened."""

    carries = frozenset(Purpose)
    can = frozenset[Can]()

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        self._attempt = Attempt(outcome=Outcome.FAILED_FOR_GOOD, reason=why, disables=True)

    async def send(self, notice: Notice) -> Attempt:
        """Say why not."""
        return self._attempt

    async def aclose(self) -> None:
        """Nothing is held."""
