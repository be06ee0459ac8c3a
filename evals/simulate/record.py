"""Writes a simulated incident as a recorded one. The only module that knows the recording format."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from evals.simulate import telemetry
from evals.simulate.draw import stream
from evals.simulate.faults.base import Injected, Remedy
from evals.simulate.journal import Happening
from evals.simulate.simulate import Simulated
from incidents.catalogue import ServiceKind
from incidents.changes import Change, ChangeKind
from incidents.value import iso
from tools.recorded.document import (
    ActionsTruth,
    ActionTruth,
    AlertEntry,
    BaselineEntry,
    CauseTruth,
    Document,
    ServiceEntry,
    Source,
    Span,
    Truth,
)
from tools.recorded.write import Pages, new_case, write_document, write_pages, yaml_of

_EPOCH = datetime(2026, 1, 5, tzinfo=UTC)
_SETTLED = 60.0


def write_case(simulated: Simulated, target: Path) -> Path:
    """Write one case into a folder of its own below `target`; its `simulated.yaml` says how it was made.

    Returns:
        the case's folder.

    Raises:
        UsageError: there is something at that place already, or it cannot be written to.
    """
    name = f"sim-{simulated.plan.seed:06d}"
    pages = pages_of(simulated)
    with new_case(target / name) as folder:
        write_pages(folder / "telemetry", pages)
        write_document(folder, document_of(simulated, name))
        (folder / "simulated.yaml").write_text(yaml_of(_made(simulated, pages)), encoding="utf-8")
    return target / name


def start_of(simulated: Simulated) -> datetime:
    """The moment of the first sample."""
    rng = stream(simulated.plan.seed, "calendar")
    return _EPOCH + timedelta(seconds=rng.randrange(300 * 86_400))


def pages_of(simulated: Simulated) -> Pages:
    """Its telemetry as the format has it."""
    lens, start, until = simulated.lens, start_of(simulated), simulated.until
    journal, system, seed = simulated.world.journal, simulated.system, simulated.plan.seed
    frame = telemetry.metrics(journal, simulated.spans, system, lens, until, seed)
    lines = telemetry.logs(journal, lens, seed).filter(pl.col("at") <= until) if lens.with_logs else None
    spans = None
    if lens.with_traces:
        ended = simulated.spans.filter(pl.col("end") <= until)
        spans = telemetry.traces(ended, system, lens, seed)
    if lens.blind and simulated.causes:
        hidden = [cause.service for cause in simulated.causes]
        frame = _without(frame, hidden)
        lines, spans = (None if each is None else _without(each, hidden) for each in (lines, spans))
    changes = _changes(simulated) if lens.with_changes else None
    return Pages(
        metrics=telemetry.dated(frame, start),
        logs=None if lines is None else telemetry.dated(lines, start),
        traces=None if spans is None else telemetry.dated(spans, start),
        changes=changes,
    )


def _without(frame: pl.DataFrame, hidden: list[str | None]) -> pl.DataFrame:
    kept = frame.filter(~pl.col("service").is_in(hidden))
    return kept.filter(~pl.col("peer").is_in(hidden)) if "peer" in frame.columns else kept


def _changes(simulated: Simulated) -> list[Change]:
    """What was changed while it ran, after the releases that brought what ran before."""
    rng, start = stream(simulated.plan.seed, "inventory"), start_of(simulated)
    found = []
    for service in simulated.system.services:
        if service.role in ("entry", "service", "worker"):
            ago = rng.uniform(0.5, 30) * 86_400
            found.append(
                Happening(-ago, service.name, "deploy", "", service.version, "", "The release that ran")
            )
    found += [happening for happening in simulated.world.journal.changes if happening.time <= simulated.until]
    return [_change(happening, number, start) for number, happening in enumerate(sorted(found), start=1)]


def _change(happening: Happening, number: int, start: datetime) -> Change:
    return Change(
        time=start + timedelta(seconds=happening.time),
        id=f"{happening.kind}-{number}",
        service=happening.service,
        kind=ChangeKind(happening.kind),
        version_from=happening.version_from,
        version_to=happening.version_to,
        author=happening.author,
        summary=happening.summary,
    )


def document_of(simulated: Simulated, name: str) -> Document:
    """Its `case.yaml`."""
    start, symptom = start_of(simulated), simulated.symptom

    def moment(seconds: float) -> datetime:
        return start + timedelta(milliseconds=round(seconds * 1000))

    return Document(
        format=1,
        id=name,
        title=symptom.title,
        source=Source(kind="recorded", origin=f"simulated, seed {simulated.plan.seed}", licence="Apache-2.0"),
        system="simulated",
        window=Span(start=moment(0), end=moment(simulated.until)),
        baseline=BaselineEntry(start=moment(0), end=moment(simulated.plan.onset - _SETTLED)),
        alerts=(_alert(simulated, moment(symptom.at)),),
        services=_services(simulated),
        truth=_truth(simulated, moment),
    )


def _alert(simulated: Simulated, at: datetime) -> AlertEntry:
    symptom, rng = simulated.symptom, stream(simulated.plan.seed, "sender")
    if rng.random() < 0.5:
        labels = {"metric": symptom.metric} if symptom.metric else {}
        payload: dict[str, object] = {
            "title": symptom.title,
            "service": symptom.service,
            "started_at": iso(at),
            "labels": labels,
        }
        return AlertEntry(at=at, source="nexus", payload=payload)
    names = {
        "errors": "HighErrorRate",
        "latency": "HighLatency",
        "traffic": "LowTraffic",
        "": "CustomerReport",
    }
    one = {
        "status": "firing",
        "startsAt": iso(at),
        "labels": {"alertname": names[symptom.metric], "service": symptom.service},
        "annotations": {"summary": symptom.title},
    }
    return AlertEntry(at=at, source="alertmanager", payload={"alerts": [one]})


def _services(simulated: Simulated) -> tuple[ServiceEntry, ...]:
    """The catalogue; hosts stand in it as externals that those who run on them need, where hosts are seen."""
    system = simulated.system
    hosts: dict[str, set[str]] = {}
    for service in system.services:
        hosts[service.name] = {
            system.placement[name] for name in service.instances if name in system.placement
        }
    shown = simulated.lens.hosts or any(cause.service in system.hosts for cause in simulated.causes)
    found = [
        ServiceEntry(
            name=service.name,
            owner=None if service.role == "external" else service.owner,
            kind=service.kind,
            user_facing=service.role == "entry",
            instances=None if service.role == "external" else len(service.instances),
            depends_on=tuple(
                sorted(
                    {
                        *system.callees(service.name),
                        *_delivered(simulated, service.name),
                        *(hosts[service.name] if shown else ()),
                    }
                )
            ),
        )
        for service in system.services
    ]
    rest = (
        [ServiceEntry(name=host, owner="infrastructure", kind=ServiceKind.EXTERNAL) for host in system.hosts]
        if shown
        else []
    )
    return tuple(sorted([*found, *rest], key=lambda entry: entry.name))


def _delivered(simulated: Simulated, name: str) -> set[str]:
    """The queue that a worker lives on."""
    return {
        service.name
        for service in simulated.system.services
        for op in service.operations
        if op.delivers and op.delivers[0] == name
    }


def _truth(simulated: Simulated, moment: Callable[[float], datetime]) -> Truth:
    if not simulated.causes:
        return Truth(
            cause=CauseTruth(note="nothing is wrong"),
            actions=ActionsTruth(),
            data_breach=False,
            user_data=False,
            confirmed_by="the simulation",
        )
    first, *others = simulated.causes
    onset = first.change.time if first.change else simulated.plan.onset
    changes = [] if not simulated.lens.with_changes else _changes(simulated)
    blamed = next(
        (
            c.id
            for c in changes
            if first.change and c.service == first.change.service and c.version_to == first.change.version_to
        ),
        None,
    )
    also = [*first.also, *(cause.service or "" for cause in others)]
    return Truth(
        cause=CauseTruth(
            service=first.service,
            category=first.category,
            onset=moment(onset),
            change=blamed,
            note=first.note,
        ),
        also_accept=tuple(name for name in also if name),
        red_herrings=simulated.herrings,
        actions=ActionsTruth(
            right=_actions(r for cause in simulated.causes for r in cause.right),
            harmless=_actions(r for cause in simulated.causes for r in cause.harmless),
            wrong=_actions(r for cause in simulated.causes for r in cause.wrong),
        ),
        data_breach=first.breach,
        user_data=first.breach,
        confirmed_by="the simulation",
    )


def _actions(remedies: Iterable[Remedy]) -> tuple[ActionTruth, ...]:
    found = dict.fromkeys(remedies)
    return tuple(ActionTruth(kind=kind, service=service, to=to) for kind, service, to in found)


def _made(simulated: Simulated, pages: Pages) -> dict[str, object]:
    """How it was made, for those who choose rules on it: no reader of the format opens this."""
    return {
        "seed": simulated.plan.seed,
        "kinds": list(simulated.kinds),
        "causes": [_told(cause, pages) for cause in simulated.causes],
        "alert_after_onset_seconds": round(simulated.symptom.at - simulated.plan.onset, 1),
        "symptom": simulated.symptom.metric or "none",
        "convention": simulated.lens.style,
        "sample_seconds": simulated.lens.interval,
        "blind": simulated.lens.blind,
        "services": len(simulated.system.services),
        "visits": simulated.world.journal.asked,
    }


def _told(cause: Injected, pages: Pages) -> dict[str, object]:
    seen = {
        name: 0 if frame is None else frame.filter(pl.col("service") == cause.service).height
        for name, frame in (("metrics", pages.metrics), ("logs", pages.logs), ("traces", pages.traces))
    }
    asked = pages.metrics.filter(pl.col("peer") == cause.service).height
    return {
        "service": cause.service,
        "mechanism": cause.mechanism or None,
        "card": bool(cause.mechanism),
        "rows": {**seen, "edges": asked},
    }
