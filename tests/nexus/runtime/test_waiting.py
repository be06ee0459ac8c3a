"""What a wait brings: parked on the wall's clock, the timer that has come and nothing else."""

from datetime import datetime

import pytest

from graph.supervisor import Move, MoveKind
from nexus.runtime.waiting import Park
from tests.nexus import sample
from tests.nexus.sample import ID, at


class Wall:
    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now


def move(until: datetime | None) -> Move:
    return Move(kind=MoveKind.WAIT, reason="people decide", until=until)


@pytest.mark.parametrize(("minutes", "comes"), [(4.999, False), (5, True), (60, True)])
async def test_a_timer_fires_at_its_moment_and_not_before(minutes: float, comes: bool) -> None:
    incident = sample.opened()
    events = await Park(Wall(at(minutes))).wait(incident, move(at(5)))
    assert [event.kind for event in events] == (["timer"] if comes else [])


async def test_whoever_fires_it_its_id_is_the_same() -> None:
    incident = sample.opened()
    first = await Park(Wall(at(5))).wait(incident, move(at(5)))
    again = await Park(Wall(at(7))).wait(incident, move(at(5)))
    later = await Park(Wall(at(7))).wait(incident.evolve(turn=incident.turn + 1), move(at(5)))
    assert first[0].id == again[0].id != later[0].id
    assert ID in first[0].id


async def test_what_waits_for_people_alone_waits() -> None:
    assert await Park(Wall(at(10_000))).wait(sample.opened(), move(None)) == ()
