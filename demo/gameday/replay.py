"""Does a recorded case play as it was lived? Its right action mends it, its wrong one does not.

Every replay runs the whole graph under the playbook, except that its roles insist on one action, and that
people sign that action and its undo, and nothing else.
"""

import asyncio
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agents.engine import Assignment, Engine, EngineResult, RoleContext
from agents.playbook import Playbook
from demo.environment import Say
from demo.scenarios import Truth
from incidents.action import Action, ActionKind, Approval, Proposal, Verdict
from incidents.findings import Category, Confidence, Hypothesis
from incidents.incident import Incident
from incidents.reports import InvestigationReport, MitigationReport, ProposedAction, Report, TriageReport
from incidents.severity import Severity, Status
from incidents.verification import Recovery
from nexus.config.settings import Settings
from nexus.home import open_home
from nexus.runtime.announcer import RunListeners
from nexus.runtime.recorded_run import open_recorded
from nexus.runtime.waiting import Approver
from nexus.runtime.wiring import drive_recorded
from tools.recorded import open_case

#: Under which cause the decision tree calls the roles that may take an action of a kind.
_CAUSE = {
    ActionKind.ROLLBACK: Category.DEPLOYMENT,
    ActionKind.FEATURE_FLAG: Category.DEPLOYMENT,
    ActionKind.RESTART: Category.INFRASTRUCTURE,
    ActionKind.SCALE: Category.INFRASTRUCTURE,
    ActionKind.FAILOVER: Category.INFRASTRUCTURE,
    ActionKind.HOTFIX: Category.CODE,
    ActionKind.FALLBACK: Category.DEPENDENCY,
}

_WHY = "the replay insists on it"


@dataclass(frozen=True)
class Played:
    """How a replay went: what the watch after an action said, how it ended, the undo if one was offered."""

    action: Action
    verdict: Recovery | None
    status: Status
    undo: Action | None

    @property
    def mended(self) -> bool:
        """Whether the incident was over, by its own signals."""
        return self.verdict is Recovery.RECOVERED and self.status is Status.RESOLVED

    @property
    def said(self) -> str:
        """In words."""
        seen = self.verdict or "never watched"
        return f"{self.action.title}: {seen}, {self.status}" + (", undo offered" if self.undo else "")


@dataclass(frozen=True)
class _Insists:
    """The playbook, but sure of one action."""

    action: Action
    inner: Engine

    async def perform(self, assignment: Assignment, context: RoleContext) -> EngineResult:
        """The playbook's report, with that action in it."""
        done = await self.inner.perform(assignment, context)
        return done.model_copy(update={"report": self._sure(done.report, assignment)})

    def _sure(self, report: Report, assignment: Assignment) -> Report:
        match report:
            case TriageReport() if report.severity is Severity.P3:
                return report.model_copy(update={"severity": Severity.P2, "false_alarm": False})
            case InvestigationReport():
                return report.model_copy(update={"hypotheses": (self._cause(report),), "severity": None})
            case MitigationReport():
                may = self.action.kind in assignment.actions
                return report.model_copy(update={"proposals": (self._proposed(),) if may else ()})
            case _:
                return report

    def _cause(self, report: InvestigationReport) -> Hypothesis:
        cited = [one.evidence for one in report.hypotheses] + [one.evidence for one in report.checks]
        return Hypothesis(
            service=self.action.service,
            category=_CAUSE[self.action.kind],
            confidence=Confidence.HIGH,
            summary=_WHY,
            evidence=tuple(dict.fromkeys(identity for some in cited for identity in some)),
        )

    def _proposed(self) -> ProposedAction:
        return ProposedAction(
            action=self.action, reason="the replay insists on it", expected_effect="unknown"
        )


@dataclass(frozen=True)
class _Signs:
    """Signs one action and the undo of it, or nothing."""

    action: Action | None

    async def __call__(self, incident: Incident, proposal: Proposal, now: datetime) -> Approval | None:
        """The signature of the next person, or none."""
        if self.action is None or (proposal.action != self.action and proposal.undo_of is None):
            return None
        by = f"person {len(proposal.approvals) + 1}"
        return Approval(action=proposal.id, digest=proposal.digest, verdict=Verdict.APPROVE, by=by, at=now)


async def played(case: Path, action: Action) -> Played:
    """Replay a case in which one action is taken, and its undo where one is offered."""
    ended = await _ended(case, _Insists(action, Playbook()), _Signs(action))
    done = next((one for one in ended.proposals if one.action == action), None)
    undo = next((one.action for one in ended.proposals if done is not None and one.undo_of == done.id), None)
    last = ended.verification.verdict if ended.verification is not None else None
    # An undo is offered where the watch said "worse"; the last verdict is then about the undo.
    return Played(action, Recovery.WORSE if undo else last, ended.status, undo)


async def left_alone(case: Path) -> Status:
    """How a replay ends in which nobody signs anything."""
    return (await _ended(case, Playbook(), _Signs(None))).status


async def _ended(case: Path, engine: Engine, approver: Approver) -> Incident:
    with tempfile.TemporaryDirectory(prefix="replay-") as folder:
        home = open_home(Settings(home=Path(folder), log_level="error"), create=True)
        try:
            opened = await open_recorded(home, case, None, "playbook")
            silent = RunListeners(entry=lambda entry: None, message=lambda message: None)
            return await drive_recorded(home, opened.id, engine, approver, silent)
        finally:
            home.store.close()


def kept_promises(case: Path, truth: Truth, say: Say) -> bool:
    """Replay what a case shows of a truth: the right action mends it, a wrong one does not, nor does time.

    Args:
        case: its folder.
        truth: which actions are right and wrong.
        say: told how each replay went.
    """
    shown = open_case(case).aftermaths
    kept = True
    for right, actions in ((True, truth.right), (False, truth.wrong)):
        for action in (one for one in actions if one.key in shown):
            went = asyncio.run(played(case, action))
            say(f"replay: {went.said}")
            kept &= went.mended is right
    alone = asyncio.run(left_alone(case))
    say(f"replay: nobody acts: {alone}")
    return kept and alone is not Status.RESOLVED
