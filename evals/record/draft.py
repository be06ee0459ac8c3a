"""A recording before it is written: everything gathered and redacted, so that a person can look first."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agents.llm.cassette import Recorded
from evals.record.instances import instances_of
from evals.record.pace import tempo_of
from evals.record.parts import baseline_of, bundles_of, services_of, write_parts
from evals.record.prefill import believed
from evals.record.snapshot import Snapshot, take
from incidents.action import Proposal
from incidents.catalogue import Catalogue
from incidents.errors import NexusError, Refused, UsageError
from incidents.incident import Incident
from incidents.value import Value
from nexus.config.runbook import runbook_of
from nexus.home import Home
from nexus.runtime.raw_alerts import deliveries, told_again
from nexus.runtime.sharing import replay_of
from nexus.runtime.waiting import Nobody
from nexus.runtime.wiring import open_run_context
from nexus.store.records import WorldKind
from tools.recorded import CaseAlert, RecordedAlerts, open_case
from tools.recorded.document import AlertEntry, Document, Source, Span, Tempo
from tools.recorded.write import new_case, write_document, write_lines
from tools.redaction.redact import Replacement, redact, replacements
from tools.redaction.tree import redact_tree
from tools.source_code import Bundle

#: Where everything lies that no reader of the format needs.
RUN = "run"

_PLACEHOLDER = re.compile(r"<[a-z-]+-[0-9a-f]{4}>")


@dataclass(frozen=True)
class Draft:
    """A case that could be written.

    Attributes:
        files: what lies in `run/`, by name; JSON lines as single lines.
        late: alerts that came after an executed action, by the action's key.
        replaced: what was taken out, by file.
        bundles: the sources of services, as they are; nothing is taken out of them.
        standing: how many placeholders stood in the records already, taken out when they came in.
    """

    document: Document
    snapshot: Snapshot
    files: Mapping[str, tuple[str, ...]]
    late: Mapping[str, tuple[CaseAlert, ...]]
    replaced: Mapping[str, Mapping[Replacement, int]]
    bundles: tuple[Bundle, ...]
    standing: int


async def draft(home: Home, identity: str, name: str, *, code: bool = True) -> Draft:
    """Gather what is known of a finished incident.

    Args:
        home: where it is kept.
        identity: its id.
        name: what the case will be called.
        code: whether the sources of its services belong to it, where a repository is configured.

    Raises:
        Refused: it still runs.
        NexusError: its world shows no metrics.
    """
    incident = await home.find(identity)
    if incident.open and not incident.in_peoples_hands:
        raise Refused(f"{identity} still runs; it can be recorded when it has ended, or people have it")
    async with open_run_context(home, identity, _nobody) as stage:
        snapshot = await take(stage.world, incident, stage.clock.now())
        if snapshot is None:
            raise NexusError(
                f"{identity} cannot be recorded: its world shows no metrics of that time any more"
            )
        pages = (snapshot.pages, *snapshot.aftermaths.values())
        snapshot.instances = await instances_of(stage.world, incident, pages)
        bundles = await bundles_of(stage.world, incident.opened_at, snapshot) if code else ()
        catalogue, spans = stage.world.catalogue, stage.world.spans
        watch = stage.fitted(runbook_of(home.settings)).watch
        alerts = await _alerts(home, incident)
    replaced: dict[str, Mapping[Replacement, int]] = dict(snapshot.replaced)
    files = await _files(home, incident, replaced)
    standing = sum(len(_PLACEHOLDER.findall(line)) for lines in files.values() for line in lines)
    with replacements() as taken:
        first, late = _divided(alerts, snapshot, incident)
        tempo = tempo_of(incident, await home.store.entries(identity), watch, spans)
        document = _document(name, incident, catalogue, snapshot, first, tempo)
    replaced["case.yaml"] = taken
    return Draft(document, snapshot, files, late, replaced, bundles, standing)


def write(made: Draft, target: Path) -> None:
    """Write a case: as a whole, and only if it can be read.

    Raises:
        UsageError: there is something at that place already.
    """
    with new_case(target) as folder:
        write_parts(folder, made.snapshot, made.bundles, made.late)
        for name, lines in made.files.items():
            write_lines(folder / RUN / name, lines)
        write_document(folder, made.document)


async def _nobody(incident: Incident, proposal: Proposal, now: datetime) -> Nobody:
    """Nothing is decided while an incident is recorded."""
    return Nobody()


async def _alerts(home: Home, incident: Incident) -> tuple[CaseAlert, ...]:
    """What arrived, as it arrived; from the values where the senders' words were not kept."""
    kept = await deliveries(home.store, home.folder, incident.id)
    ref = await home.store.world_of(incident.id)
    if ref.kind is WorldKind.CASE:
        case, now = open_case(Path(ref.path)), await home.store.clock_of(incident.id)
        own = RecordedAlerts(case, replay_of(home, incident.id)).due(now)
        return kept + own[1:] if kept else own  # a file that was given stands for the case's first alert
    return kept or tuple(told_again(alert) for alert in incident.alerts)


