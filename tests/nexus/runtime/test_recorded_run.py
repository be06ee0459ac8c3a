"""Incidents of recorded worlds: they are driven under a lease like all others."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from incidents.action import ActionState, Approval, Proposal, Verdict
from incidents.errors import StaleLease
from incidents.events import Event
from incidents.incident import Incident
from incidents.timeline import EntryKind
from nexus.config.settings import Settings
from nexus.home import open_home
from nexus.runtime.announcer import RunListeners
from nexus.runtime.engines import engine_of
from nexus.runtime.lease_keeper import wall
from nexus.runtime.recorded_run import open_recorded
from nexus.runtime.waiting import Nobody
from nexus.runtime.wiring import drive_recorded
from nexus.store.records import DEFAULT_SITE, WorldKind, WorldRef
from nexus.store.sqlite.store import Store
from tests.nexus import sample
from tools.recorded.replay_log import ReplayLog


class Overtaken(Store):
    """Another process takes the incident over once an approved change is saved."""

    async def save(self, incident: Incident, clock: datetime, number: int) -> tuple[Event, ...]:
        late = await super().save(incident, clock, number)
        if any(one.state is ActionState.APPROVED for one in incident.proposals):
            later = wall() + timedelta(hours=1)
            assert await self.lease(incident.id, "other", later + timedelta(hours=1), later) == number + 1
        return late


async def yes(incident: Incident, proposal: Proposal, now: datetime) -> Approval:
    return Approval(
        action=proposal.id, digest=proposal.digest, verdict=Verdict.APPROVE, by="Dana Lee", at=now
    )


async def nobody(incident: Incident, proposal: Proposal, now: datetime) -> Nobody:
    return Nobody()


async def test_who_was_overtaken_after_the_approval_begins_no_change(case: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", engine="playbook")
    home = open_home(settings, create=True)
    home.store.close()
    quiet = RunListeners(entry=lambda entry: None, message=lambda message: None)
    with Overtaken.open(settings.home) as store:
        taken = replace(home, store=store)
        known = await open_recorded(taken, case, None, "playbook")
        with pytest.raises(StaleLease):
            await drive_recorded(taken, known.id, engine_of(settings, "playbook"), yes, quiet)
        assert await store.unfinished(known.id) == ()
    assert ReplayLog(home.folder.path(known.id, "world.jsonl")).deeds() == ()


async def test_what_the_steps_left_is_given_back_to_the_disk_when_the_drive_ends(
    case: Path, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path / "home", engine="playbook")
    quiet = RunListeners(entry=lambda entry: None, message=lambda message: None)
    with open_home(settings, create=True) as home:
        known = await open_recorded(home, case, None, "playbook")
        left = await drive_recorded(home, known.id, engine_of(settings, "playbook"), nobody, quiet)
    assert not left.closed, "it waits for a decision"
    with closing(sqlite3.connect(settings.home / "nexus.db")) as raw:
        assert raw.execute("pragma freelist_count").fetchone() == (0,)


async def test_a_recorded_world_has_no_history_but_its_own(case: Path, tmp_path: Path) -> None:
    """Neither what is live, whenever it ended, nor the same recording played before it."""
    settings = Settings(home=tmp_path / "home", engine="playbook")
    quiet = RunListeners(entry=lambda entry: None, message=lambda message: None)
    live = WorldRef(kind=WorldKind.LIVE, path="x")
    with open_home(settings, create=True) as home:
        for number in (1, 2):
            known = await open_recorded(home, case, None, "playbook")
            at = known.opened_at - timedelta(days=7)
            old = sample.resolved().evolve(
                id=f"INC-2020-01-01-00{number}", title=known.title, alerts=known.alerts, opened_at=at,
                ended_at=at + timedelta(hours=1),
            )  # fmt: skip
            await home.store.register(old, live, at, DEFAULT_SITE)
            await drive_recorded(home, known.id, engine_of(settings, "playbook"), yes, quiet)
            told = await home.store.entries(known.id)
            assert EntryKind.DIAGNOSIS in {one.kind for one in told}
            assert EntryKind.HISTORY not in {one.kind for one in told}


def test_an_empty_home_is_small(tmp_path: Path) -> None:
    with open_home(Settings(home=tmp_path / "home", engine="playbook"), create=True):
        pass
    assert (tmp_path / "home" / "nexus.db").stat().st_size < 240_000
