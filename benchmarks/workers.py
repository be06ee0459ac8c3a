"""What more workers bring on one PostgreSQL: `python -m benchmarks.workers [--delay 3] [--rounds 2] ...`.

Every figure is a ratio of one run, its parts one after the other and in turns; the load of the machine stands
beside each. The incidents are those of a fleet of services, each with a change that a person approves, a
watch and a post-mortem. What is told, and asked for:

- incidents resolved per minute with 1, 2 and 4 workers whose model answers after a fixed delay (`at_once: 4`,
  as many incidents for each worker): at least 3.6 times as many at 4;
- on the playbook, the processor's time of the workers per incident with two workers against one, that of the
  database apart: at most 1.15 times;
- on the playbook, the time that one worker takes on PostgreSQL against SQLite: at most 1.3 times;
- with 5,000 incidents that wait, from a decision's answer to the change's beginning: under 1 s, 99 of 100.

On 2026-11-29, two processors beside other work, in three runs: 1.3, 1.9 and 4.7 incidents a minute with 1, 2
and 4 workers and a delay of 5 s, 3.65 times at 4 (.44 cores; load 22 to 11); the workers' processor 1.45 s an
incident with one and 1.60 s with two, 1.10 times, the database .5 s (load 17 to 19); on PostgreSQL .97 of the
time on SQLite (load 17 to 21); 50 decisions in .64 s at the median, the slowest 1.27 s, missed at load 20.
"""

import argparse
import os
import statistics
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.overhead import server
from benchmarks.waiting_postgres import copied
from nexus.cli.base import say
from nexus.store.postgres.address import Address
from nexus.store.postgres.connecting import connect
from tests.nexus.crew import Crew, crew
from tests.postgres import DURABLE, PostgresServer, postgres_server
from tests.processor import processor

if TYPE_CHECKING:
    from collections.abc import Callable

#: What is asked for, and whether more is better.
MORE, CPU, TIME, DECISION = 3.6, 1.15, 1.3, 1.0
#: All processors together, while the model's delay is what takes time, in cores.
CORES = 1.6
AT_ONCE = 4
#: A worker that uses less than so many seconds of the processor in one second has nothing to do.
RESTS = 0.03
PATIENCE = 1800.0
#: While decisions are measured nothing else happens.
LONG_WATCH = {"lasts": "30m", "every": "10m", "settle": "10m"}


@dataclass(frozen=True)
class Spent:
    """What incidents took: seconds of the wall, of the workers' processor, of the database's, of all."""

    incidents: int
    seconds: float
    workers: float
    database: float
    everything: float

    @property
    def a_minute(self) -> float:
        """Incidents resolved."""
        return 60 * self.incidents / self.seconds

    def told(self, name: str) -> "Spent":
        """Say it."""
        say(
            f"{name}: {self.incidents} incidents in {self.seconds:.1f} s, {self.a_minute:.1f} a minute; "
            f"processor of the workers {self.workers / self.incidents:.2f} s an incident, of the database "
            f"{self.database / self.incidents:.2f} s; all {self.everything / self.seconds:.2f} cores; "
            f"load {load()}"
        )
        return self


