"""Assess: what an escalation role tells people, from the state of the incident and lines that are data."""

from enum import StrEnum
from functools import cache
from typing import Literal

from agents.engine import Assignment, RoleContext
from agents.playbook.tasks.situation import (
    decision_needed,
    said_action,
    said_cause,
    said_revenue,
    told_users,
)
from agents.shipped import shipped
from incidents.action import ActionState
from incidents.findings import Category, Claim
from incidents.incident import Incident
from incidents.reports import AssessmentReport
from incidents.value import Value
from tools.felt import without_rule
from tools.looking_back import lasting


class When(StrEnum):
    """What a line of `assess.yaml` may depend on."""

    BREACH = "breach"
    USER_DATA = "user_data"
    REVENUE = "revenue"
    NO_REVENUE = "no_revenue"
    CAUSE_UNKNOWN = "cause_unknown"
    APPROVAL = "approval"
    DEPENDENCY = "dependency"
    REJECTED = "rejected"


class _Line(Value):
    kind: Literal["needs", "recommendations", "notify"]
    text: str
    when: When | None = None


class _Sheet(Value):
    lines: tuple[_Line, ...]


class _Sheets(Value):
    roles: dict[str, _Sheet]
    other: _Sheet


@cache
def _sheets() -> _Sheets:
    return shipped(__package__, "assess.yaml", _Sheets)


async def assess(assignment: Assignment, context: RoleContext) -> AssessmentReport:
    """An escalation role's answer."""
    incident = context.incident
    sheet = _sheets().roles.get(assignment.role, _sheets().other)
    holds = conditions(incident)

    def lines(kind: str) -> tuple[str, ...]:
        said = (
            line.text
            for line in sheet.lines
            if line.kind == kind and (line.when is None or line.when in holds)
        )
        return tuple(dict.fromkeys(said))

    return AssessmentReport(
        assessment=_assessment(context, holds),
        needs=lines("needs"),
        recommendations=lines("recommendations"),
        notify=lines("notify"),
        claims=_claims(incident),
    )


def conditions(incident: Incident) -> frozenset[When]:
    """What holds of the incident."""
    found, impact = incident.diagnosis, incident.impact
    known = found is not None and found.known
    states = {proposal.state for proposal in incident.proposals}
    told = {
        When.BREACH: impact.data_breach_suspected,
        When.USER_DATA: impact.user_data_affected,
        When.REVENUE: incident.revenue_impact is not None,
        When.NO_REVENUE: incident.revenue_impact is None,
        When.CAUSE_UNKNOWN: not known,
        When.APPROVAL: ActionState.PROPOSED in states,
        When.REJECTED: ActionState.REJECTED in states,
        When.DEPENDENCY: known and found is not None and found.category is Category.DEPENDENCY,
    }
    return frozenset(when for when, holds in told.items() if holds)


def _assessment(context: RoleContext, holds: frozenset[When]) -> str:
    incident = context.incident
    open_for = lasting(context.now - incident.opened_at)
    felt = without_rule(incident.title).rstrip(".")
    parts = [
        decision_needed(incident),
        f"{felt} ({incident.severity or 'not classified'}, open for {open_for}).",
        f"Cause: {said_cause(incident)}.",
        f"Action: {said_action(incident)}",
        f"Users: {told_users(incident)}.",
        f"Revenue: {said_revenue(incident)}.",
    ]
    if When.BREACH in holds or When.USER_DATA in holds:
        sign = "a data breach is suspected" if When.BREACH in holds else "personal data may be touched"
        parts.append(f"From the signs so far {sign}; that is not confirmed.")
    return " ".join(part for part in parts if part)


def _claims(incident: Incident) -> tuple[Claim, ...]:
    """The measured state and the diagnosis, each with its evidence."""
    claims = []
    if incident.summary and incident.summary_evidence:
        claims.append(Claim(text=incident.summary, evidence=incident.summary_evidence))
    if incident.diagnosis is not None and incident.diagnosis.known:
        claims.append(Claim(text=incident.diagnosis.summary, evidence=incident.diagnosis.evidence))
    return tuple(claims)
