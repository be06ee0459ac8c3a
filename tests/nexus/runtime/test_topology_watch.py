"""What is known of where services run: kept while it is fresh, never half, never waited for."""

from datetime import UTC, datetime, timedelta

from nexus.runtime.topology_watch import OLDEST, TopologyWatch
from tests.tools.alerts.matching.cluster import SERIES
from tests.tools.alerts.matching.shop import NAMES
from tools.alerts.matching.topology import NOTHING_KNOWN
from tools.clock import VirtualClock
from tools.memory import MemoryTopology

NOW = datetime(2026, 11, 29, 3, 45, tzinfo=UTC)


async def test_a_silent_backend_leaves_what_was_known_until_it_is_too_old() -> None:
    clock = VirtualClock(NOW)
    port = MemoryTopology(SERIES, NAMES, clock)
    watch = TopologyWatch(port, clock)
    assert watch.now() == NOTHING_KNOWN
    await watch.refresh()
    known = watch.now()
    assert known.at == NOW
    port.silent = True
    clock.advance_to(NOW + OLDEST)
    await watch.refresh()
    assert watch.now() is known
    clock.advance_to(NOW + OLDEST + timedelta(seconds=1))
    assert watch.now() == NOTHING_KNOWN


async def test_the_first_answer_is_there_when_it_runs() -> None:
    clock = VirtualClock(NOW)
    watch = TopologyWatch(MemoryTopology(SERIES, NAMES, clock), clock)
    async with watch.running():
        assert watch.now().at == NOW


async def test_a_backend_that_is_down_at_the_start_stops_nothing() -> None:
    clock = VirtualClock(NOW)
    port = MemoryTopology(SERIES, NAMES, clock)
    port.silent = True
    watch = TopologyWatch(port, clock)
    async with watch.running():
        assert watch.now() == NOTHING_KNOWN
