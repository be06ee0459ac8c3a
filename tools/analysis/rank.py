"""Suspects, best first: the channels' signals weighed against each other."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl

from incidents.changes import Change, ChangeKind
from incidents.findings import Channel, Reason, Suspect, Window
from tools.analysis.aliases import without_aliases
from tools.analysis.blame import Blame, blames
from tools.analysis.category import guess
from tools.analysis.changes import rank_changes, time_fit
from tools.analysis.counters import as_rates
from tools.analysis.felt_since import began
from tools.analysis.hosts import CLEAR, as_their_own, hosts, with_hosts
from tools.analysis.liveness import liveness_signals
from tools.analysis.metric_signals import metric_signals
from tools.analysis.missing_data import missing_channels
from tools.analysis.model import NodeKind, Ranking, Symptom, SymptomKind, Topology
from tools.analysis.named_callees import named_signals
from tools.analysis.network_delay import edge_gaps
from tools.analysis.periods import periods
from tools.analysis.presence_signals import presence_signals
from tools.analysis.remarkable import remarkable
from tools.analysis.series import affected, deviations
from tools.analysis.signals import Signal
from tools.analysis.spans import at_callee, compared_spans
from tools.analysis.telemetry import LOGS_SCHEMA, METRICS_SCHEMA, TRACES_SCHEMA, Telemetry
from tools.analysis.topology import infer_topology
from tools.analysis.trace_signals import trace_signals
from tools.time_windows import in_window, utc_literal
from tools.wording import length

#: Less than this is what a quiet day looks like.
STANDS_OUT = 0.05
#: Slowness causes errors and errors cause slowness, but mostly like shows as like.
_OTHER_KIND = 0.5
#: A fitting change raises a suspect by at most half of what its own behaviour says.
_CHANGE_WEIGHT = 0.5
#: A change made within two hours before the onset may be named as the cause.
_BLAMABLE = 0.25
#: Sums of floats differ in their last digits with the order of rows; a rank must not.
_DIGITS = 9
#: Kinds that alter what runs; scaling and infrastructure work show as saturation instead.
_DEPLOYING = (ChangeKind.DEPLOY, ChangeKind.CONFIG, ChangeKind.FLAG)


def rank_suspects(
    observed: Telemetry,
    baseline: Telemetry | None,
    topology: Topology,
    symptom: Symptom,
    changes: Sequence[Change],
    told: Sequence[Signal] = (),
) -> Ranking:
    """Rank the services that may be the cause of the symptom.

    Args:
        observed: the window around the alert.
        baseline: a quiet time; may be old, lack services, or be None.
        topology: who calls whom; without nodes it is inferred from the telemetry.
        symptom: where it hurts, when the alert fired, and how.
        changes: what was changed, in any order.
        told: what others hold for bad: the team's own alert rules.
    """
    known = topology if topology.nodes else infer_topology(observed.traces, observed.metrics)
    since = _began(observed, baseline, symptom) if symptom.service else None
    series = _series(observed, baseline, known, symptom, since)
    machines = hosts(series, known)
    known, series = with_hosts(known, machines), as_their_own(series, machines)
    signals = _signals(series, known, symptom) + _span_signals(observed, baseline, symptom.at, known, since)
    shown = {one.service for one in signals if one.aspect == "errors"}
    complaints = _named(observed, baseline, symptom.at, known, since)
    signals += [one for one in complaints if one.service not in shown]
    signals += [*liveness_signals(observed.metrics, series, symptom.at), *told]
    found = [
        blame for blame in blames(signals, known, symptom.service, complaints) if blame.score >= STANDS_OUT
    ]
    onset = _onset(found, symptom.at)
    kinds = _kinds(observed, known)
    # Stable: equals stay in the order of the topology.
    suspects = sorted((_suspect(blame, kinds, changes, onset) for blame in found), key=lambda one: -one.score)
    quiet = _is_quiet(suspects, affected(series, symptom.service))
    suspects += remarkable(series, {one.service for one in suspects}, STANDS_OUT)
    ranked = rank_changes(
        changes, onset, known, symptom.service, {one.service: one.score for one in suspects}
    )
    return Ranking(
        suspects=tuple(suspects),
        missing=missing_channels(observed, baseline, symptom.at),
        quiet=quiet,
        changes=ranked,
        nothing_changed=not ranked,
    )


def _began(observed: Telemetry, baseline: Telemetry | None, symptom: Symptom) -> datetime | None:
    window, quiet = (
        as_rates(one.metrics.select(METRICS_SCHEMA.names()).filter(pl.col("service") == symptom.service))
        if one is not None
        else None
        for one in (observed, baseline)
    )
    return began(window, quiet, symptom.at) if window is not None else None


def _series(
    observed: Telemetry,
    baseline: Telemetry | None,
    topology: Topology,
    symptom: Symptom,
    since: datetime | None,
) -> pl.DataFrame:
    quiet = _prepared(baseline.metrics, topology, symptom) if baseline is not None else None
    return deviations(_prepared(observed.metrics, topology, symptom), quiet, symptom.at, since)


def _signals(series: pl.DataFrame, topology: Topology, symptom: Symptom) -> list[Signal]:
    measured = metric_signals(series, topology.callees(), symptom.service)
    kind = _kind(symptom, measured)
    return [_matched(signal, kind) for signal in measured]


def _span_signals(
    observed: Telemetry,
    baseline: Telemetry | None,
    at: datetime,
    topology: Topology,
    since: datetime | None,
) -> list[Signal]:
    quiet = baseline if baseline is not None else Telemetry.empty()
    now, usual = compared_spans(_columns(observed.traces, TRACES_SCHEMA), quiet.traces, at, since)
    logs, quiet_logs = (_columns(frame, LOGS_SCHEMA) for frame in (observed.logs, quiet.logs))
    moved = [at_callee(spans, topology.names()) for spans in (now, usual)]
    return trace_signals(*moved) + presence_signals(now, usual, logs, quiet_logs)


def _named(
    observed: Telemetry,
    baseline: Telemetry | None,
    at: datetime,
    topology: Topology,
    since: datetime | None,
) -> list[Signal]:
    logs = _columns(observed.logs, LOGS_SCHEMA)
    span = periods(at, logs["time"].min(), since)
    now = in_window(logs, Window(start=span.start, end=span.end))
    before = logs.filter(pl.col("time") < utc_literal(span.quiet_end))
    quiet = _columns(baseline.logs, LOGS_SCHEMA) if baseline is not None else logs.clear()
    minutes, usual = _minutes(now), _minutes(before) + _minutes(quiet)
    return named_signals(now, pl.concat([before, quiet]), minutes, usual, topology)


def _minutes(lines: pl.DataFrame) -> float:
    first, last = lines["time"].min(), lines["time"].max()
    return (
        (last - first).total_seconds() / 60
        if isinstance(first, datetime) and isinstance(last, datetime)
        else 0.0
    )


def _columns(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Without the columns that a recording may have beyond the format's."""
    return frame.select(schema.names())


