"""A backtest from end to end: find past alerts, read each once, play it, keep what was said."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from pydantic import Field, ValidationError

from evals.backtest.occurrence import Occurrence, Told, occurrences
from evals.backtest.playing import play
from evals.backtest.reading import Reader
from evals.backtest.said import Said
from evals.backtest.sources import OWN, PROMETHEUS, of_firings, of_home, read
from evals.run import Run
from incidents.errors import CaseError, NexusError, ToolFailed, UnknownName, UsageError
from incidents.findings import Window
from incidents.value import Moment, Value
from nexus.config.runbook import runbook_of
from nexus.config.settings import EngineMode
from nexus.config.site import Site
from nexus.home import Home
from nexus.runtime.connections import SiteConnections
from nexus.runtime.recorded_run import PACE
from tools.live.latency import CallLatency, timed_world
from tools.live.metrics.firings import PastFirings
from tools.recorded import CaseAlert
from tools.recorded.document import Arrival, load_document

FILE, CASES = "backtest.json", "cases"
_RETENTION = (
    "Prometheus knows nothing of before {begins:%Y-%m-%d %H:%M} UTC (its retention may end there): what "
    "fired earlier is not found"
)
#: The playbook takes a second or two for a step (game days); a model takes as long as `PACE` has it.
_PACE = dict.fromkeys(PACE, timedelta(seconds=2))


class Backtest(Value):
    """What a backtest found, oldest first.

    Attributes:
        site: by its name in `nexus.yaml`.
        since, until: whose alerts these are.
        notes: what could not be found or read of the alerts themselves, in sentences.
        left: how many more occurrences there were, which were not asked for.
        questions: how many questions the backends were asked in this call.
    """

    made_at: Moment
    site: str = "default"
    since: Moment
    until: Moment
    engine: EngineMode
    said: tuple[Said, ...]
    notes: tuple[str, ...] = ()
    left: int = 0
    questions: int = Field(default=0, ge=0)

    @property
    def played(self) -> tuple[Said, ...]:
        """Those of which there is something to judge."""
        return tuple(one for one in self.said if one.error is None)


@dataclass(frozen=True)
class Asked:
    """What is wanted.

    Attributes:
        window: whose alerts.
        service: only occurrences that name it; empty: all.
        limit: at most so many, the newest.
        sent: alerts of files, by where they are from; with none, this home and its Prometheus are asked.
        most_questions: so many questions the backends are asked in one call; None: as many as it takes.
        pause: seconds between two occurrences.
        hours: those of the day, in UTC, in which backends may be asked; None: all.
    """

    window: Window
    folder: Path
    engine: EngineMode
    workers: int
    service: str = ""
    limit: int | None = None
    sent: tuple[tuple[str, tuple[CaseAlert, ...]], ...] = ()
    most_questions: int | None = None
    pause: float = 0.0
    hours: tuple[int, int] | None = None


#: Told of each occurrence: its name, what became of it, how many are done, how many there are.
Progress = Callable[[str, str, int, int], None]


@dataclass
class Backtesting:
    """One call of a backtest over one home and site."""

    home: Home
    site: Site
    path: Path
    asked: Asked
    progress: Progress
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    notes: list[str] = field(default_factory=list)
    questions: list[CallLatency] = field(default_factory=list)

    def run(self) -> Backtest:
        """All of it; the result is kept in the folder and returned.

        Raises:
            UsageError: the folder is another one's, or a name is not in the catalogue.
            NexusError: no source of past alerts answers.
        """
        found = asyncio.run(self._found())
        chosen = self._chosen(found)
        unread = asyncio.run(self._read(chosen))
        readable = [one for one in chosen if one.id not in unread]
        cases = [self._case(one) for one in readable]
        asked = self.asked

        def played(run: Run, done: int, total: int) -> None:
            self.progress(
                run.case,
                f"played in {run.seconds:.1f} s" if not run.error else f"broke: {run.error}",
                done,
                total,
            )

        runs = play(cases, asked.engine, self.home.settings, asked.folder, asked.workers, played)
        by_case = {run.case: run for run in runs}
        said = tuple(
            Said.unread(one, unread[one.id])
            if one.id in unread
            else Said.of(one, by_case[one.id], self._case(one), load_document(self._case(one)).notes)
            for one in chosen
        )
        made = Backtest(
            made_at=self.home.clock.now(),
            site=self.site.site,
            since=asked.window.start,
            until=asked.window.end,
            engine=asked.engine,
            said=said,
            notes=tuple(self.notes),
            left=len(found) - len(chosen),
            questions=len(self.questions),
        )
        save(made, asked.folder)
        return made

    def _case(self, one: Occurrence) -> Path:
        return self.asked.folder / CASES / one.id

    def _chosen(self, found: Sequence[Occurrence]) -> tuple[Occurrence, ...]:
        service = self.asked.service
        if service:
            self._need(service)
        own = [one for one in found if not service or service in one.services]
        return tuple(own[-self.asked.limit :] if self.asked.limit else own)

    def _need(self, service: str) -> None:
        if self.site.catalogue.find(service) is None:
            raise UnknownName("service", service, self.site.catalogue.names)

    async def _found(self) -> tuple[Occurrence, ...]:
        """All occurrences of the window."""
        told: list[Told] = []
        for source, sent in self.asked.sent or await self._sources():
            told += read(sent, source, self.site.catalogue, self.notes)
        window = self.asked.window
        inside = [one for one in told if window.start <= one.delivery.at < window.end]
        return occurrences(inside, self.site.catalogue, self.site.intake.join_within)

    async def _sources(self) -> list[tuple[str, tuple[CaseAlert, ...]]]:
        """What was sent here, and what the site's Prometheus knows of what fired."""
        found = [(OWN, await of_home(self.home, self.asked.window))]
        spec = self.site.backends.prometheus
        if spec is not None:
            past = PastFirings(spec, self.home.secrets, self.home.clock)
            try:
                found.append((PROMETHEUS, of_firings(await past.firings(self.asked.window))))
                if (begins := await past.begins(self.asked.window)) is not None:
                    self.notes.append(_RETENTION.format(begins=begins))
            except ToolFailed as error:
                self.notes.append(f"what fired cannot be asked: {error}")
            finally:
                await past.aclose()
        return found

    async def _read(self, chosen: Sequence[Occurrence]) -> dict[str, str]:
        """Make a case of each that is none yet; returns why others could not be read, by their names."""
        left = [one for one in chosen if not self._is_kept(one)]
        unread: dict[str, str] = {}
        connections = SiteConnections(self.home, self.path, self.home.clock)
        try:
            async with connections.use() as live:
                timed = replace(live, world=timed_world(live.world, self.home.clock, self.questions.append))
                reader = Reader(
                    live=timed,
                    runbook=runbook_of(self.home.settings),
                    arrival=Arrival(**self.site.windows.arrival.model_dump()),
                    now=self.home.clock.now(),
                    code=self.asked.engine != "playbook",
                    pace=_PACE if self.asked.engine == "playbook" else PACE,
                )
                for number, one in enumerate(left, start=1):
                    unread |= await self._read_one(reader, one, number, len(left))
        finally:
            await connections.aclose()
        return unread

    async def _read_one(self, reader: Reader, one: Occurrence, number: int, total: int) -> dict[str, str]:
        why = self._may_not_ask()
        begun = time.perf_counter()
        if why is None:
            if number > 1 and self.asked.pause:
                await self.sleep(self.asked.pause)
            try:
                await reader.keep(one, self._case(one))
            except NexusError as error:
                why = str(error)
        self.progress(one.id, why or f"read in {time.perf_counter() - begun:.1f} s", number, total)
        return {one.id: why} if why is not None else {}

    def _may_not_ask(self) -> str | None:
        """Why the backends are not asked now, or None."""
        most, hours = self.asked.most_questions, self.asked.hours
        if most is not None and len(self.questions) >= most:
            return f"not read yet: {most} questions were asked; call again with the same --out for the rest"
        hour = self.home.clock.now().hour
        if hours is not None and not _within(hour, hours):
            return (
                f"not read yet: backends are asked from {hours[0]}:00 to {hours[1]}:00 UTC; call again then"
            )
        return None

    def _is_kept(self, one: Occurrence) -> bool:
        try:
            return load_document(self._case(one)).id == one.id
        except CaseError:
            return False


def save(made: Backtest, folder: Path) -> None:
    """Keep the result.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror or error}") from None


def load(folder: Path) -> Backtest:
    """A kept result.

    Raises:
        UsageError: there is none, or another version wrote it.
    """
    path = folder / FILE
    try:
        return Backtest.model_validate_json(path.read_bytes())
    except OSError:
        raise UsageError(
            f"there is no backtest in {folder}: `nexus backtest --out {folder}` makes one"
        ) from None
    except ValidationError as error:
        raise UsageError(f"{path} cannot be read: {error.errors()[0]['msg']}; make it anew") from None


def _within(hour: int, hours: tuple[int, int]) -> bool:
    start, end = hours
    return start <= hour < end if start < end else hour >= start or hour < end
