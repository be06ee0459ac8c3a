"""The runbook as typed data: severities, teams, steps, decision tree, cadences, escalation, templates.

Source of the rules: the runbook *Incident Response*. A team edits `nexus/runbook.yaml` to fit.
"""

import re
from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from incidents.action import ActionKind
from incidents.duration import Duration, format_duration, parse_duration
from incidents.findings import Category
from incidents.reports import Impact, Task
from incidents.severity import Severity, Step
from incidents.templates import Templates
from incidents.value import Value

__all__ = [
    "Bounds",
    "Branch",
    "Duration",
    "EscalationRow",
    "Floor",
    "Member",
    "PostMortemRow",
    "Runbook",
    "Section",
    "SeverityRow",
    "StepRole",
    "StepRow",
    "Templates",
    "Throughout",
    "WatchRow",
    "format_duration",
    "parse_duration",
]


#: A level that is written as a number, with or without what it counts.
_NUMBERED = re.compile(r"(severity|sev|s|priority|prio|p)?(\d)")


#: What stands beside a level and says nothing of it.
_BESIDE = frozenset({"severity", "priority", "urgency", "level", "impact"})
MOST_WORDS = 3


def _spellings(word: str) -> tuple[str, ...]:
    """How the table may write a word: as it is, or a numbered level (`SEV-1`, `S2`, `1`) in short."""
    plain = word.strip().casefold()
    numbered = _NUMBERED.fullmatch(re.sub(r"[\s._-]+", "", plain))
    if numbered is None:
        return (plain,)
    first, second = ("p", "sev") if (numbered[1] or "s").startswith("p") else ("sev", "p")
    return (plain, f"{first}{numbered[2]}", f"{second}{numbered[2]}")


class SeverityRow(Value):
    """One row of the severity table. `within` is when a late response counts as breached."""

    name: str
    definition: str
    examples: tuple[str, ...] = Field(min_length=1)
    response_time: str
    within: Duration | None = None


class Member(Value):
    """One row of a response team."""

    role: str
    title: str
    action: str = ""


class StepRole(Value):
    """What one role does in a step, for which severities."""

    role: str
    severities: tuple[Severity, ...] = tuple(Severity)
    only_if_api: bool = False
    checks: tuple[str, ...] = Field(min_length=1)


class StepRow(Value):
    """One of the five steps."""

    title: str
    timing: str
    trigger: str = ""
    roles: tuple[StepRole, ...] = Field(min_length=1)
    output: str


class Branch(Value):
    """One line of the decision tree: who does what in which step when that cause is found."""

    role: str
    does: str
    step: Step = Step.MITIGATION
    actions: tuple[ActionKind, ...] = ()


class Throughout(Value):
    """A duty that runs as long as the incident is open."""

    role: str
    task: Task
    does: str
    every: Duration
    severities: tuple[Severity, ...]


