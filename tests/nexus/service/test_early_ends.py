"""An end that overtakes its beginning is remembered in the store: also by a server that was started since."""

import json
from pathlib import Path

import pytest

from nexus.store.lists import EVERY
from nexus.store.sqlite.store import Store
from tests.nexus.service.test_rematching import World

BEGAN, ENDED, AGAIN = "2026-11-29T02:50:00Z", "2026-11-29T02:55:00Z", "2026-11-29T02:58:00Z"


async def told(world: World, status: str, start: str, end: str = "0001-01-01T00:00:00Z") -> str:
    """What became of the only alert of a delivery."""
    alert = {
        "status": status, "labels": {"alertname": "Errors", "service": "mail"}, "startsAt": start,
        "endsAt": end, "fingerprint": "f1",
    }  # fmt: skip
    body = {"version": "4", "groupKey": "{}:{}", "status": status, "alerts": [alert]}
    taken = await world.intake.receive(json.dumps(body).encode())
    return str(taken.alerts[0].disposition)


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_firing_that_comes_after_its_end_opens_nothing_and_a_later_one_does(
    tmp_path: Path, restarted: bool
) -> None:
    rows = tmp_path / "rows"
    rows.mkdir()
    with Store.open(rows) as store:
        world = World(tmp_path, store)
        assert await told(world, "resolved", BEGAN, ENDED) == "taken note of"
        if not restarted:
            await _late_and_again(world)
    if restarted:
        with Store.open(rows) as store:
            await _late_and_again(World(tmp_path, store))


async def _late_and_again(world: World) -> None:
    assert await told(world, "firing", BEGAN) == "repeated"
    assert await told(world, "resolved", BEGAN, ENDED) == "repeated"
    assert await world.store.page(EVERY) == ()
    assert await told(world, "firing", AGAIN) == "re-fired"
    assert len(await world.store.page(EVERY)) == 1
