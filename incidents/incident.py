"""The incident as it stands: one frozen value that the graph carries and the store keeps."""

from datetime import datetime, timedelta
from itertools import takewhile
from typing import Self

from pydantic import ConfigDict, Field

from incidents.action import ActionState, Proposal, pending_of, unsettled_of
from incidents.alert import Alert, known_to_be_over
from incidents.communications import BacklogEntry, Brief, Escalation, StatusUpdate
from incidents.currency import Currency
from incidents.deeds import changed_outside, made, planned
from incidents.facts import Facts
from incidents.findings import Diagnosis, Suspect
from incidents.language import Language
from incidents.look import Look
from incidents.notes import MachineNote, Note, OutsideChange
from incidents.reports import Dispute, Impact, PostMortemReport
from incidents.severity import HeldBy, PublicStatus, Severity, Status, Step
from incidents.shadow import LIVE, Shadow
from incidents.usage import Usage, UsageLine
from incidents.value import Moment, Value
from incidents.verification import Signal, Verification


class Watch(Value):
    """The watch after a change, by Nexus or outside of it: its id, from when, until when."""

    action: str
    started_at: Moment
    until: Moment
    checks: tuple[Verification, ...] = ()


class Incident(Value):
    """Everything that is known about an incident apart from its timeline and evidence, which are tables."""

    # Stored and printed values keep the names that they were first written under: those are the aliases.
    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    id: str
    title: str
    engine: str
    opened_at: Moment
    status: Status = Status.OPEN
    step: Step = Step.TRIAGE
    step_since: Moment
    alerts: tuple[Alert, ...]
    follows: str | None = Field(
        default=None, description="the incident before it whose alert has come again after its end"
    )

    shadow: Shadow = Field(default=LIVE, description="what of it is in shadow, as decided when it began")
    rests_since: Moment | None = Field(
        default=None, description="in shadow: since when the agents have said what they would"
    )

    severity: Severity | None = None
    severity_at: Moment | None = None
    severity_by: str | None = Field(default=None, description="a person who set it by hand")
    acknowledged_at: Moment | None = Field(default=None, description="when the agents began")
    taken_at: Moment | None = Field(default=None, description="when a person had it first")
    triaged_at: Moment | None = None
    impact: Impact = Impact()
    nearby: tuple[str, ...] = Field(
        default=(), description="services that deviate too, beside the path of its alerts: not its own"
    )
    summary: str = ""
    summary_evidence: tuple[str, ...] = Field(default=(), description="what the summary stands on")
    facts: Facts | None = Field(default=None, description="the latest measurement")
    peak: Facts | None = Field(default=None, description="the measurement in which users felt it most")
    signals: tuple[Signal, ...] = Field(default=(), description="what the first triage chose to watch")
    ever_deviated: bool = Field(
        default=False, alias="deviated", description="some measurement showed a deviation"
    )
    recheck: bool = Field(default=False, description="the alerts ended by themselves: measure again")
    calm_since: Moment | None = Field(
        default=None, description="since when it is over without a change by us, as far as is seen"
    )
    channel: str | None = None
    silent_channels: tuple[str, ...] = Field(
        default=(), alias="silent", description="the channels that gave nothing at the last look"
    )

    diagnosis: Diagnosis | None = None
    suspects: tuple[Suspect, ...] = ()
    investigations: int = 0
    looked: Look | None = Field(default=None, description="what the last round of roles had to go by")
    idle_looks: int = Field(
        default=0, description="how many looks since then brought nothing new, so that no role was asked"
    )
    question: str | None = Field(default=None, description="what the next investigation has to answer")
    dispute: Dispute | None = Field(default=None, description="one role has been asked to settle this")
    not_before: Moment | None = Field(
        default=None, description="when the next attempt of this step may begin"
    )

    proposals: tuple[Proposal, ...] = ()
    ask_again: str | None = Field(
        default=None, description="the proposal that expired and is to be planned anew"
    )
    outside_changes: tuple[OutsideChange, ...] = ()
    mitigations: int = 0
    watch: Watch | None = None
    verification: Verification | None = None
    mitigated_at: Moment | None = None
    verified: bool = Field(default=False, description="the verification roles have given their reports")
    ended_at: Moment | None = None
    end_reason: str = Field(default="", description="why it ended, or why the agents left it to people")

    handed_over_at: Moment | None = Field(default=None, description="since when people hold it")
    holder: str | None = Field(default=None, description="the person who has it, whoever works on it")
    held_since: Moment | None = Field(default=None, description="since when that person has it")
    heard_at: Moment | None = Field(default=None, description="when that person did anything with it last")
    heard_until: Moment | None = Field(
        default=None, description="when that word is over by itself, such as a silence; None: it is not"
    )
    heard_severity: Severity | None = Field(default=None, description="how severe it was then")
    confirmed: bool = Field(default=True, description="they said so; false: it was handed to them")
    stopped: bool = Field(default=False, description="the agents are silent: only code speaks")
    reminded_at: Moment | None = Field(
        default=None, description="when people were last reminded that they hold it"
    )
    reopened: int = Field(default=0, description="how often people opened it again")

    merged_into: str | None = Field(default=None, description="the incident that goes on with its alerts")
    split_from: str | None = Field(default=None, description="the incident that its alerts were taken out of")
    split_into: tuple[str, ...] = Field(default=(), description="those that alerts of it were taken out into")

    updates: tuple[StatusUpdate, ...] = ()
    spoken_status: str | None = Field(default=None, description="the stand that the last status update told")
    briefs: tuple[Brief, ...] = ()
    spoken_brief: str | None = Field(default=None, description="the stand that the last brief told")
    escalations: tuple[Escalation, ...] = ()
    reminders: tuple[str, ...] = Field(default=(), description="keys of duties that fire once and have fired")
    notes: tuple[Note, ...] = Field(default=(), description="people's: a hint, a constraint, a target")
    machine_notes: tuple[MachineNote, ...] = Field(default=(), description="programs': data, and no more")
    revenue_impact: float | None = Field(
        default=None, description="estimated loss so far, if revenue is measured"
    )
    currency: Currency | None = Field(default=None, description="that of the loss, if the site names it")
    language: Language = Field(default=Language.EN, description="in which people are told of it")

    post_mortem: str | None = Field(default=None, description="path of the Markdown file")
    post_mortem_report: PostMortemReport | None = None
    backlog: tuple[BacklogEntry, ...] = ()
    handled_events: tuple[str, ...] = Field(default=(), alias="seen", description="ids of the events")
    turn: int = 0
    as_of: Moment | None = Field(default=None, description="the moment of its clock at its last change")
    closed: bool = Field(default=False, description="the graph has come to its end: nothing is owed any more")
    usage: Usage = Usage()
    usage_lines: tuple[UsageLine, ...] = Field(
        default=(), alias="ledger", description="what `usage` is made of, in order"
    )

    @classmethod
    def opened(
        cls, identity: str, alerts: tuple[Alert, ...], at: datetime, engine: str, currency: Currency | None,
        language: Language = Language.EN, shadow: Shadow = LIVE,
    ) -> Self:  # fmt: skip
        """A new incident as its first alerts open it.

        Args:
            identity: its id.
            alerts: at least one; the first gives the title.
            at: the moment on its clock.
            engine: who will speak for the roles: auto, llm or playbook.
            currency: that of revenue, if the site names one.
            language: in which people are told of it.
            shadow: what of it is in shadow, for as long as it lives.
        """
        return cls(
            id=identity, title=alerts[0].title, engine=engine, opened_at=at, step_since=at, alerts=alerts,
            currency=currency, language=language, shadow=shadow,
        )  # fmt: skip

    def evolve(self, **changes: object) -> Self:
        """The same incident with some fields changed; the result is validated."""
        return self.model_validate({**dict(self), **changes})

    @property
    def open(self) -> bool:
        """Whether it still runs, in whoever's hands (of a resolved one the post-mortem may be owed)."""
        return self.status in {Status.OPEN, Status.HANDED_OVER} and self.ended_at is None

    @property
    def held_by(self) -> HeldBy:
        """Who works on it, or did when it ended."""
        people = self.handed_over_at is not None or self.status is Status.HANDED_OVER
        return HeldBy.PEOPLE if people else HeldBy.AGENTS

    @property
    def in_peoples_hands(self) -> bool:
        """Whether it is open and people work on it: the agents plan and change nothing."""
        return self.open and self.held_by is HeldBy.PEOPLE

    @property
    def public_status(self) -> PublicStatus:
        """What the status page should say now."""
        if self.status in {Status.RESOLVED, Status.FALSE_ALARM}:
            return PublicStatus.RESOLVED
        mitigated = self.held_by is HeldBy.PEOPLE and self.mitigated_at is not None
        if self.watch is not None or self.calm_since is not None or mitigated:
            return PublicStatus.MONITORING
        if self.diagnosis is not None and self.diagnosis.known:
            return PublicStatus.IDENTIFIED
        return PublicStatus.INVESTIGATING

    @property
    def services(self) -> tuple[str, ...]:
        """The services that are affected, as far as known: from triage, else from the alerts."""
        named = self.impact.services or tuple(alert.service for alert in self.alerts if alert.service)
        return tuple(dict.fromkeys(named))

    @property
    def facts_evidence(self) -> tuple[str, ...]:
        """The evidence ids of the latest measurement."""
        return self.facts.evidence if self.facts is not None else ()

    @property
    def verification_summary(self) -> str:
        """The latest verdict in words."""
        return self.verification.summary if self.verification is not None else "not verified"

    @property
    def firing(self) -> bool:
        """Whether the last word of any alert is that it fires."""
        return any(alert.firing for alert in self.latest_alerts.values())

    @property
    def latest_alerts(self) -> dict[str, Alert]:
        """The last word of each alert, by fingerprint; of one firing its end is, whichever came first."""
        last: dict[str, Alert] = {}
        for alert in self.alerts:
            if not known_to_be_over(alert, last.get(alert.fingerprint)):
                last[alert.fingerprint] = alert
        return last

    @property
    def unassigned_alerts(self) -> tuple[Alert, ...]:
        """The alerts that fire and of which nobody knows the service."""
        return tuple(one for one in self.latest_alerts.values() if one.firing and one.unassigned)

    @property
    def firing_periods(self) -> tuple[timedelta, ...]:
        """How long each firing lasted that is over, of the alert that fired most often."""
        over: dict[str, dict[datetime, timedelta]] = {}
        for alert in self.alerts:
            if not alert.firing:
                over.setdefault(alert.fingerprint, {})[alert.starts_at] = alert.since - alert.starts_at
        return tuple(max(over.values(), key=len, default={}).values())

    @property
    def pending(self) -> tuple[Proposal, ...]:
        """The proposals that wait for people."""
        return pending_of(self.proposals)

    @property
    def shadowed(self) -> tuple[Proposal, ...]:
        """The proposals that stand in shadow."""
        return tuple(one for one in self.proposals if one.state is ActionState.SHADOW)

    @property
    def rests(self) -> bool:
        """Whether it is in shadow whole and all is said; what people say they changed is watched first."""
        return self.open and self.shadow.whole and self.rests_since is not None and self.watch is None

    @property
    def unsettled(self) -> tuple[Proposal, ...]:
        """The proposals that were begun, and of which nobody knows yet what became."""
        return unsettled_of(self.proposals)

    @property
    def unanswered(self) -> tuple[Proposal, ...]:
        """The proposals that nobody has answered since the last one that was, oldest first."""
        never = {ActionState.PROPOSED, ActionState.SHADOW}
        asked = [p for p in self.proposals if p.state not in never]
        return tuple(takewhile(lambda p: p.state is ActionState.EXPIRED, reversed(asked)))[::-1]

    def change_title(self, identity: str) -> str:
        """A change by its id, made by Nexus (A1) or outside of it (C1), as people read it."""
        outside = {change.id: change.title for change in self.outside_changes}
        ours = self.proposal(identity)
        return planned(ours.action, self.language) if ours is not None else outside.get(identity, identity)

    def change_done(self, identity: str) -> str:
        """The same as it is told afterwards: `checkout was rolled back to 2026.11.1`."""
        ours = self.proposal(identity)
        if ours is not None:
            return made(ours.action, self.language)
        return changed_outside(self.change_title(identity), self.language)

    def proposal(self, identity: str) -> Proposal | None:
        """The proposal of that id, or None."""
        return next((p for p in self.proposals if p.id == identity), None)

    def with_proposal(self, proposal: Proposal) -> Self:
        """The same incident with that proposal added or replaced."""
        kept = [proposal if p.id == proposal.id else p for p in self.proposals]
        if proposal.id not in {p.id for p in self.proposals}:
            kept.append(proposal)
        return self.evolve(proposals=tuple(kept))