def load() -> str:
    """Of the machine, over the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


@dataclass
class Bench:
    """One PostgreSQL, and what was missed."""

    server: PostgresServer
    missed: list[str]

    def resolved(self, incidents: int, workers: int, *, sqlite: bool = False, model: str = "") -> Spent:
        """Let so many workers resolve so many incidents that fail at once."""
        database = None if sqlite else self.server.new("workers")
        environment = {"NEXUS_LLM_BASE_URL": model, "NEXUS_LLM_MODEL": "steady"} if model else {}
        engine = "llm" if model else "playbook"
        hands = {"at_once": AT_ONCE}
        with crew(workers, incidents, database, engine=engine, environment=environment, worker=hands) as one:
            for worker in one.workers:
                rested(worker.pid)
            names, before = one.fleet.failing, self._processors(one)
            began = time.monotonic()
            with ThreadPoolExecutor(8) as senders:
                list(senders.map(one.open, names))
            one.until(one.ended, one.approve, PATIENCE, pause=0.2)
            seconds, after = time.monotonic() - began, self._processors(one)
            for incident in one.incidents:
                one.sound(incident)
        spent = [late - early for early, late in zip(before, after, strict=True)]
        return Spent(incidents, seconds, *spent)

    def _processors(self, one: Crew) -> tuple[float, float, float]:
        workers = sum(processor(worker.pid) for worker in one.workers)
        database = processor(self.server.pid)
        return workers, database, processor(os.getpid()) + database

    def asked(self, what: str, found: float, goal: float, *, more: bool = False) -> None:
        """Say a figure beside its goal."""
        good = found >= goal if more else found <= goal
        say(f"{what}: {found:.2f} (goal: {'at least' if more else 'at most'} {goal:g}); load {load()}")
        if not good:
            self.missed.append(what)


def rested(pid: int) -> None:
    """Wait until a process has imported what it needs."""
    before = processor(pid)
    while True:
        time.sleep(1)
        before, used = processor(pid), processor(pid) - before
        if used < RESTS:
            return


def more_workers(bench: Bench, rounds: int, delay: float) -> None:
    """The first figure."""
    found: dict[int, Spent] = {}
    with server(delay) as pipe:
        model = pipe.recv()
        for workers in (1, 2, 4):
            incidents = workers * rounds * (AT_ONCE - 1)  # one hand takes nothing but P0
            found[workers] = bench.resolved(incidents, workers, model=model).told(
                f"model of {delay:g} s, {workers} workers"
            )
        pipe.send("stop")
        pipe.recv()
    bench.asked("2 workers against 1", found[2].a_minute / found[1].a_minute, MORE / 2, more=True)
    bench.asked("4 workers against 1", found[4].a_minute / found[1].a_minute, MORE, more=True)
    cores = found[4].everything / found[4].seconds
    bench.asked("cores with 4 workers, or the processor was the limit", cores, CORES)


def on_the_playbook(bench: Bench, incidents: int, times: int) -> None:
    """The second and the third figure, in turns there and back."""
    kinds: dict[str, Callable[[], Spent]] = {
        "SQLite, 1 worker": lambda: bench.resolved(incidents, 1, sqlite=True),
        "PostgreSQL, 1 worker": lambda: bench.resolved(incidents, 1),
        "PostgreSQL, 2 workers": lambda: bench.resolved(incidents, 2),
    }
    found = defaultdict[str, list[Spent]](list)
    for turn in range(times):
        for name in list(kinds) if turn % 2 == 0 else reversed(kinds):
            found[name].append(kinds[name]().told(name))
    sqlite, one, two = (found[name] for name in kinds)
    cpu = [sum(spent.workers for spent in each) for each in (one, two)]
    bench.asked("the workers' processor, 2 against 1", cpu[1] / cpu[0], CPU)
    seconds = [sum(spent.seconds for spent in each) for each in (sqlite, one)]
    bench.asked("time on PostgreSQL against SQLite", seconds[1] / seconds[0], TIME)


def decisions(bench: Bench, many: int, waiting: int) -> None:
    """The fourth figure: proposals that wait are approved over HTTP, one after the other."""
    database = bench.server.new("workers")
    with crew(1, many, database, watch=LONG_WATCH, worker={"at_once": AT_ONCE}) as one:
        for service in one.fleet.failing:
            one.open(service)
        proposed = lambda: all(one.known(incident).pending for incident in one.incidents)  # noqa: E731
        one.until(proposed, lambda: None, PATIENCE, pause=1)
        others(database, next(iter(one.incidents)), waiting)
        one.until(lambda: not any(map(one.lease, one.incidents)), lambda: None, PATIENCE, pause=1)
        took = sorted(decided(one, incident) for incident in one.incidents)
    say(
        f"{many} decisions with {waiting:,} waiting incidents: median {statistics.median(took):.2f} s, "
        f"longest {took[-1]:.2f} s"
    )
    bench.asked("from a decision to the change, 99 of 100, s", took[len(took) * 99 // 100], DECISION)


def others(database: Address, incident: str, many: int) -> None:
    """So many that wait as an incident does, for hours."""
    with connect(database) as raw:
        copied(raw, incident, many)
        raw.execute(
            "update incidents set wake_at = now() + interval '6 hours' where id like 'INC-2026-01-02-%'"
        )


def decided(one: Crew, incident: str) -> float:
    """Seconds from the answer to a decision to the change's beginning."""
    service = one.incidents[incident]
    one.decide(incident)
    answered = time.time()
    one.until(lambda: one.fleet.begun(service) is not None, lambda: None, PATIENCE, pause=0.01)
    begun = one.fleet.begun(service)
    assert begun is not None  # it was waited for  # noqa: S101
    one.until(lambda: one.lease(incident) is None, lambda: None, PATIENCE)
    return max(0.0, begun - answered)


def main() -> None:
    """Measure it all; what was missed ends it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--delay", type=float, default=3.0, help="of the model, in seconds")
    parser.add_argument("--rounds", type=int, default=2, help="incidents for each hand, with a model")
    parser.add_argument("--incidents", type=int, default=16, help="of a turn on the playbook")
    parser.add_argument("--times", type=int, default=2, help="turns on the playbook")
    parser.add_argument("--decisions", type=int, default=100)
    parser.add_argument("--waiting", type=int, default=5_000)
    given = parser.parse_args()
    say(f"{os.cpu_count()} processors, load {load()}")
    with postgres_server(DURABLE) as server_of_all:
        bench = Bench(server_of_all, [])
        if given.rounds:
            more_workers(bench, given.rounds, given.delay)
        if given.times:
            on_the_playbook(bench, given.incidents, given.times)
        if given.decisions:
            decisions(bench, given.decisions, given.waiting)
    if bench.missed:
        raise SystemExit(f"missed: {'; '.join(bench.missed)}")


if __name__ == "__main__":
    main()
