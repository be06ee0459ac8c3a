"""Tickets of action items: asked for by a person, made once whatever breaks, their state read back."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.access import AccessRole
from incidents.action_items import ItemState
from incidents.actor import Actor, Via
from incidents.errors import Forbidden, Refused
from incidents.tickets import LOST, SETTLES, Making, Next, Outside, Ticket, next_step
from nexus.config.settings import Settings
from nexus.config.site import Site, load_site
from nexus.home import Home, open_home
from nexus.notify.destination import Attempt, Outcome
from nexus.notify.tickets.port import Draft, Made, Seen
from nexus.service.hindsight import IncidentHindsight
from nexus.service.ticketing import Ticketing
from nexus.store.audit import DeedKind
from nexus.store.memory import MemoryStore
from nexus.store.records import WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.sample import ID, at
from tools.clock import VirtualClock

NOW = at(600)
DANA = Actor(
    id="dana", name="dana", roles=(AccessRole.RESPONDER,), via=Via.CLI, authenticated=True
)  # fmt: skip


class Crashed(Exception):
    """The process ends here."""


@dataclass
class Kept:
    """A tracker in memory whose search is late, and which misbehaves as it is told."""

    clock: VirtualClock
    late: timedelta = timedelta()
    script: list[str] = field(default_factory=list)
    made: list[tuple[str, datetime]] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    outside: Outside = Outside.OPEN
    name: str = "github acme/shop"

    async def create(self, draft: Draft) -> Made | Attempt:
        how = self.script.pop(0) if self.script else "made"
        if how == "crash before":
            raise Crashed
        if how == "not now":
            return Attempt(outcome=Outcome.FAILED_FOR_NOW, reason="503")
        if how == "never":
            return Attempt(outcome=Outcome.FAILED_FOR_GOOD, reason="no such project")
        if how != "lost":
            self.made.append((draft.key, self.clock.now()))
            self.drafts.append(draft)
        if how == "crash after":
            raise Crashed
        if how in {"kept", "lost"}:
            return Attempt(outcome=Outcome.UNKNOWN, reason="504")
        return self._as_made(draft.key)

    async def find(self, key: str, since: datetime) -> Made | Attempt | None:
        if self.script and self.script[0] == "deaf":
            self.script.pop(0)
            return Attempt(outcome=Outcome.FAILED_FOR_NOW, reason="429")
        known = any(one == key and self.clock.now() >= when + self.late for one, when in self.made)
        return self._as_made(key) if known else None

    async def read(self, reference: str) -> Seen | Attempt:
        return Seen(outside=self.outside, word=str(self.outside))

    async def aclose(self) -> None:
        """Nothing is open."""

    def _as_made(self, key: str) -> Made:
        return Made(reference=key, url=f"https://github.example/{key}")


@dataclass
class Bench:
    """A home with one incident that is over and has one action item, and its tracker."""

    home: Home
    site: Site
    clock: VirtualClock
    tracker: Kept

    @property
    def tickets(self) -> Ticketing:
        return Ticketing(self.home, lambda site: self.tracker, self.clock)

    async def turn(self, seconds: float = 30) -> None:
        """Time passes, and a server looks; it may end over it."""
        self.clock.advance(timedelta(seconds=seconds))
        try:
            await self.tickets.look(self.site)
        except Crashed:
            return

    async def only(self) -> Ticket:
        (one,) = await self.home.store.tickets(ID)
        return one


async def bench(folder: Path, more: str = "") -> Bench:
    path = folder / "nexus.yaml"
    tracker = f"tickets: {{kind: github, repository: acme/shop, token: 'env:T'{more}}}"
    path.write_text(f"services: [{{name: checkout}}]\n{tracker}\n")
    opened = open_home(Settings(home=folder / "home"), create=True)
    opened.store.close()
    home = Home(opened.settings, MemoryStore(), opened.files, opened.folder)  # type: ignore[arg-type]  # its port
    world = WorldRef(kind=WorldKind.LIVE, path=str(path))
    await home.store.register(sample.resolved().evolve(closed=True), world, at(50), "default")
    clock = VirtualClock(NOW)
    added = IncidentHindsight.of(home)
    await added.change_item(
        ID, None, 0, actor=DANA, action="Alert on the pool", owner="backend", due=at(9000).date()
    )
    return Bench(home, load_site(path), clock, Kept(clock))


async def test_nothing_is_made_before_a_person_asks_and_then_one_of_each(tmp_path: Path) -> None:
    made = await bench(tmp_path)
    await made.turn()
    assert made.tracker.made == []
    (wanted,) = await made.tickets.ask(ID, DANA)
    assert (wanted.making, wanted.by, wanted.item) == (Making.WANTED, "dana", f"{ID}-P1")
    assert made.tracker.made == []  # kept first, made by whoever works
    for _ in range(3):
        await made.turn()
    ticket = await made.only()
    assert (ticket.making, ticket.outside, ticket.url) == (
        Making.MADE, Outside.OPEN, f"https://github.example/{ticket.key}",
    )  # fmt: skip
    await made.tickets.ask(ID, DANA)
    await made.turn()
    assert len(made.tracker.made) == 1
    (draft,) = made.tracker.drafts
    assert draft.title == "Alert on the pool"
    assert ID in draft.paragraphs[-1]
    deeds = await made.home.store.audit(kind=DeedKind.TICKETS)
    assert [(one.deed.person, one.deed.said, one.deed.incident) for one in deeds] == [
        ("dana", "github", ID)
    ] * 2


async def test_how_it_stands_is_read_back_until_it_is_at_its_end(tmp_path: Path) -> None:
    made = await bench(tmp_path)
    await made.tickets.ask(ID, DANA)
    await made.turn()
    made.tracker.outside = Outside.DONE
    await made.turn()
    assert (await made.only()).outside is Outside.OPEN  # not at every look
    await made.turn(700)
    assert (await made.only()).outside is Outside.DONE
    made.tracker.outside = Outside.OPEN
    await made.turn(7000)
    assert (await made.only()).outside is Outside.DONE


async def test_where_the_settings_say_so_nobody_has_to_ask(tmp_path: Path) -> None:
    made = await bench(tmp_path, ", automatic: true")
    for _ in range(3):
        await made.turn()
    assert ((await made.only()).by, len(made.tracker.made)) == ("Nexus", 1)


async def test_what_was_refused_is_asked_for_again_by_a_person_alone(tmp_path: Path) -> None:
    made = await bench(tmp_path)
    made.tracker.script = ["never"]
    await made.tickets.ask(ID, DANA)
    for _ in range(5):
        await made.turn(4000)
    refused = await made.only()
    assert (refused.making, refused.reason, made.tracker.made) == (Making.REFUSED, "no such project", [])
    await made.tickets.ask(ID, DANA)
    await made.turn()
    assert (await made.only()).making is Making.MADE


async def test_what_is_done_meanwhile_gets_no_ticket(tmp_path: Path) -> None:
    made = await bench(tmp_path)
    await made.tickets.ask(ID, DANA)
    await IncidentHindsight.of(made.home).change_item(ID, f"{ID}-P1", 1, actor=DANA, state=ItemState.DONE)
    await made.turn()
    assert made.tracker.made == []
    with pytest.raises(Refused, match="no action item that is still to be done"):
        await made.tickets.ask(ID, DANA)


async def test_two_who_work_at_once_make_one(tmp_path: Path) -> None:
    made = await bench(tmp_path)
    await made.tickets.ask(ID, DANA)
    await asyncio.gather(*(made.tickets.work(ID) for _ in range(5)))
    assert len(made.tracker.made) == 1


async def test_a_program_and_a_viewer_ask_for_none(tmp_path: Path) -> None:
    made = await bench(tmp_path)
    with pytest.raises(Forbidden):
        await made.tickets.ask(ID, DANA.model_copy(update={"via": Via.MCP}))
    with pytest.raises(Forbidden):
        await made.tickets.ask(ID, DANA.model_copy(update={"roles": (AccessRole.VIEWER,)}))


HOW = st.sampled_from(["crash before", "crash after", "kept", "lost", "not now", "deaf"])


@settings(deadline=None, max_examples=40)
@given(script=st.lists(HOW, max_size=5), late=st.integers(0, 55), step=st.sampled_from([20, 90, 400]))
async def test_whatever_breaks_there_is_one_in_the_end(
    tmp_path_factory: pytest.TempPathFactory, script: list[str], late: int, step: int
) -> None:
    """Crashes before and after the tracker kept it, answers that were lost, a search that is late or deaf."""
    made = await bench(tmp_path_factory.mktemp("bench"))
    made.tracker.script, made.tracker.late = list(script), timedelta(seconds=late)
    await made.tickets.ask(ID, DANA)
    for _ in range(600):
        await made.turn(step)
        if (await made.only()).making is Making.MADE:
            break
    assert (await made.only()).making is Making.MADE
    assert len(made.tracker.made) == 1


def ticket(**changes: object) -> Ticket:
    fields = {
        "item": f"{ID}-T1", "incident": ID, "tracker": "github a/b", "key": "nexus-x", "by": "dana",
        "asked_at": NOW,
    }  # fmt: skip
    return Ticket.model_validate(fields | changes)


def test_what_may_have_been_made_is_looked_for_before_it_is_made() -> None:
    tried = {"tries": 1, "tried_at": NOW}
    trying = ticket(making=Making.TRYING, **tried)
    assert next_step(trying, NOW + LOST - timedelta(seconds=1)) is Next.NOTHING
    assert next_step(trying, NOW + LOST) is Next.LOOK
    unknown = ticket(making=Making.UNKNOWN, **tried)
    assert next_step(unknown, NOW) is Next.LOOK
    looked = ticket(making=Making.UNKNOWN, looked_at=NOW + timedelta(seconds=1), **tried)
    assert next_step(looked, NOW + SETTLES - timedelta(seconds=1)) is Next.NOTHING
    assert next_step(looked, NOW + SETTLES) is Next.LOOK
    assert next_step(ticket(making=Making.REFUSED, **tried), NOW + timedelta(days=9)) is Next.NOTHING