def _is_quiet(suspects: Sequence[Suspect], hurts: bool) -> bool:
    """Nobody stands out, or the alert's own service is well and nobody stands out clearly."""
    best = max((one.score for one in suspects), default=0.0)
    return best < STANDS_OUT or (not hurts and best < CLEAR)


def _prepared(metrics: pl.DataFrame, topology: Topology, symptom: Symptom) -> pl.DataFrame:
    named = without_aliases(metrics.select(METRICS_SCHEMA.names()), symptom.service, topology.names())
    return pl.concat([named, edge_gaps(named)])


def _kind(symptom: Symptom, measured: Sequence[Signal]) -> SymptomKind:
    """What the alert is about; where it does not say, what its service shows, if that is one thing."""
    if symptom.kind != "unknown":
        return symptom.kind
    shown = {signal.aspect for signal in measured if signal.service == symptom.service}
    if shown >= {"latency", "errors"}:
        return "unknown"
    return "errors" if "errors" in shown else "latency" if "latency" in shown else "unknown"


def _matched(signal: Signal, kind: SymptomKind) -> Signal:
    """A signal of errors for an alert on latency, or the reverse, counts half."""
    other = {"latency": "errors", "errors": "latency"}.get(kind)
    return signal.scaled(_OTHER_KIND, f"the symptom is {kind}") if signal.aspect == other else signal


def _onset(found: Sequence[Blame], at: datetime) -> datetime:
    """When the best suspect began to deviate, else when the alert fired."""
    return (found[0].onset if found else None) or at


def _kinds(observed: Telemetry, topology: Topology) -> Mapping[str, NodeKind]:
    """Kind per service; one that only others speak of is as good as external."""
    speaking = {
        name
        for frame in (observed.metrics, observed.logs, observed.traces)
        for name in frame["service"].unique()
    }
    unseen = dict.fromkeys(topology.names() - speaking, NodeKind.EXTERNAL)
    return {**topology.kinds(), **unseen}


def _suspect(
    blame: Blame, kinds: Mapping[str, NodeKind], changes: Sequence[Change], onset: datetime
) -> Suspect:
    reasons = [
        Reason(
            channel=signal.channel,
            text=signal.text,
            score=round(signal.strength, _DIGITS),
            onset=signal.onset,
        )
        for signal in sorted(blame.signals, key=lambda one: one.order)
    ]
    change = _blamed(blame, changes, onset)
    if change is not None:
        reasons.append(_change_reason(change, blame, onset))
    deployed = change is not None and change.kind in _DEPLOYING
    return Suspect(
        service=blame.service,
        score=round(sum(reason.score for reason in reasons), _DIGITS),
        category=guess(
            blame.signals,
            kinds.get(blame.service),
            changed=deployed,
        ),
        onset=blame.onset,
        change=change.id if change else None,
        reasons=tuple(reasons),
    )


def _blamed(blame: Blame, changes: Sequence[Change], onset: datetime) -> Change | None:
    """The change to this service that fits its onset best, if any fits well enough."""
    began = blame.onset or onset
    own = [change for change in changes if change.service == blame.service]
    best = max(own, key=lambda one: (time_fit(one, began), one.time, one.id), default=None)
    return best if best is not None and time_fit(best, began) >= _BLAMABLE else None


def _change_reason(change: Change, blame: Blame, onset: datetime) -> Reason:
    began = blame.onset or onset
    minutes = (began - change.time).total_seconds() / 60
    added = _CHANGE_WEIGHT * time_fit(change, began) * blame.score
    when = (
        f"{length(minutes)} before it began" if minutes >= 0 else f"{length(-minutes)} after its first sign"
    )
    text = f"{change.kind.value} {change.id} was made {when}"
    return Reason(channel=Channel.CHANGES, text=text, score=round(added, _DIGITS), onset=change.time)
