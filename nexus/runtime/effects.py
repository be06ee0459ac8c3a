"""Changes under a lease: it is looked at right before one is begun, and again before it is carried out.

A process that was stopped and goes on may stand anywhere: its own clock tells it that its lease has run out,
and the store's fence refuses what it would begin.
"""

from dataclasses import dataclass
from datetime import datetime

from incidents.action import Action, Outcome, Plan, Proposal
from incidents.change_limits import Limits
from nexus.runtime.lease_keeper import HeldLease
from nexus.store.fence import FencedIntents
from tools.fence import UNFENCED, Fence
from tools.ports import Actions


@dataclass(frozen=True)
class LeasedIntents(FencedIntents):
    """Implements `graph.ports.Intents`: nothing is begun in a lease's last third."""

    lease: HeldLease

    async def begin(self, proposal: Proposal, at: datetime, limits: Limits | None = None) -> bool:
        """Keep the intent if the lease is good; raises as the port says, and `StaleLease` if it is not."""
        await self.lease.secure()
        return await super().begin(proposal, at, limits)


@dataclass(frozen=True)
class LeasedActions:
    """Implements `tools.ports.Actions` for the holder of one lease."""

    inner: Actions
    lease: HeldLease

    async def plan(self, action: Action) -> Plan:
        """A dry run; it needs no lease."""
        return await self.inner.plan(action)

    async def execute(self, action: Action, key: str, fence: Fence = UNFENCED) -> Outcome:
        """Do it, once per key, behind the lease's own fence.

        Raises:
            StaleLease: the lease is lost; nothing was done.
        """
        await self.lease.secure()
        return await self.inner.execute(action, key, self.lease.fence)

    async def status(self, key: str) -> Outcome | None:
        """What became of that key."""
        return await self.inner.status(key)
