"""What goes wrong where several workers share a PostgreSQL, and what has to be true afterwards.

After each: every incident is resolved, its change was made once, no two processes have written one thread's
checkpoints, and nothing was due and in no hand for a minute.
"""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from nexus.runtime.giving_up import Retries
from nexus.store.postgres.address import Address
from tests.nexus.crew import Crew, crew
from tests.nexus.served import Serving
from tests.postgres import PostgresServer

#: How long a lease lasts where one has to run out, in seconds; who is dead loses it at once.
LEASE = 5.0
#: Nothing is due for longer without being in a hand, in seconds.
LIES = 60.0
#: How large the disk is that is filled.
DISK = "64m"
#: A worker is killed after so many seconds, at random.
LIVES = (0.05, 1.5)


@dataclass(frozen=True)
class Series:
    """How often each of them comes, and for how many seconds a disk is full."""

    kills: int
    restarts: int
    stops: int
    full: float


SHORT = Series(kills=10, restarts=1, stops=1, full=2)
LONG = Series(kills=200, restarts=10, stops=10, full=20)

_SIBLINGS = """select thread_id, checkpoint_ns, count(*) from checkpoints
group by thread_id, checkpoint_ns, parent_checkpoint_id having count(*) > 1"""
_HEADS = "select thread_id, count(*) from checkpoints group by thread_id having count(*) > 1"
_CUT = """select pg_terminate_backend(pid) from pg_stat_activity
where datname = %s and pid <> pg_backend_pid()"""


@dataclass
class BadDay:
    """A crew, how its database is reached past what stands before it, and how many incidents were sound."""

    crew: Crew
    direct: str
    kills: int = 0
    sound: int = 0

    def look(self) -> None:
        """Sign what waits; two processes never wrote one thread."""
        self.crew.look()
        try:
            with psycopg.connect(self.direct) as raw:
                assert raw.execute(_SIBLINGS).fetchall() == []
        except psycopg.Error:
            return  # it has a bad day

    def over(self) -> None:
        """All incidents come to their end, and everything is sound."""
        self.crew.until(self.crew.ended, self.look)
        for incident in self.crew.incidents:
            self.crew.sound(incident)
            self.sound += 1
        assert self.crew.oldest < LIES

    def pruned(self) -> bool:
        """Whether of each thread the head alone is left: always, unless whoever ended it died then."""
        with psycopg.connect(self.direct) as raw:
            return raw.execute(_HEADS).fetchall() == []

    def holder(self, incident: str) -> Serving | None:
        """Who drives an incident now."""
        lease = self.crew.lease(incident)
        return next((w for w in self.crew.workers if lease and lease.process.pid == w.pid), None)

    def kill(self, chance: random.Random) -> None:
        """Kill one worker at random and start another in its place."""
        self.crew.workers.pop(chance.randrange(len(self.crew.workers))).kill()
        self.kills += 1
        self.crew.hire()

    def try_to_open(self, service: str) -> None:
        """Tell the doors that a service fails: they keep it, or whoever sends is asked to come again."""
        answer = self.crew.send(service)
        if answer.status_code == HTTPStatus.ACCEPTED:
            self.crew.incidents[answer.json()["incident"]] = service
        else:
            assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE, answer.text

    def driven(self) -> tuple[str, Serving] | None:
        """An incident that is in a hand, and whose."""
        found = ((one, self.holder(one)) for one in self.crew.open_ones())
        return next(((one, worker) for one, worker in found if worker is not None), None)

    def stop(self, incident: str, worker: Serving) -> None:
        """Stop a worker until another one has gone on with what it drove, and for a while after that."""
        worker.signal(signal.SIGSTOP)
        lease = self.crew.lease(incident)
        number = lease.number if lease is not None else 0

        def taken() -> bool:
            now = self.crew.lease(incident)
            return incident not in self.crew.open_ones() or (now is not None and now.number > number)

        try:
            self.crew.until(taken, self.look)
        finally:
            worker.signal(signal.SIGCONT)

    def may_die(self) -> bool:
        """Whether none is given up if one more of its processes dies: that is another test's matter."""
        leases = [self.crew.lease(incident) for incident in self.crew.incidents]
        return all(lease is None or lease.tries < Retries().deaths - 1 for lease in leases)

    def keep_open(self, many: int, chance: random.Random) -> None:
        """So many incidents at once."""
        busy = {self.crew.incidents[one] for one in self.crew.open_ones()}
        free = [name for name in self.crew.fleet.failing if name not in busy]
        for service in chance.sample(free, max(0, many - len(busy))):
            self.crew.open(service)


