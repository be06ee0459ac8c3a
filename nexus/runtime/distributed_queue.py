"""Brings work to the hands of many machines over PostgreSQL: procrastinate is the engine.

The row is the truth here too. A job says only that an incident is due: it is made when a worker's look finds
it, waiting jobs of one incident are merged by their queueing lock, and whoever gets the job takes the row's
lease or lets it be. So a job that is lost, or that comes twice, does no harm. Jobs carry no `lock` and no
time: that of a killed worker would block for ever, and one that waits for its hour would keep the bell out.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status
from procrastinate.tasks import Task

from incidents.errors import LeftBehind, NexusError
from nexus.runtime.lease_keeper import wall
from nexus.runtime.queue import BETWEEN_PROCESSES, PACE, Looks, take_no_more
from nexus.runtime.turns import Handler, Turns
from nexus.store.port import IncidentStore
from nexus.store.postgres.address import Address
from nexus.store.postgres.connecting import PATIENCE, connect, unusable
from nexus.store.records import Due, urgency

log = structlog.get_logger(__name__)

#: How often the engine looks for jobs of which it was not told, in seconds: behind a pooler nobody is told.
POLLS = 1.0
#: A worker that was silent for so long is dead to the engine, in seconds; its jobs are swept away.
SILENT = 30.0
#: How often a living one says so, in seconds.
HEARTBEAT = 5.0
#: A job for what is due as it was at the last look is made again after so long, in seconds: it may be lost.
AGAIN = 5.0
#: After the engine has lost its database it begins again after so long, in seconds.
PAUSE = 1.0

_ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtextextended('nexus engine', 0))"
_HAS_TABLES = "select to_regclass('procrastinate_jobs') is not null"
LOST = (ConnectorException, NexusError, psycopg.Error)

Drive = Task[Any, Any, Any]


@dataclass
class DistributedQueue:
    """Implements `Queue`: what is due becomes a job, and any worker of the site gets it.

    Args:
        store: whose incidents.
        address: of its database.
        site: of which live world.
        at_once: how many are driven at the same time; one of the hands takes nothing but P0.
        now: the wall's time.
        look_every: how often it looks whether another process has written, in seconds.
        lag: how late the process comes to what it should do, in seconds.
        seconds: a clock that only goes forward.
    """

    store: IncidentStore
    address: Address
    site: str
    at_once: int
    now: Callable[[], datetime] = wall
    look_every: float = BETWEEN_PROCESSES
    lag: Callable[[], float] = lambda: 0.0
    seconds: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._looks = Looks(self.store, self.look_every, self.seconds)
        self._turns = Turns(self.at_once, self.lag, self.seconds)
        self._made: dict[Due, float] = {}

    def ring(self, incident: str, priority: int = 0) -> None:
        """Look now."""
        self._looks.ring()

    async def run(self, handler: Handler, stop: asyncio.Event) -> None:
        """Make jobs of what is due and take those that come, until `stop` is set."""
        while not stop.is_set():
            try:
                await self._run(handler, stop)
            except LeftBehind as error:
                await take_no_more(error, stop)
            except LOST as lost:
                log.warning("the engine lost its database and begins again", why=repr(lost.__cause__ or lost))
                await asyncio.sleep(PAUSE)

    async def _run(self, handler: Handler, stop: asyncio.Event) -> None:
        over = asyncio.Event()
        async with engine(self.address, self.at_once) as app:
            task = self._task(app, handler, over)
            parts = [
                asyncio.create_task(one)
                for one in (
                    stop.wait(),
                    self._looks.run(lambda: self._make_jobs(task), over),
                    self._sweep(app),
                    *self._hands(app),
                )
            ]
            try:
                ended, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            finally:
                over.set()
                for part in parts:
                    part.cancel()
                await asyncio.gather(*parts, return_exceptions=True)
        for part in ended:
            part.result()

    def _hands(self, app: App) -> tuple[Coroutine[None, None, None], ...]:
        """One that takes nothing but P0, and the others."""
        kept, rest = (self._first,), (self._first, self.site)
        if self.at_once == 1:
            return (_work(app, rest, 1),)
        return _work(app, kept, 1), _work(app, rest, self.at_once - 1)

    @property
    def _first(self) -> str:
        return f"{self.site}: P0"

    def _task(self, app: App, handler: Handler, over: asyncio.Event) -> Drive:
        @app.task(name="nexus.drive")
        async def drive(incident: str, first: bool) -> None:
            """Wait for a hand and for the turn in it; a turn outlives its job where the engine ends."""
            while incident not in self._turns and not self._turns.may_begin(first=first):
                if over.is_set():
                    return
                await asyncio.sleep(PACE)
            # A job may have waited while another worker's hand did it, or while more urgent ones came.
            if incident in (one.incident for one in await self._due()):
                turn = self._turns.begin(handler, incident, first=first, ended=self._looks.ring)
                ending = asyncio.create_task(over.wait())
                await asyncio.wait((turn, ending), return_when=asyncio.FIRST_COMPLETED)
                ending.cancel()

        return drive

    async def _make_jobs(self, drive: Drive) -> bool:
        """What is due and in no hand; no look has to come again for them, since jobs wait by themselves."""
        now = self.seconds()
        self._made = {one: made for one, made in self._made.items() if now - made < AGAIN}
        for one in await self._due():
            if one not in self._made:
                await self._make_job(drive, one)
                self._made[one] = now
        return False

    async def _due(self) -> list[Due]:
        """The most urgent of what is due and in no hand here: as much as the hands of two processes hold."""
        due = await self.store.due(self.now(), len(self._turns) + 2 * self.at_once, self.site)
        return [one for one in due if one.incident not in self._turns]

    async def _make_job(self, drive: Drive, one: Due) -> None:
        queue = self._first if one.first else self.site
        job = drive.configure(
            queue=queue,
            queueing_lock=f"{queue}: {one.incident}",
            priority=-urgency(one.severity, one.alerted),
        )
        with suppress(AlreadyEnqueued):
            await job.defer_async(incident=one.incident, first=one.first)

    async def _sweep(self, app: App) -> None:
        """Take away the jobs of dead workers: their incidents are due again by their rows."""
        while True:
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=SILENT):
                assert job.id is not None  # it comes from the database  # noqa: S101
                await app.job_manager.finish_job_by_id_async(job.id, Status.ABORTED, delete_job=True)
            await asyncio.sleep(SILENT / 3)


async def _work(app: App, queues: tuple[str, ...], hands: int) -> None:
    await app.run_worker_async(
        queues=list(queues),  # of a tuple its driver makes no array
        concurrency=hands,
        fetch_job_polling_interval=POLLS,
        update_heartbeat_interval=HEARTBEAT,
        stalled_worker_timeout=SILENT,
        # One that lost its listener ends only after its jobs, and takes none until then. A turn outlives its
        # job, so there is nothing to wait for.
        shutdown_graceful_timeout=0,
        delete_jobs="always",
        install_signal_handlers=False,
    )


@asynccontextmanager
async def engine(address: Address, at_once: int) -> AsyncIterator[App]:
    """Procrastinate on our database, past a pooler; its tables are made where there are none.

    Raises:
        NexusError: the database cannot be reached.
    """
    connector = PsycopgConnector(
        conninfo=address.direct.get_secret_value(),
        kwargs={"prepare_threshold": None, "application_name": "nexus engine"},
        min_size=1,
        max_size=at_once + 4,  # two of them listen
        timeout=PATIENCE,
    )
    app = App(connector=connector)
    await asyncio.to_thread(make_tables, address, app)
    async with app.open_async():
        yield app


def make_tables(address: Address, app: App) -> None:
    """Of several processes that start at once one makes them."""
    try:
        with connect(address, direct=True) as connection, connection.transaction():
            connection.execute(_ONE_AT_A_TIME)
            if connection.execute(_HAS_TABLES).fetchone() != (True,):
                connection.execute(app.schema_manager.get_schema())
    except psycopg.Error as error:
        raise unusable(address, error) from error
