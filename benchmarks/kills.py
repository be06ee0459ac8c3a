"""Two servers on one home, killed at random: `python -m benchmarks.kills [--kills 200] [--seed N]`.

Incidents are opened one after the other over a real supervisord, while one of the two servers is killed with
SIGKILL after a random time and another is started in its place. Every incident has to end resolved, its
change made exactly once and its inbox empty, or this ends with a traceback. A change that was cut between the
stop of a process and its start is never repeated: it counts as failed and is undone, and people end it. What
is told: the longest time in which an incident was due and nobody drove it, less the restarts in it, against a
lease and the longest restart.
"""

import argparse
import random

from tests.nexus.killing import LEASE, killed


def main() -> None:
    """Play the series and tell what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))  # noqa: S311
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)  # noqa: T201
    seen = killed(given.kills, given.seed)
    allowed = LEASE + seen.restart
    print(  # noqa: T201
        f"{seen.kills} kills, {len(seen.incidents)} incidents resolved, each changed once, {seen.half} of "
        "them cut in the middle of the change and undone; longest due "
        f"without a driver {seen.longest:.2f} s (lease {LEASE:g} s, longest restart {seen.restart:.2f} s)"
    )
    if seen.longest >= allowed:
        raise SystemExit(f"something lay for {seen.longest:.2f} s; at most {allowed:.2f} s are allowed")


if __name__ == "__main__":
    main()
