"""Two servers on one home: when one dies the other goes on, nothing is lost, and nothing is done twice."""

import os
import time

from tests.nexus.killing import LEASE, killed

#: Another series is played with another one; `benchmarks/kills.py` plays the long one.
SEED = int(os.environ.get("NEXUS_TEST_SEED", "0")) or time.time_ns() % 1_000_000
KILLS = 10


def test_ten_random_kills_lose_nothing_repeat_nothing_and_leave_nothing_lying() -> None:
    print(f"seed {SEED}")  # noqa: T201 - pytest shows it where the test fails
    seen = killed(KILLS, SEED)
    assert seen.kills == KILLS
    assert seen.longest < LEASE + seen.restart, seen
