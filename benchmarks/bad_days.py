"""Bad days of four workers on one PostgreSQL: `python -m benchmarks.bad_days [--kills 200] [--seed N]`.

Long series of what tests/nexus/runtime/test_bad_days.py plays once: kills with SIGKILL at random moments,
half of them behind a pooler where there is one; restarts of the database in the middle of turns; workers that
are stopped for longer than their lease, at random moments and while a change runs; connections cut between
intent and outcome; clocks five minutes apart; a full disk. After each every incident has to be resolved, its
change made once, its inbox empty, its checkpoints those of one process, or this ends with a traceback. What
is told of each: how long an incident was due without being in a hand, a minute at most.
"""

import argparse
import os
import random
import time
from collections.abc import Callable
from typing import Any

from nexus.cli.base import say
from tests.nexus import bad_days
from tests.nexus.bad_days import LIES, LONG, BadDay
from tests.pgbouncer import PROGRAM, pooled
from tests.postgres import DURABLE, postgres_server


def main() -> None:
    """Play them all and tell what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=LONG.kills)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))  # noqa: S311
    given = parser.parse_args()
    say(f"seed {given.seed}")
    with postgres_server(DURABLE) as server:
        direct = given.kills // 2 if PROGRAM else given.kills
        play("kills", bad_days.kills, server.new("kills"), direct, given.seed)
        if PROGRAM:
            server.new("pooled")
            with pooled(server, "pooled", size=20) as database:
                play("kills, behind a pooler", bad_days.kills, database, given.kills - direct, given.seed + 1)
        play("restarts", bad_days.restarted, server, server.new("restarted"), LONG.restarts, given.seed)
        play("stops", bad_days.stopped, server.new("stops"), LONG.stops, given.seed)
        play("a stop in a change", bad_days.stopped_in_a_change, server.new("stop"))
        play("a cut in a change", bad_days.cut_in_a_change, server.new("cut"))
        play("clocks apart", bad_days.clocks_apart, server.new("clocks"))
        play("a full disk", bad_days.disk_full, server, LONG.full)


def play(name: str, day: Callable[..., BadDay], *given: Any) -> None:
    """One bad day."""
    began = time.monotonic()
    seen = day(*given)
    say(
        f"{name}: {seen.kills or '-'} kills, {len(seen.crew.incidents)} incidents resolved, each changed "
        f"once; longest due in no hand {seen.crew.oldest:.1f} s (at most {LIES:g}); "
        f"{time.monotonic() - began:.0f} s, load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
