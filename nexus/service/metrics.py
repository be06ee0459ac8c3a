"""What this process counts of itself, for Prometheus: names and units by its conventions.

Counters and histograms are of this process since its start, as Prometheus expects it. What stands in the
store is asked for when it is scraped, by indexes over what is open.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import Self

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from incidents.action import Verdict
from incidents.disposition import AlertOutcome
from incidents.faults import ModelFault
from incidents.incident import Incident
from incidents.usage import UsageLine
from nexus.config.site import Site
from nexus.store.deliveries import Disposition
from nexus.store.lists import OpenCount, Waiting
from tools.alerts.registry import all_forms

disable_created_metrics()  # type: ignore[no-untyped-call]  # a gauge more for each counter

#: What a sender is called that is none of those that are known: an address may name anything.
OTHER = "other"
#: Of so many incidents is known at most what has happened before.
_MOST_KNOWN = 10_000
_SECONDS = (1, 2, 5, 10, 30, 60, 120, 300, 900)
_MINUTES = (5, 10, 30, 60, 120, 300, 900, 1800, 3600, 7200)
_HOURS = (60, 300, 900, 1800, 3600, 7200, 14400, 43200, 86400)


@dataclass(frozen=True)
class Standing:
    """What the store says at one moment; ages in seconds."""

    waiting: Waiting
    due_since: datetime | None
    open: Sequence[OpenCount]
    broken_off: int
    dead_letters: int = 0
    failing_jobs: int = 0


@dataclass(frozen=True)
class Load:
    """What this process has under way."""

    turns: int
    hands: int
    unauthenticated: int


@dataclass
class ServerMetrics:
    """The metrics of one server.

    Args:
        senders: the names that may stand in a label.
        backlog: past so many waiting alerts new ones are sent away.
    """

    senders: Collection[str]
    backlog: int
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    _known: dict[str, "_Passed"] = field(default_factory=dict)

    @classmethod
    def of(cls, site: Site) -> Self:
        """Of a process of a site."""
        return cls(_senders(site), site.intake.backlog)

    def use(self, site: Site) -> None:
        """Another reading of the site from now on."""
        self.senders = _senders(site)
        self._limit.set(site.intake.backlog)

    def __post_init__(self) -> None:
        """Every metric by its name."""
        ProcessCollector(registry=self.registry)
        build = Info("nexus_build", "Which Nexus this is.", registry=self.registry)
        build.info({"version": version("nexus-incident")})
        self._intake()
        self._incidents()
        self._models()

    def _intake(self) -> None:
        by = ("sender", "disposition")
        self._alerts = self._counter("alerts", "Alerts by what became of them.", by)
        self._deliveries = self._counter("deliveries", "Deliveries by what became of them.", by)
        self._sent_away = self._counter(
            "deliveries_sent_away", "Deliveries that were told to come again.", ("sender",)
        )
        self._unauthenticated = self._counter(
            "deliveries_unauthenticated", "Deliveries whose sender did not show who it is."
        )
        self._waiting = self._gauge("alerts_waiting", "Alerts that wait for a hand.")
        self._oldest_waiting = self._gauge(
            "alerts_oldest_waiting_seconds", "For how long the oldest of them has waited."
        )
        self._limit = self._gauge("alerts_waiting_limit", "Past so many new ones are sent away.")
        self._limit.set(self.backlog)

    def _incidents(self) -> None:
        self._open = self._gauge("incidents_open", "Those that run or owe something.", ("status", "severity"))
        self._broken_off = self._gauge("incidents_broken_off", "Those whose last turns broke off.")
        self._dead_letters = self._gauge(
            "events_set_aside", "Events of open incidents that nobody has heard."
        )
        self._oldest_due = self._gauge(
            "incidents_oldest_due_seconds", "For how long one has been due at most with nobody at it."
        )
        self._failing = self._gauge("periodic_jobs_failing", "Periodic jobs whose last run broke off.")
        self._turns = self._gauge("turns_running", "Turns of incidents that go on.")
        self._hands = self._gauge("hands", "As many turns may go on at once.")
        self._taken = self._histogram("acknowledgement", "From an incident's opening", _SECONDS)
        self._finding = self._histogram("first_finding", "From an incident's opening", _SECONDS)
        self._proposal = self._histogram("first_proposal", "From an incident's opening", _MINUTES)
        self._approval = self._histogram("approval", "From a proposal", _MINUTES)
        self._recovery = self._histogram("recovery", "From an incident's opening", _HOURS)

    def _models(self) -> None:
        self._calls = self._counter("model_calls", "Calls of models.", ("model",))
        self._tokens = self._counter("model_tokens", "Tokens of models.", ("model", "direction"))
        self._cost = self._counter("model_cost", "Cost by the prices that are configured.", ("model",))
        self._failures = self._counter("model_failures", "Works at which a model failed, by why.", ("fault",))
        for fault in ModelFault:
            self._failures.labels(fault)
        self._handovers = self._counter("model_handovers", "Works in which the playbook spoke for a model.")

    def _counter(self, name: str, about: str, labels: Sequence[str] = ()) -> Counter:
        return Counter(f"nexus_{name}", about, labels, registry=self.registry)

    def _gauge(self, name: str, about: str, labels: Sequence[str] = ()) -> Gauge:
        return Gauge(f"nexus_{name}", about, labels, registry=self.registry)

    def _histogram(self, what: str, since: str, buckets: Sequence[float]) -> Histogram:
        about = f"{since} to its {what.replace('_', ' ')}."
        return Histogram(f"nexus_incident_{what}_seconds", about, buckets=buckets, registry=self.registry)

    def filed(self, sender: str | None, taken: Disposition, outcomes: Sequence[AlertOutcome]) -> None:
        """A delivery was filed, with what became of each of its alerts."""
        name = self._name(sender)
        self._deliveries.labels(name, taken).inc()
        for one in outcomes:
            self._alerts.labels(name, one.disposition).inc()

    def sent_away(self, sender: str) -> None:
        """A delivery was told to come again; nothing of it was kept."""
        self._sent_away.labels(self._name(sender)).inc()

    def began(self, incident: Incident) -> None:
        """A turn begins: what has happened before it was observed by whoever drove it then."""
        self._known.pop(incident.id, None)
        self._known[incident.id] = _Passed.of(incident)
        if len(self._known) > _MOST_KNOWN:  # others ended them
            del self._known[next(iter(self._known))]

    def saved(self, incident: Incident) -> None:
        """An incident was saved: what has happened in its turn since the last time is observed, each once."""
        now = _Passed.of(incident)
        self._observe(incident, self._known.get(incident.id, now), now)
        if incident.closed:
            self._known.pop(incident.id, None)
        else:
            self._known[incident.id] = now

    def _observe(self, incident: Incident, before: "_Passed", now: "_Passed") -> None:
        moments = (
            (self._taken, before.taken, now.taken),
            (self._finding, before.finding, now.finding),
            (self._proposal, before.proposal, now.proposal),
            (self._recovery, before.recovery, now.recovery),
        )
        for histogram, was, at in moments:
            if was is None and at is not None:
                histogram.observe(max(0.0, (at - incident.opened_at).total_seconds()))
        for proposal, seconds in now.approvals.items():
            if proposal not in before.approvals:
                self._approval.observe(seconds)
        for line in incident.usage_lines[before.lines :]:
            self._spent(line)

    def _spent(self, line: UsageLine) -> None:
        if line.handover is not None:
            self._handovers.inc()
        for fault in line.faults:
            self._failures.labels(fault).inc()
        for model, usage in line.shares:
            if usage.model_calls:
                self._calls.labels(model).inc(usage.model_calls)
                self._tokens.labels(model, "in").inc(usage.tokens_in)
                self._tokens.labels(model, "out").inc(usage.tokens_out)
                self._cost.labels(model).inc(usage.cost)

    def exposition(self, standing: Standing, load: Load, now: datetime) -> bytes:
        """All of it as text, at a moment."""
        self._waiting.set(standing.waiting.alerts)
        self._oldest_waiting.set(standing.waiting.oldest(now))
        since = standing.due_since
        self._oldest_due.set(max(0.0, (now - since).total_seconds()) if since is not None else 0.0)
        self._broken_off.set(standing.broken_off)
        self._dead_letters.set(standing.dead_letters)
        self._failing.set(standing.failing_jobs)
        self._open.clear()
        for one in standing.open:
            self._open.labels(one.status, one.severity or "unclassified").set(one.many)
        self._turns.set(load.turns)
        self._hands.set(load.hands)
        self._unauthenticated.reset()
        self._unauthenticated.inc(load.unauthenticated)
        return generate_latest(self.registry)

    def _name(self, sender: str | None) -> str:
        return sender if sender is not None and sender in self.senders else OTHER


@dataclass(frozen=True)
class _Passed:
    """What has happened in an incident so far; approvals in seconds, by the proposal."""

    taken: datetime | None = None
    finding: datetime | None = None
    proposal: datetime | None = None
    recovery: datetime | None = None
    approvals: Mapping[str, float] = field(default_factory=dict)
    lines: int = 0

    @classmethod
    def of(cls, incident: Incident) -> "_Passed":
        """By its state alone."""
        signed = {
            one.id: (max(approval.at for approval in one.approvals) - one.proposed_at).total_seconds()
            for one in incident.proposals
            if len(one.approvals) >= one.approvers_needed
            and all(approval.verdict is Verdict.APPROVE for approval in one.approvals)
        }
        return cls(
            taken=incident.taken_at,
            finding=incident.triaged_at,
            proposal=min((one.proposed_at for one in incident.proposals), default=None),
            recovery=incident.mitigated_at,
            approvals=signed,
            lines=len(incident.usage_lines),
        )


def _senders(site: Site) -> frozenset[str]:
    """The names that may stand in a label."""
    return frozenset(form.name for form in (*all_forms(), *site.intake.forms))