@contextmanager
def bad_day(
    database: Address, workers: int, services: int, *, takes: float = 0.0, lease: float = 30.0
) -> Iterator[BadDay]:
    """So many workers on a database.

    Args:
        database: as Nexus is told of it.
        workers: how many processes drive.
        services: how many may fail at the same time.
        takes: how long a change takes, in seconds.
        lease: how long one lasts, in seconds.
    """
    with crew(workers, services, database, takes=takes, worker={"lease": f"{lease:g}s"}) as one:
        yield BadDay(one, database.direct.get_secret_value())


def kills(database: Address, many: int, seed: int, *, workers: int = 4, at_once: int = 6) -> BadDay:
    """Kill workers at random until so many died, while so many incidents are open; all of them end well."""
    chance = random.Random(seed)  # noqa: S311
    with bad_day(database, workers, 2 * at_once) as day:
        while day.kills < many:
            day.keep_open(at_once, chance)
            life = time.monotonic() + chance.uniform(*LIVES)
            while time.monotonic() < life:
                day.look()
                time.sleep(0.02)
            if day.may_die():
                day.kill(chance)
        day.over()
        return day


def restarted(server: PostgresServer, database: Address, times: int, seed: int) -> BadDay:
    """The database is restarted at random moments of turns, as often as asked for."""
    chance = random.Random(seed)  # noqa: S311
    with bad_day(database, 2, 4) as day:
        for _ in range(times):
            day.keep_open(2, chance)
            day.crew.until(lambda: any(day.holder(one) for one in day.crew.open_ones()), day.look)
            time.sleep(chance.uniform(0, 1))
            server.restart()
        day.over()
        return day


def cut_in_a_change(database: Address) -> BadDay:
    """Every connection is cut while a change runs, and none is given until it has ended."""
    name = conninfo_to_dict(database.direct.get_secret_value())["dbname"]
    with bad_day(database, 2, 1, takes=2) as day:
        incident = day.crew.open(day.crew.fleet.failing[0])
        service = day.crew.incidents[incident]
        day.crew.until(lambda: bool(day.crew.fleet.deeds(service)), day.look)
        with psycopg.connect(day.direct, dbname="postgres", autocommit=True) as raw:
            raw.execute(f'alter database "{name}" allow_connections false')
            raw.execute(_CUT, (name,))
            day.crew.until(lambda: len(day.crew.fleet.deeds(service)) == 2, lambda: None)
            time.sleep(1)  # the outcome is told now, and there is nobody to tell
            raw.execute(f'alter database "{name}" allow_connections true')
        day.over()
        return day


def stopped(database: Address, times: int, seed: int) -> BadDay:
    """Whoever drives is stopped for longer than its lease, at random moments, and goes on afterwards."""
    chance = random.Random(seed)  # noqa: S311
    with bad_day(database, 2, 2, takes=0.5, lease=LEASE) as day:
        for _ in range(times):
            day.keep_open(1, chance)
            day.crew.until(lambda: day.driven() is not None, day.look)
            time.sleep(chance.uniform(0, 1))
            driven = day.driven()
            if driven is not None:
                day.stop(*driven)
        day.over()
        return day


def stopped_in_a_change(database: Address) -> BadDay:
    """Whoever drives is stopped for longer than its lease while its change runs."""
    with bad_day(database, 2, 1, takes=1, lease=LEASE) as day:
        incident = day.crew.open(day.crew.fleet.failing[0])
        service = day.crew.incidents[incident]
        day.crew.until(lambda: bool(day.crew.fleet.deeds(service)), day.look)
        driven = day.driven()
        assert driven is not None
        day.stop(*driven)
        day.crew.until(lambda: "left to others" in day.crew.complaints(), day.look)
        day.over()
        return day


