"""A storm over a live server: `python -m benchmarks.storm [--alerts 10000] [--services 2000] [--seconds 60]`.

Forty databases fail within a minute, each felt by the fifty services around it, which tell of it in several
alerts, one by one or bundled, some twice. Thirty-two senders bring them over HTTP and try again as theirs do;
the server is killed with SIGKILL after a third of the time and started again; after half of it comes a P0 of
a service that has nothing to do with all this. The world is one metrics backend that knows every service; the
engine is the playbook. What is told, and asked for: every delivery answered, none of what was answered lost,
the P0 answered in under 1 s with its first finding in under 5 s, memory under 1 GB, and few incidents for one
cause; then how the backlog is worked off for a while.
"""

import argparse
import asyncio
import random
import statistics
import time
from http import HTTPStatus

import httpx2

from tests.nexus.storm import Storm
from tests.nexus.stormed import Stormed, stormed
from tests.processor import processor

GOALS = {
    "P0 answered, s": 1.0,
    "P0's first finding, s": 5.0,
    "memory, MB": 1000.0,
    "lost": 1,
    "not answered": 1,
}


def main() -> None:
    """Let it blow and print how the server fared."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--alerts", type=int, default=10_000)
    parser.add_argument("--services", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--senders", type=int, default=32)
    parser.add_argument("--watch", type=float, default=60, help="seconds of the backlog afterwards")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))  # noqa: S311
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)  # noqa: T201
    storm = Storm(given.seed, given.services, given.alerts, given.seconds)
    with stormed(storm) as one:
        took = asyncio.run(one.blow(given.senders, given.seconds / 3, given.seconds / 2))
        seen = figures(one, took)
        for name, value in seen.items():
            goal = f"  (goal: under {GOALS[name]:g})" if name in GOALS else ""
            print(f"{name:32} {value:10.2f}{goal}", flush=True)  # noqa: T201
        print(f"answers: {dict(one.answered.said)}")  # noqa: T201
        print(f"incidents of each of the causes: {one.incidents_of_causes()}", flush=True)  # noqa: T201
        watch(one, given.watch)
    missed = [name for name, goal in GOALS.items() if seen[name] >= goal]
    if missed:
        raise SystemExit(f"missed: {', '.join(missed)}")


def figures(one: Stormed, took: float) -> dict[str, float]:
    """What was seen."""
    answered, urgent = one.answered, one.urgent
    assert urgent is not None  # it was sent  # noqa: S101
    waits = sorted(answered.waits.values())
    return {
        "deliveries answered": len(answered.numbers),
        "alerts in them": sum(len(delivery.alerts) for delivery in answered.numbers.values()),
        "not answered": len(answered.given_up),
        "lost": len(one.lost()),
        "all answered after, s": took,
        "an answer, median, s": statistics.median(waits),
        "an answer, 99 of 100, s": waits[len(waits) * 99 // 100],
        "P0 answered, s": urgent.answer,
        "P0's first finding, s": urgent.finding if urgent.finding is not None else float("inf"),
        "memory, MB": one.peak / 1e6,
        "processor since the restart, s": processor(one.nexus.pid),
    }


def watch(one: Stormed, seconds: float) -> None:
    """How the backlog is worked off."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        health = httpx2.get(f"{one.nexus.root}/healthz", timeout=60)
        if health.status_code == HTTPStatus.OK:
            print(f"{until - time.monotonic():6.0f} s left: {health.json()['waiting']}", flush=True)  # noqa: T201
            if not health.json()["waiting"]["alerts"]:
                return
        time.sleep(10)


if __name__ == "__main__":
    main()
