"""What each role returns for each task: the same typed reports from every engine.

The field descriptions are what a model reads when it fills a report in, so they say what belongs there.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from incidents.action import Action
from incidents.changes import Change
from incidents.findings import Claim, Confidence, Hypothesis, ToldByCode
from incidents.language import Language
from incidents.severity import PublicStatus, Severity
from incidents.value import Value


class Task(StrEnum):
    """What a role can be asked to do; each has one report type."""

    TRIAGE = "triage"
    INVESTIGATE = "investigate"
    MITIGATE = "mitigate"
    VERIFY = "verify"
    STATUS_UPDATE = "status_update"
    BRIEF = "brief"
    ASSESS = "assess"
    POST_MORTEM = "post_mortem"
    BACKLOG = "backlog"


#: What goes to people in their own language; all else is read beside evidence and is in its language.
_TOLD = frozenset({
    Task.STATUS_UPDATE, Task.BRIEF, Task.ASSESS, Task.INVESTIGATE, Task.MITIGATE, Task.POST_MORTEM,
    Task.BACKLOG,
})  # fmt: skip


def written_in(task: Task, language: Language) -> Language:
    """The language in which a task's report is written, where people are told of the incident in one."""
    return language if task in _TOLD else Language.EN


class Impact(Value):
    """Who and what is hit. `None` and "unknown" are honest answers."""

    users_affected: str = Field(default="unknown", description="how many users or what share, or 'unknown'")
    customers_affected: bool | None = Field(
        default=None, description="do customers notice? leave it out if not known"
    )
    services: tuple[str, ...] = Field(default=(), description="affected services, names from the catalogue")
    api_affected: bool | None = Field(
        default=False, description="are API endpoints failing or slow? null if not known"
    )
    data_at_risk: bool | None = Field(default=None, description="could data be lost or corrupted?")
    data_breach_suspected: bool = Field(default=False, description="are there signs of a data breach?")
    user_data_affected: bool = Field(default=False, description="is personal data of users touched?")


class TriageReport(Value):
    """Step 1, the commander's answer."""

    summary: str = Field(description="one or two sentences: what is broken for whom since when")
    severity: Severity = Field(description="P0 to P3 by the runbook's definitions")
    severity_reason: str = Field(description="which definition fits, and why")
    impact: Impact
    false_alarm: bool = Field(
        description="true only if nothing is wrong: no signal deviates and the alert is over"
    )
    claims: tuple[Claim, ...] = Field(default=(), description="what you saw, each with evidence ids")


class CheckState(StrEnum):
    """What a check of the runbook found."""

    NORMAL = "normal"
    ABNORMAL = "abnormal"
    NO_DATA = "no_data"


class CheckResult(Value):
    """One check of the runbook and what it found."""

    check: str
    state: CheckState
    finding: str = Field(description="one sentence with the numbers")
    evidence: tuple[str, ...] = ()


class InvestigationReport(Value):
    """Step 2: what one role checked and what it believes."""

    summary: str
    checks: tuple[CheckResult, ...]
    hypotheses: tuple[Hypothesis, ...] = Field(
        description="best first; empty if you do not know. A hypothesis without evidence ids does not count"
    )
    gaps: tuple[str, ...] = Field(default=(), description="data that was missing, in words")
    severity: Severity | None = Field(default=None, description="only if the severity should change")


class Dispute(Value):
    """Two causes that the reports leave standing: one role is asked what decides between them."""

    role: str
    question: str
    reports: dict[str, InvestigationReport] = Field(description="what every role said before, by its name")


class ProposedAction(Value):
    """A change that a role wants people to approve."""

    action: Action
    reason: str = Field(description="why this change mends the cause, in one or two sentences")
    expected_effect: str = Field(description="which signal will show it, and how soon")
    evidence: tuple[str, ...] = Field(default=(), description="ids of the evidence that this rests on")


class MitigationReport(Value):
    """Step 3: what a role proposes or supports. No proposal is a valid answer; say why."""

    summary: str
    proposals: tuple[ProposedAction, ...] = Field(default=(), description="best first; empty if none is safe")
    concerns: tuple[str, ...] = Field(
        default=(), description="risks that the approver should know; name evidence ids within the sentence"
    )


class VerificationReport(Value):
    """Step 4: how one role reads the state after the change. Whether it recovered is decided by code."""

    summary: str
    checks: tuple[CheckResult, ...]
    new_issues: tuple[Claim, ...] = Field(
        default=(), description="problems that were not there before the change"
    )