def clocks_apart(database: Address) -> BadDay:
    """Two workers whose machines' clocks are five minutes apart, and doors whose clock is between them."""
    with bad_day(database, 0, 2) as day, ExitStack() as stack:
        for apart in ("-150s", "+150s"):
            stack.enter_context(_working(day.crew, apart))
        began = day.crew.store.now()
        for service in day.crew.fleet.failing:
            day.crew.open(service)
        day.over()
        day.crew.until(day.pruned, lambda: None)
        for incident in day.crew.incidents:
            moments = [entry.at for entry in asyncio.run(day.crew.store.entries(incident))]
            assert began <= min(moments)
            assert max(moments) <= day.crew.store.now(), "all of them are told by the database's clock"
        assert "left to others" not in day.crew.complaints(), "nobody took what another one held"
        return day


@contextmanager
def _working(crew: Crew, apart: str) -> Iterator[None]:
    """A worker whose clock is wrong by so much."""
    environment = os.environ | crew.environment | {
        "LD_PRELOAD": _faketime(), "FAKETIME": apart, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NEXUS_HOME": str(crew.home), "NEXUS_CONFIG": str(crew.fleet.folder / "nexus.yaml"),
        "NEXUS_RUNBOOK": str(crew.fleet.folder / "runbook.yaml"),
    }  # fmt: skip
    words = [sys.executable, "-m", "nexus", "worker", "--port", "0", "--engine", "playbook"]
    with (crew.home.with_name("complaints")).open("a") as says:
        process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=says)  # noqa: S603
        try:
            yield
        finally:
            process.kill()
            process.wait()


def _faketime() -> str:
    found = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if found is None:
        pytest.skip("libfaketime is not installed: apt-get install faketime")
    return str(found)


def disk_full(server: PostgresServer, seconds: float) -> BadDay:
    """The disk of the database is full for so long while an incident is driven and another one arrives.

    The database lies on a file system of its own of some megabytes, which is filled. Where none may be
    mounted a database that takes no writes stands in for it.
    """
    chance = random.Random(1)  # noqa: S311
    with _small_disk(server) as disk:
        address = server.new("full", disk)
        with bad_day(address, 2, 4) as day:
            day.keep_open(1, chance)
            day.crew.until(lambda: day.driven() is not None, day.look)
            with _filled(day, disk) as says:
                day.crew.until(lambda: says in day.crew.complaints(), day.look)
                time.sleep(seconds)
                day.try_to_open(day.crew.fleet.failing[-1])
            day.keep_open(2, chance)
            day.over()
        server.drop("full")
        return day


@contextmanager
def _small_disk(server: PostgresServer) -> Iterator[Path | None]:
    """A folder on a disk of its own for the server's files; None where nobody may mount one."""
    with TemporaryDirectory(prefix="nx-") as place:
        Path(place).chmod(0o755)
        words = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", place]
        if subprocess.run(words, check=False, capture_output=True).returncode:  # noqa: S603
            yield None
            return
        try:
            shutil.chown(place, server.folder.owner(), server.folder.group())
            yield Path(place)
        finally:
            subprocess.run(["umount", "-l", place], check=True)  # noqa: S603, S607


@contextmanager
def _filled(day: BadDay, disk: Path | None) -> Iterator[str]:
    """The disk is full meanwhile; what Nexus says of it."""
    if disk is None:
        with psycopg.connect(day.direct, autocommit=True) as raw:
            raw.execute('alter database "full" set default_transaction_read_only = on')
            raw.execute(_CUT, ("full",))
            yield "it takes no writes"
            raw.execute("set default_transaction_read_only = off")
            raw.execute('alter database "full" reset default_transaction_read_only')
            raw.execute(_CUT, ("full",))
        return
    ballast = disk / "ballast"
    with ballast.open("wb") as file, suppress(OSError):
        while True:
            file.write(bytes(8192))
            file.flush()
    yield "make room on its disk"
    ballast.unlink()
