"""When people hear of what happens in an incident."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from incidents.action import Proposal
from incidents.incident import Incident
from incidents.timeline import Entry, EntryKind
from nexus.config.settings import Settings
from nexus.home import open_home
from nexus.runtime.announcer import RunListeners
from nexus.runtime.engines import engine_of
from nexus.runtime.recorded_run import open_recorded
from nexus.runtime.waiting import Nobody
from nexus.runtime.wiring import drive_recorded


async def nobody(incident: Incident, proposal: Proposal, now: datetime) -> Nobody:
    """There is no person here."""
    return Nobody()


def pending(settings: Settings, incident: str) -> list[str]:
    """What another process could decide on at this moment."""

    def read() -> list[str]:
        home = open_home(settings, create=False)
        try:
            return [proposal.id for proposal in asyncio.run(home.find(incident)).pending]
        finally:
            home.store.close()

    with ThreadPoolExecutor(1) as other:
        return other.submit(read).result()


async def test_a_proposal_is_told_once_it_can_be_decided_on(case: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", engine="playbook")
    home = open_home(settings, create=True)
    known = await open_recorded(home, case, None, "playbook")
    told: list[Entry] = []
    decidable: list[list[str]] = []

    def hear(entry: Entry) -> None:
        told.append(entry)
        if entry.kind is EntryKind.PROPOSAL:
            decidable.append(pending(settings, known.id))

    listeners = RunListeners(entry=hear, message=lambda message: None)
    await drive_recorded(home, known.id, engine_of(settings, "playbook"), nobody, listeners)
    kept = await home.store.entries(known.id)
    home.store.close()

    assert decidable == [["A1"]]
    assert [one.id for one in told] == [one.id for one in kept]
