"""A small storm over a real server that is killed in its middle; `benchmarks/storm.py` is the large one."""

import asyncio

from tests.nexus.storm import Storm
from tests.nexus.stormed import stormed

SERVICES, ALERTS, SECONDS = 60, 300, 4.0


def test_in_a_storm_everything_is_answered_and_nothing_of_it_lost() -> None:
    storm = Storm(seed=7, services=SERVICES, alerts=ALERTS, seconds=SECONDS)
    with stormed(storm) as one:
        asyncio.run(one.blow(senders=8, kill_at=SECONDS / 3, urgent_at=SECONDS / 2))
        sent = storm.deliveries()
        assert len(one.answered.numbers) == len(sent) + 1, "and the P0"
        assert one.answered.given_up == []
        assert sum(len(delivery.alerts) for delivery in sent) > ALERTS * 0.9
        assert one.lost() == []
        assert sum(one.incidents_of_causes()) < ALERTS / 10
        assert one.urgent is not None
        assert one.urgent.finding is not None, "the P0 is worked on while others wait"