async def _files(
    home: Home, incident: Incident, replaced: dict[str, Mapping[Replacement, int]]
) -> dict[str, tuple[str, ...]]:
    store, identity = home.store, incident.id
    evidence = []
    for one in await store.evidence(identity):
        body = await store.body(identity, one.id) or b""
        evidence.append(one.model_dump(mode="json") | {"body": _text(body)})
    contents: dict[str, list[object]] = {
        "evidence.jsonl": list(evidence),
        "timeline.jsonl": _plain(await store.entries(identity)),
        "decisions.jsonl": _plain(await store.approvals(identity)),
        "messages.jsonl": _plain(await store.messages(identity)),
        "work.jsonl": _plain(incident.usage_lines),
        "model_calls.jsonl": _calls(home.settings.llm_record, identity),
        "outcome.json": [incident.model_dump(mode="json")],
    }
    files = {}
    for name, content in contents.items():
        with replacements() as taken:
            files[name] = tuple(json.dumps(redact_tree(one)) for one in content)
        replaced[f"{RUN}/{name}"] = taken
    return files


def _text(body: bytes) -> str | None:
    """An answer's stored text; pictures are left out, the telemetry draws them again."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _plain(values: Iterable[Value]) -> list[object]:
    return [value.model_dump(mode="json") for value in values]


def _calls(folder: Path | None, incident: str) -> list[object]:
    """The model calls that were kept on tape and were about this incident."""
    if folder is None or not folder.is_dir():
        return []
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.json"))]
    kept = [Recorded.model_validate_json(text) for text in texts if incident in text]
    return [
        one.model_dump() | {"request": _parsed(one.request), "answer": _parsed(one.answer)} for one in kept
    ]


def _parsed(text: str) -> object:
    """A body as the JSON that it is, so that a number under a key like `max_tokens` stays one."""
    try:
        return json.loads(text)
    except ValueError:
        return text  # an answer that came as a stream


def _divided(
    alerts: tuple[CaseAlert, ...], snapshot: Snapshot, incident: Incident
) -> tuple[list[AlertEntry], dict[str, tuple[CaseAlert, ...]]]:
    """The alerts of the incident itself, and those that came after an action whose aftermath is recorded."""
    cuts = [(at, key) for key, at in snapshot.acted.items()]
    first: list[AlertEntry] = []
    late: dict[str, tuple[CaseAlert, ...]] = {}
    for alert in alerts:
        payload = redact_tree(json.loads(alert.body))
        before = [key for at, key in sorted(cuts) if at <= alert.at]
        if before:
            clean = alert.model_copy(update={"body": json.dumps(payload).encode()})
            late[before[-1]] = (*late.get(before[-1], ()), clean)
        else:
            first.append(AlertEntry(at=alert.at, source=alert.source, payload=payload))
    if not first:
        raise UsageError(f"{incident.id} has no alert from before its first action; it cannot be replayed")
    return first, late


def _document(
    name: str,
    incident: Incident,
    catalogue: Catalogue,
    snapshot: Snapshot,
    alerts: list[AlertEntry],
    tempo: Tempo,
) -> Document:
    return Document(
        format=1,
        id=name,
        title=redact(incident.title),
        source=Source(kind="recorded", origin=f"incident {incident.id}, engine {incident.engine}"),
        window=Span(start=snapshot.window.start, end=snapshot.window.end),
        baseline=baseline_of(snapshot),
        tempo=tempo,
        currency=incident.currency,
        alerts=tuple(alerts),
        services=services_of(catalogue, snapshot.instances),
        notes=tuple(redact(one) for one in snapshot.left_out),
        truth=believed(incident, catalogue, snapshot.pages.changes or ()),
    )
