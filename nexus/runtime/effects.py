"""Changes under a lease: it is looked at, and renewed if need be, right before one is begun.

A process that was stopped and goes on may stand anywhere: its own clock tells it that its lease has run out,
and the store's fence refuses what it would begin. The lease's own fence (`Deps.fence`) is asked again right
before the effect.
"""

from dataclasses import dataclass
from datetime import datetime

from incidents.act_permission import Use
from incidents.action import Proposal
from incidents.change_limits import Limits
from nexus.runtime.lease_keeper import HeldLease
from nexus.store.fence import FencedIntents


@dataclass(frozen=True)
class LeasedIntents(FencedIntents):
    """Implements `graph.ports.Intents`: nothing is begun in a lease's last third."""

    lease: HeldLease

    async def begin(
        self, proposal: Proposal, at: datetime, limits: Limits | None = None, use: Use | None = None
    ) -> bool:
        """Keep the intent if the lease is good; raises as the port says, and `StaleLease` if it is not."""
        await self.lease.secure()
        return await super().begin(proposal, at, limits, use)
