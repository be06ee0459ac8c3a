"""Doors in one process, hands in others, over one PostgreSQL behind a pooler: one of the hands dies."""

import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from demo.processes import wait_for
from tests import patient
from tests.nexus.command_line import typed_before
from tests.nexus.live import TOKENS, Live, live
from tests.nexus.rig import GOOD
from tests.nexus.served import Serving, working
from tests.nexus.server.test_metrics import values
from tests.patience import PATIENCE
from tests.pgbouncer import pooled
from tests.postgres import PostgresServer


@pytest.fixture
def one(postgres: PostgresServer) -> Iterator[Live]:
    postgres.new("workers")
    with pooled(postgres, "workers", size=8) as database:
        store = {"url": database.url.get_secret_value(), "direct_url": database.direct.get_secret_value()}
        doors = ("--engine", "playbook", "--no-worker")
        with live(
            database=database, words=doors, store=store, worker={"lease": "3s"},
            server={"metrics_token": "env:KIM"},
        ) as made:  # fmt: skip
            yield made


def listed(one: Live) -> list[dict[str, object]]:
    config = str(one.made.folder / "nexus.yaml")
    found: list[dict[str, object]] = json.loads(
        typed_before(one.home, "workers", "--json", NEXUS_CONFIG=config)
    )
    return found


def scraped(worker: Serving) -> dict[tuple[str, ...], float]:
    address, token = worker.url.replace("healthz", "metrics"), {"Authorization": f"Bearer {TOKENS['KIM']}"}
    assert patient.get(address).status_code == 401
    return values(patient.get(address, headers=token).text)


def driving(one: Live) -> str | None:
    return next(
        (str(worker["name"]) for worker in listed(one) if one.incident in str(worker["drives"])), None
    )


def test_hands_share_the_work_and_one_goes_on_where_another_died(one: Live) -> None:
    with ExitStack() as stack:
        hands = [stack.enter_context(working(one.made.folder, one.home, **TOKENS)) for _ in range(2)]
        by_pid: dict[str, Serving] = {str(worker.pid): worker for worker in hands}
        wait_for("both are listed", lambda: len(listed(one)) == 2 or None, seconds=PATIENCE, pause=0.05)
        assert all(patient.get(worker.url.replace("healthz", "readyz")).text == "ready" for worker in hands)
        assert one.alert() == (202, "opened")
        first = wait_for("somebody drives it", lambda: driving(one), seconds=PATIENCE, pause=0.02)
        by_pid.pop(first.rpartition(":")[2]).kill()
        one.seen(lambda incident: incident.proposal("A1") is not None)
        assert {worker["state"] for worker in listed(one)} == {"live", "lost"}
        one.alert()
        assert one.decide()[0] == 200
        one.seen(lambda incident: not incident.open)
        one.sound("resolved")
        assert one.made.switches == [GOOD]
        (left,) = by_pid.values()
        told = scraped(left)
        assert told[("nexus_incident_recovery_seconds_count",)] == 1, "it drove it to its end"
        left.end(signal.SIGTERM)
        assert [worker["state"] for worker in listed(one)] == ["lost"]  # who ends in order is listed no more
