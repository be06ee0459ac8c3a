"""The logs port of a live system: one backend, or several together."""

from collections.abc import Sequence
from functools import partial

import polars as pl

from incidents.findings import Window
from tools.analysis import LOGS_SCHEMA
from tools.clock import Clock, WallClock
from tools.live.http import Backend
from tools.live.logs.cloudwatch import CloudWatchSource
from tools.live.logs.elastic import ElasticLogs
from tools.live.logs.files import FileLogs
from tools.live.logs.journal import JournalLogs
from tools.live.logs.lines import MOST_LINES, LogLine, Source
from tools.live.logs.loki import LokiLogs
from tools.live.logs.repeats import unrolled
from tools.live.logs.told import Told
from tools.live.logs.victorialogs import VictoriaLogsLogs
from tools.live.partial import gather_parts
from tools.live.secrets import Secrets
from tools.live.service_names import Names
from tools.live.settings import Elastic, Journal, LogFiles, LogSpec, Loki, VictoriaLogs
from tools.live.settings_aws import CloudWatchLogs
from tools.live.telemetry_rows import reach, shown, table
from tools.telemetry.data_gaps import note_gap


class LiveLogs:
    """The port over log backends; one that does not answer is a gap, unless none does.

    Args:
        sources: the backends.
        services: the catalogue's names; lines of others are left out.
        clock: nothing later than its now is shown.
    """

    def __init__(self, sources: Sequence[Source], services: Sequence[str], clock: Clock) -> None:
        self.sources = tuple(sources)
        self._services = tuple(services)
        self._clock = clock

    async def aclose(self) -> None:
        """Close the connections."""
        for source in self.sources:
            await source.aclose()

    async def logs(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """The lines of a window: at most `MOST_LINES`, the newest; what is left out is noted.

        Raises:
            ToolFailed: no backend answered.
        """
        now = self._clock.now()
        asked = reach(window, now)
        several = len(self.sources) > 1
        parts = await gather_parts(
            {
                f"{source.name} ({number})" if several else source.name: partial(source.lines, asked)
                for number, source in enumerate(self.sources, start=1)
            }
        )
        frames = [pl.DataFrame(schema=LOGS_SCHEMA)]
        for source, lines in parts.items():
            frames.append(
                shown(self._named(source, unrolled(lines, source)), window, now, f"log lines of {source}")
            )
        frame = pl.concat(frames).sort("time", maintain_order=True)
        if services:
            frame = frame.filter(pl.col("service").is_in(list(services)))
        if frame.height > MOST_LINES:
            frame = frame.tail(MOST_LINES)
            first = f"{frame['time'][0]:%H:%M:%S} UTC"
            note_gap(f"more than {MOST_LINES:,} log lines in the window; those before {first} were left out")
        return frame

    async def check(self) -> str:
        """What every backend says when it is asked; raises the first failure."""
        return "; ".join([f"{source.name}: {await source.check()}" for source in self.sources])

    def _named(self, source: str, lines: Sequence[LogLine]) -> pl.DataFrame:
        names = Names(self._services)
        known = [
            line if name == line.service else line._replace(service=name)
            for line in lines
            if (name := names.known(line.service))
        ]
        names.report(f"the lines of {source}", len(known))
        return table(known, LOGS_SCHEMA)


def live_logs(
    specs: Sequence[LogSpec], services: Sequence[str], secrets: Secrets, clock: Clock | None = None
) -> LiveLogs:
    """The logs port that `backends.logs` describes."""
    clock = clock or WallClock()
    return LiveLogs([_source(spec, services, secrets, clock) for spec in specs], services, clock)


def _source(spec: LogSpec, services: Sequence[str], secrets: Secrets, clock: Clock) -> Source:
    match spec:
        case LogFiles():
            return FileLogs(spec, services, clock)
        case Journal():
            journal = JournalLogs(spec, services, Backend("the journal", spec, secrets))
            # What a service prints has the priority of its stream; the line itself knows better.
            return Told(journal, own_level=True)
        case Loki():
            return Told(LokiLogs(spec, Backend("Loki", spec, secrets), clock))
        case Elastic():
            return Told(ElasticLogs(spec, Backend("Elasticsearch", spec, secrets), clock))
        case VictoriaLogs():
            return Told(VictoriaLogsLogs(spec, Backend("VictoriaLogs", spec, secrets), clock))
        case CloudWatchLogs():
            return Told(CloudWatchSource(spec, secrets, clock))
