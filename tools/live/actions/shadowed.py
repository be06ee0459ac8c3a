"""The actions of an incident in shadow: planned as ever, carried out never."""

from dataclasses import dataclass

from incidents.action import Action, Outcome, Plan
from incidents.errors import ActionRefused
from tools.fence import Fence
from tools.ports import Actions


@dataclass(frozen=True)
class ShadowedActions:
    """Implements `tools.ports.Actions` over those of a world."""

    within: Actions

    async def plan(self, action: Action) -> Plan:
        """The dry run, which changes nothing."""
        return await self.within.plan(action)

    async def execute(self, action: Action, key: str, fence: Fence) -> Outcome:
        """Nothing is begun.

        Raises:
            ActionRefused: always.
        """
        raise ActionRefused(f"the incident is in shadow: nothing was done to {action.title}")

    async def status(self, key: str) -> Outcome | None:
        """What became of a key."""
        return await self.within.status(key)
