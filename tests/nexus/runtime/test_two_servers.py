"""Two servers on one home: when one dies the other goes on, nothing is lost, and nothing is done twice."""

from tests.nexus.killing import LEASE, killed

#: One short series, the same every time; `benchmarks/kills.py` plays long ones.
SEED, KILLS = 1, 10


def test_ten_random_kills_lose_nothing_repeat_nothing_and_leave_nothing_lying() -> None:
    seen = killed(KILLS, SEED)
    assert seen.kills == KILLS
    assert seen.longest < LEASE + seen.restart, seen
