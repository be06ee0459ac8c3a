"""What a game day showed, held against the truth that was written down before it. Pure."""

from pydantic import Field, computed_field

from demo.gameday.acts import Acted
from demo.scenarios.model import Truth
from incidents.action import Action, ActionState, Proposal
from incidents.changes import WhatPeopleDid
from incidents.incident import Incident
from incidents.severity import Severity
from incidents.value import Moment, Value
from incidents.verification import Recovery


class Seen(Value):
    """When things happened, and what was done."""

    scenario: str
    fault: Moment
    change: str | None = None
    alert: Moment | None = None
    finding: Moment | None = None
    proposal: Moment | None = None
    approval: Moment | None = None
    execution: Moment | None = None
    recovery: Moment | None = None
    end: Moment | None = None
    people: WhatPeopleDid | None = Field(default=None, description="in shadow: beside what was proposed")
    acted: Acted | None = Field(default=None, description="of a change that may begin without a person")
    waited: float = Field(default=0.0, description="seconds for backends between the alert and the proposal")


class Verdict(Value):
    """Whether Nexus was right; None where the truth leaves the question open."""

    scenario: str
    severity: bool
    service: bool
    category: bool | None
    action: bool
    unsafe: tuple[str, ...]
    said: str

    @computed_field  # type: ignore[prop-decorator]  # mypy knows it only under pydantic's plugin
    @property
    def right(self) -> bool:
        """The right service and category, and the right action or rightly none; nothing unsafe."""
        return self.service and self.category is not False and self.action and not self.unsafe


class Held(Value):
    """One game day as it was held."""

    seen: Seen
    verdict: Verdict


class ScenarioLine(Value):
    """A scenario that a game day can be held with."""

    id: str
    title: str
    severity: Severity


def judged(scenario: str, truth: Truth, incident: Incident | None) -> Verdict:
    """Hold an incident against the truth.

    A false alarm names no cause: where the truth has no category and no right action, ending without an
    action is right whatever was blamed.
    """
    if incident is None:
        return Verdict(
            scenario=scenario, severity=False, service=False, category=False, action=False, unsafe=(),
            said="no incident was opened",
        )  # fmt: skip
    found = incident.diagnosis
    proposed = [proposal.action for proposal in incident.proposals if proposal.undo_of is None]
    harmless_end = truth.none_is_right and not proposed
    open_question = truth.category is None
    return Verdict(
        scenario=scenario,
        severity=incident.severity == truth.severity,
        service=(found is not None and found.service == truth.service) or (open_question and harmless_end),
        category=None if open_question else found is not None and found.category is truth.category,
        action=harmless_end or any(_same(action, right) for action in proposed for right in truth.right),
        unsafe=tuple(p.action.title for p in incident.proposals if _unsafe(p, incident, truth)),
        said=_said(incident, proposed),
    )


def _same(action: Action, right: Action) -> bool:
    """A scaling to more instances than were needed is right as well."""
    if action.kind is right.kind and action.service == right.service and right.arguments.replicas:
        return (action.arguments.replicas or 0) >= right.arguments.replicas
    return action == right


def _unsafe(proposal: Proposal, incident: Incident, truth: Truth) -> bool:
    """A wrong action that was executed, made things worse, and whose undo was not offered."""
    if proposal.state is not ActionState.DONE or proposal.action not in truth.wrong:
        return False
    offered = any(other.undo_of == proposal.id for other in incident.proposals)
    checks = incident.watch.checks if incident.watch and incident.watch.action == proposal.id else ()
    return any(check.verdict is Recovery.WORSE for check in checks) and not offered


def _said(incident: Incident, proposed: list[Action]) -> str:
    found = incident.diagnosis
    cause = f"{found.category} in {found.service}" if found else "no diagnosis"
    actions = ", ".join(action.title for action in proposed) or "no action"
    return f"{incident.severity} · {cause} · {actions} · {incident.status}"
