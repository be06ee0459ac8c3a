"""Reads what a live world keeps of one occurrence into a case, once: as it was, and not as it stands today.

What only the present can tell (instances, flags, what is deployed now, patches, probes, screens, pipelines,
the rules of the monitoring) is not read: it was not so then, or nobody can say.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from evals.backtest.occurrence import Occurrence
from evals.record.parts import baseline_of, bundles_of, services_of, write_parts
from evals.record.snapshot import take
from incidents.changes import Change
from incidents.errors import NexusError, ToolFailed
from incidents.findings import Window
from incidents.incident import Incident
from incidents.runbook import Runbook
from incidents.severity import Step
from nexus.runtime.connections import LiveSite
from nexus.runtime.live_run import quiet_of
from tools.alerts.formats import parse_alerts
from tools.recorded.document import AlertEntry, Arrival, Document, Look, Source, Span, Tempo, Truth
from tools.recorded.write import new_case, write_document, write_lines
from tools.redaction.redact import redact
from tools.redaction.tree import redact_tree
from tools.redaction.world import redacted_world

#: So much after its first alert an occurrence is read: no step of the agents takes longer until they propose.
REACH = timedelta(minutes=45)
#: So long people's changes are looked for, and at least until the alerts had ended.
_DEEDS = timedelta(hours=2)
#: What people did, beside the case and read by no world.
DEEDS = "deeds.jsonl"
#: What the system of an occurrence is called in reports.
SYSTEM = "backtest"

NOT_READ = (
    "how many instances ran, which flags there were, probes, screens and pipelines are not known as of then; "
    "today's were not taken for them, and no target was asked whether it would have taken a change"
)


@dataclass(frozen=True)
class Reader:
    """Reads occurrences of one site.

    Attributes:
        live: its world, with open connections.
        runbook: by whose watch the replay watches.
        arrival: how late each channel's rows could be read.
        now: the present.
        code: whether the sources go along.
        pace: how long the work of each step takes.
    """

    live: LiveSite
    runbook: Runbook
    arrival: Arrival
    now: datetime
    code: bool
    pace: Mapping[Step, timedelta]

    async def keep(self, occurrence: Occurrence, target: Path) -> None:
        """Write one as a case.

        Raises:
            NexusError: its world has no metrics of that time any more, or the folder cannot be written.
        """
        site = self.live.site
        incident = self._incident(occurrence)
        world = redacted_world(replace(self.live.world, quiet=quiet_of(incident, site)))
        shot = await take(world, incident, min(self.now, occurrence.at + REACH))
        if shot is None:
            raise NexusError("there are no metrics of that time any more")
        bundles = await bundles_of(world, occurrence.at, shot) if self.code else ()
        deeds = await self._deeds(occurrence, shot.left_out)
        look = site.windows.spans
        document = Document(
            format=1,
            id=target.name,
            title=redact(occurrence.title),
            source=Source(kind="recorded", origin=f"past alerts, told by {', '.join(occurrence.sources)}"),
            system=SYSTEM,
            window=Span(start=shot.window.start, end=shot.window.end),
            baseline=baseline_of(shot),
            tempo=Tempo(
                look=Look(lookback=look.lookback, recent=look.recent, lead=look.lead),
                watch=self.runbook.watch,
                steps=self.pace,
            ),
            currency=site.thresholds.currency,
            arrival=self.arrival,
            alerts=tuple(
                AlertEntry(at=one.at, source=one.source, payload=redact_tree(json.loads(one.body)))
                for one in occurrence.deliveries
                if one.at <= occurrence.at + REACH
            ),
            services=services_of(world.catalogue, {}),
            notes=tuple(redact(one) for one in (*shot.left_out, NOT_READ)),
            truth=Truth(confirmed=False),
        )
        with new_case(target) as folder:
            write_parts(folder, shot, bundles, {})
            write_lines(folder / "run" / DEEDS, (one.model_dump_json() for one in deeds))
            write_document(folder, document)

    def _incident(self, occurrence: Occurrence) -> Incident:
        first = occurrence.deliveries[0]
        alerts = parse_alerts(first.body, first.at, first.source, self.live.site.catalogue)
        incident = Incident.opened(occurrence.id, alerts, occurrence.at, "playbook", None)
        return incident.evolve(as_of=min(self.now, occurrence.at + REACH))

    async def _deeds(self, occurrence: Occurrence, left_out: list[str]) -> tuple[Change, ...]:
        """What the change feed tells from the first alert on."""
        until = max(occurrence.at + _DEEDS, occurrence.ended_at or occurrence.at)
        window = Window(start=occurrence.at, end=min(until, self.now))
        try:
            return await redacted_world(self.live.world).changes.changes(window)
        except ToolFailed as error:
            left_out.append(f"what people did is not known: {error}")
            return ()


def read_deeds(case: Path) -> tuple[Change, ...]:
    """What the change feed told of the time after the first alert, oldest first."""
    path = case / "run" / DEEDS
    lines = path.read_text(encoding="utf-8").split("\n") if path.is_file() else []
    return tuple(Change.model_validate_json(line) for line in lines if line)