class StatusReport(Value):
    """What the Support Responder says for the status page: sentences of the catalogue, and a draft.

    `impact` and `current_action` are a draft: nobody outside reads them before a person releases them.
    """

    status: PublicStatus
    say: tuple[str, ...] = Field(
        default=(), description="ids of the permitted sentences that customers should read, in that order"
    )
    impact: str = Field(description="what users notice, in plain words, no internals, no guesses")
    current_action: str = Field(description="what we are doing about it")


class BriefReport(Value):
    """The Executive Summary Generator's words for the executive update (P0 only)."""

    situation: str = Field(description="[Service] is [down/degraded] affecting [N users/% of traffic]")
    cause: str = Field(description="Known or Under investigation, then a brief description")
    action: str = Field(description="what is being done")
    eta: str = Field(description="time estimate, or 'unknown'")
    impact: str = Field(description="business impact: revenue, users, reputation; 'unknown' where not known")


class AssessmentReport(Value):
    """An escalation role's answer: its assessment and what people should do."""

    assessment: str
    needs: tuple[str, ...] = Field(default=(), description="resources, vendors or decisions that are needed")
    recommendations: tuple[str, ...] = Field(
        default=(), description="what people should do now, most urgent first"
    )
    notify: tuple[str, ...] = Field(
        default=(), description="authorities, customers or vendors to be told, if any"
    )
    claims: tuple[Claim, ...] = ()


class Why(Value):
    """One step of the five whys."""

    question: str
    answer: str
    evidence: tuple[str, ...] = ()


class ActionItem(Value):
    """One prevention task: action, owner, deadline."""

    action: str
    owner: str = Field(description="an owner that the brief names, or a role")
    days: int = Field(ge=1, le=180, description="due in how many days from today")


#: Sentences that code writes, whoever wrote the rest.
Said = Annotated[tuple[str, ...], ToldByCode()]


class PostMortemReport(Value):
    """Step 5: what the Workflow Optimizer writes; times and figures are added by code."""

    summary: str
    what_failed: Claim
    why_it_failed: Claim
    why_not_caught: Claim = Field(description="why monitoring or tests did not catch it earlier")
    whys: tuple[Why, ...] = Field(
        min_length=1, max_length=5, description="the 5 whys; stop where evidence ends"
    )
    users_affected: str = Field(default="unknown")
    revenue_impact: str = Field(default="unknown")
    reputation_impact: str = Field(default="unknown")
    data_impact: str = Field(default="unknown")
    monitoring: tuple[str, ...] = Field(description="what monitoring would have caught this sooner")
    testing: tuple[str, ...] = Field(description="what testing would have prevented this")
    process: tuple[str, ...] = Field(description="what process changes are needed")
    infrastructure: tuple[str, ...] = Field(description="what infrastructure changes are needed")
    action_items: tuple[ActionItem, ...] = Field(min_length=1)
    # What brought it, what users felt, for how long; the change that the diagnosis names, as it is on record;
    # what the incident's own times show. No model is asked for these.
    title: Annotated[str, ToldByCode()] = ""
    change: Annotated[Change | None, ToldByCode()] = None
    went_well: Said = ()
    went_badly: Said = ()
    lucky: Said = ()


class BacklogItem(Value):
    """One task for the backlog, in the Sprint Prioritizer's order."""

    title: str
    owner: str
    days: int = Field(ge=1, le=180, description="due in how many days from today")
    priority: Confidence = Field(description="low, medium or high")
    reason: str


class BacklogReport(Value):
    """What the Sprint Prioritizer adds to the backlog, most important first."""

    summary: str
    items: tuple[BacklogItem, ...] = Field(min_length=1)


Report = (
    TriageReport
    | InvestigationReport
    | MitigationReport
    | VerificationReport
    | StatusReport
    | BriefReport
    | AssessmentReport
    | PostMortemReport
    | BacklogReport
)

#: The report type of each task.
REPORT_TYPES: dict[Task, type[Report]] = {
    Task.TRIAGE: TriageReport,
    Task.INVESTIGATE: InvestigationReport,
    Task.MITIGATE: MitigationReport,
    Task.VERIFY: VerificationReport,
    Task.STATUS_UPDATE: StatusReport,
    Task.BRIEF: BriefReport,
    Task.ASSESS: AssessmentReport,
    Task.POST_MORTEM: PostMortemReport,
    Task.BACKLOG: BacklogReport,
}
