"""What a store does under a lease that is taken for it and given back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from incidents.action import Proposal
from incidents.change_limits import Limits
from incidents.incident import Incident
from nexus.store.port import IncidentStore


@asynccontextmanager
async def leased(store: IncidentStore, incident: str, at: datetime) -> AsyncIterator[int]:
    """The number of a lease that is held for a block."""
    number = await store.lease(incident, "test", at + timedelta(seconds=30), at)
    assert number is not None
    try:
        yield number
    finally:
        await store.give_back(incident, number, None)


async def saved(store: IncidentStore, incident: Incident, clock: datetime) -> None:
    """Save it."""
    async with leased(store, incident.id, clock) as number:
        await store.save(incident, clock, number)


async def begun(store: IncidentStore, proposal: Proposal, at: datetime, limits: Limits | None = None) -> bool:
    """Begin a change."""
    async with leased(store, proposal.incident, at) as number:
        return await store.begin(proposal, at, number, limits)