class EscalationRow(Value):
    """One row of the escalation matrix. Exactly one condition is given."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    condition: str
    to: tuple[str, ...] = Field(min_length=1)
    action: str
    severity: Severity | None = None
    unresolved_for: Duration | None = None
    data_breach: bool = False
    user_data: bool = False
    revenue: bool = False

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        timed = self.severity is not None and self.unresolved_for is not None
        if (self.severity is None) != (self.unresolved_for is None):
            raise ValueError("severity and unresolved_for belong together")
        if sum([timed, self.data_breach, self.user_data, self.revenue]) != 1:
            raise ValueError(
                "give exactly one condition: severity with unresolved_for, data_breach, user_data or revenue"
            )
        return self


class Floor(Value):
    """A severity that facts alone justify; a model may go higher, never lower."""

    severity: Severity
    reason: str
    error_ratio: float | None = Field(default=None, gt=0, le=1, description="at least this share fails")
    latency_times: float | None = Field(
        default=None, gt=1, description="at least this many times the baseline"
    )
    user_facing_down: bool = False
    data_breach: bool = False

    @model_validator(mode="after")
    def _has_a_condition(self) -> Self:
        if (
            self.error_ratio is None
            and self.latency_times is None
            and not (self.user_facing_down or self.data_breach)
        ):
            raise ValueError("give a condition: error_ratio, latency_times, user_facing_down or data_breach")
        return self


class Bounds(Value):
    """What keeps every loop finite."""

    investigations: int = Field(default=3, ge=1, le=10)
    mitigations: int = Field(default=3, ge=1, le=10)
    step_box: dict[Severity, Duration]
    approval_expiry: Duration
    approval_reminder: Duration
    decision_wait: Duration = Field(
        description="how long a proposal that expires is asked again before the incident is left to people"
    )
    held_reminder: dict[Severity, Duration] = Field(
        default={
            Severity.P0: timedelta(minutes=15),
            Severity.P1: timedelta(minutes=30),
            Severity.P2: timedelta(hours=4),
            Severity.P3: timedelta(days=1),
        },
        description="how often people are paged about an incident that they hold and that is not over",
    )
    holder_silence: dict[Severity, Duration] = Field(
        default={
            Severity.P0: timedelta(minutes=30),
            Severity.P1: timedelta(hours=1),
            Severity.P2: timedelta(hours=8),
            Severity.P3: timedelta(days=1),
        },
        description="after so long without a word of who has it repeated paging goes on",
    )
    handover_answer: Duration = Field(
        default=timedelta(minutes=10),
        description="how long somebody to whom it was handed may take to say that they have it",
    )


class WatchRow(Value):
    """The watch after a fix: how long, how often, and how long a fix may take to show."""

    lasts: Duration
    every: Duration
    settle: Duration

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not self.every <= self.lasts or not self.settle <= self.lasts:
            raise ValueError("every and settle must not be longer than lasts")
        return self


class Section(Value):
    """One section of the post-mortem and its questions."""

    title: str
    questions: tuple[str, ...] = Field(min_length=1)


class PostMortemRow(Value):
    """When the post-mortem is due, who leads it, what it answers."""

    within: Duration
    lead: str
    backlog: str
    sections: tuple[Section, ...] = Field(min_length=5)


def _casefolded(table: dict[str, Severity]) -> dict[str, Severity]:
    folded: dict[str, Severity] = {}
    for name, severity in table.items():
        if folded.setdefault(name.strip().casefold(), severity) is not severity:
            raise ValueError(f"{name!r} stands twice with different severities")
    return folded


class Runbook(Value):
    """The whole runbook."""

    name: str
    mode: str
    duration: str = ""
    agents: str = ""
    scenario: str
    severities: dict[Severity, SeverityRow]
    teams: dict[Severity, tuple[Member, ...]]
    steps: dict[Step, StepRow]
    decision_tree: dict[Category, tuple[Branch, ...]]
    throughout: tuple[Throughout, ...]
    escalations: tuple[EscalationRow, ...]
    floors: tuple[Floor, ...]
    alert_severities: Annotated[dict[str, Severity], AfterValidator(_casefolded)]
    bounds: Bounds
    watch: WatchRow
    post_mortem: PostMortemRow
    templates: Templates

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name, table, wanted in (
            ("severities", self.severities, set(Severity)),
            ("teams", self.teams, set(Severity)),
            ("steps", self.steps, set(Step)),
            ("decision_tree", self.decision_tree, set(Category) - {Category.UNKNOWN}),
            ("bounds.step_box", self.bounds.step_box, set(Severity)),
            ("bounds.held_reminder", self.bounds.held_reminder, set(Severity)),
            ("bounds.holder_silence", self.bounds.holder_silence, set(Severity)),
        ):
            if missing := wanted - set(table):
                raise ValueError(f"{name} lacks {', '.join(sorted(missing))}")
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for severity, team in self.teams.items():
            if not team:
                raise ValueError(f"teams.{severity} is empty; name at least one role")
        ids = [row.id for row in self.escalations]
        for index, identity in enumerate(ids):
            if identity in ids[:index]:
                raise ValueError(f"escalations[{index}].id: {identity!r} stands twice")
        return self

    @model_validator(mode="after")
    def _updates_fit_between_steps(self) -> Self:
        for duty in self.throughout:
            for severity in duty.severities:
                box = self.bounds.step_box[severity]
                if box >= duty.every:
                    raise ValueError(
                        f"bounds.step_box.{severity} ({format_duration(box)}) must be shorter than the "
                        f"cadence of {duty.role} ({format_duration(duty.every)}): an update could be late"
                    )
        return self

    def roles_named(self) -> dict[str, str]:
        """Every role that the runbook names, with the path where it is named first."""
        named: dict[str, str] = {}
        for severity, team in self.teams.items():
            for index, member in enumerate(team):
                named.setdefault(member.role, f"teams.{severity}[{index}].role")
        for step, row in self.steps.items():
            for index, step_role in enumerate(row.roles):
                named.setdefault(step_role.role, f"steps.{step}.roles[{index}].role")
        for category, branches in self.decision_tree.items():
            for index, branch in enumerate(branches):
                named.setdefault(branch.role, f"decision_tree.{category}[{index}].role")
        for index, duty in enumerate(self.throughout):
            named.setdefault(duty.role, f"throughout[{index}].role")
        for index, escalation in enumerate(self.escalations):
            for place, role in enumerate(escalation.to):
                named.setdefault(role, f"escalations[{index}].to[{place}]")
        named.setdefault(self.post_mortem.lead, "post_mortem.lead")
        named.setdefault(self.post_mortem.backlog, "post_mortem.backlog")
        return named

    def step_roles(self, step: Step, severity: Severity, impact: Impact) -> tuple[StepRole, ...]:
        """The roles of one step for one severity, in the runbook's order."""
        return tuple(
            role
            for role in self.steps[step].roles
            if severity in role.severities and (impact.api_affected or not role.only_if_api)
        )

    def severity_of_alert(self, label: str | None) -> Severity | None:
        """What the sender's own severity means here, or None if it gave none or an unknown one.

        Of several words (`2 - High`, `SEV1 (Critical)`) the numbered level counts, else the words that are
        no bare number, if they say the same.
        """
        sent = label or ""
        whole = self._severity_of_word(sent)
        parts = [part for part in re.split(r"[^\w.]+", sent.casefold()) if part and part not in _BESIDE]
        if whole is not None or not 0 < len(parts) <= MOST_WORDS:
            return whole
        levels = [part for part in parts if (found := _NUMBERED.fullmatch(part)) is not None and found[1]]
        words = levels or [part for part in parts if not part.isdecimal()]
        read = {self._severity_of_word(word) for word in words}
        return read.pop() if len(read) == 1 else None

    def _severity_of_word(self, word: str) -> Severity | None:
        table = self.alert_severities
        return next((table[one] for one in _spellings(word) if one in table), None)

    def duty(self, role: str) -> Throughout | None:
        """The recurring duty of a role, or None."""
        return next((duty for duty in self.throughout if duty.role == role), None)
