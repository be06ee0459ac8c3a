"""Which incidents the alerts of a delivery open or join, as a sender sees it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nexus.store.lists import EVERY
from tests.nexus.server.test_dispositions import Door
from tools.alerts.matching.topology import Thing, Topology, place_key


@pytest.fixture
def door(tmp_path: Path) -> Door:
    """A door over an empty store; web calls checkout, mail is apart."""
    return Door(tmp_path)


def group(*services: str | None, key: str = "{}:{}", **labels: str) -> dict[str, Any]:
    """A group of Alertmanager with an alert for each service."""
    alerts = [
        {
            "labels": {"alertname": f"{number}{key}"} | ({"service": service} if service else {}) | labels,
            "fingerprint": f"{number}{service}{key}{sorted(labels.items())}",
            "startsAt": "2026-11-29T03:00:00Z",
        }
        for number, service in enumerate(services)
    ]  # fmt: skip
    return {"version": "4", "groupKey": key, "status": "firing", "alerts": alerts}


async def incidents(door: Door) -> list[tuple[str, ...]]:
    """The services of each open incident."""
    return sorted(one.services for one in await door.store.page(EVERY))


async def test_a_group_of_unrelated_services_opens_an_incident_for_each(door: Door) -> None:
    await door.send(group("mail", "checkout", "web"))
    assert await incidents(door) == [("checkout", "web"), ("mail",)]
    told = [text for _, text in await door.reasons()]
    assert any(
        "web is on the path of what fails in this delivery: web calls checkout" in text for text in told
    )


async def test_an_alert_of_another_service_does_not_join_by_being_young(door: Door) -> None:
    await door.send(group("checkout"))
    await door.send(group("mail", severity="critical"))
    assert await incidents(door) == [("checkout",), ("mail",)]
    assert await door.reasons() == [("opened", "no young incident has anything to do with it")]


async def test_an_alert_without_a_service_joins_by_its_group_alone(door: Door) -> None:
    red, blue = '{}:{team="red"}', '{}:{team="blue"}'
    await door.send(group("checkout", key=red))
    await door.send(group(None, key=blue))
    await door.send(group(None, key=red))
    assert sorted(await incidents(door)) == [(), ("checkout",)]
    ((kind, text),) = await door.reasons()
    assert (kind, text.startswith("group: its sender bundles it with alerts of")) == ("joined", True)


async def test_an_alert_of_a_node_joins_the_incident_of_what_fails_there(door: Door) -> None:
    on_it = {place_key(Thing.HOST, "node-7"): ("checkout", "mail")}
    known = Topology(at=datetime(2026, 11, 29, 3, tzinfo=UTC), services=on_it, nodes={"node-7": "node-7"})
    door.intake.matcher.topology = lambda: known
    await door.send(group("checkout"))
    await door.send(group(None, node="node-7", job="node-exporter"))
    assert await incidents(door) == [("checkout",)]
    ((kind, text),) = await door.reasons()
    assert kind == "joined"
    assert text.startswith("place: checkout, which fails in INC-")
    assert text.endswith(", stands on host node-7")
    await door.send(group("mail"))
    await door.send(group(None, node="node-7", job="node-exporter", key="{}:{x}"))
    ((kind, text),) = await door.reasons()
    assert (kind, text.startswith("place: INC-")) == ("joined", True), "the first one has the host's alert"
