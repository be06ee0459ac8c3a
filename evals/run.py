"""Runs one case through the real graph, on its virtual clock, in a home that is thrown away afterwards."""

import shutil
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import Field

from evals.case import EvalCase
from evals.record.prefill import as_truth
from incidents.action import Action, Approval, Proposal, Verdict
from incidents.findings import Evidence, EvidenceStatus
from incidents.incident import Incident
from incidents.policy import ApprovalPolicy
from incidents.reports import Task
from incidents.runbook import Duration, EscalationRow, Runbook, Throughout
from incidents.timeline import Entry
from incidents.value import Value
from nexus.config.runbook import runbook_of
from nexus.config.settings import EngineMode, Settings
from nexus.home import Home, open_home
from nexus.runtime.announcer import RunListeners
from nexus.runtime.engines import engine_of
from nexus.runtime.recorded_run import open_recorded
from nexus.runtime.waiting import Approver
from nexus.runtime.wiring import drive_recorded
from tools.recorded.document import ActionTruth, Truth
from tools.recorded.replay_log import Deed, ReplayLog

_LEDGER = "world.jsonl"


class Rules(Value):
    """What the runbook of the run asked for, as far as scorers judge it."""

    status_updates: Throughout | None
    status_template: str
    brief_template: str
    escalations: tuple[EscalationRow, ...]
    revenue_threshold: float | None
    step_box: Duration = Field(description="the longest that a step may keep a duty waiting")


class Record(Value):
    """What a finished run left behind.

    Attributes:
        bodies: the stored answer behind each evidence that holds data, by its id.
        executed: what was really done to the world, from its ledger.
        seconds: wall time from the first alert to the end.
    """

    incident: Incident
    entries: tuple[Entry, ...]
    evidence: tuple[Evidence, ...]
    bodies: dict[str, str]
    executed: tuple[Deed, ...]
    rules: Rules
    seconds: float


class Run(Value):
    """One case, run once. Exactly one of `record` and `error` is set.

    Attributes:
        seconds: wall time of the whole run.
        error: why it broke, in one sentence.
    """

    case: str
    group: str
    engine: EngineMode
    epoch: int
    seconds: float
    record: Record | None = None
    error: str | None = None


@dataclass(frozen=True)
class TruthApprover:
    """Decides as a person who knows the truth: approves what is right, rejects what is wrong."""

    truth: Truth
    policy: ApprovalPolicy

    async def __call__(self, incident: Incident, proposal: Proposal, now: datetime) -> Approval | None:
        """The decision on a proposal, or None."""
        known = self.truth.actions
        if known is None:
            return None
        if listed(proposal.action, known.right):
            return self._decision(proposal, Verdict.APPROVE, now, "")
        if listed(proposal.action, known.wrong):
            note = f"to {proposal.action.title} would make it worse; look again"
            return self._decision(proposal, Verdict.REJECT, now, note)
        return None

    def _decision(self, proposal: Proposal, verdict: Verdict, now: datetime, note: str) -> Approval:
        number = len(proposal.approvals)
        named = self.policy.people
        by = named[number % len(named)] if named else f"juror {number + 1}"
        return Approval(action=proposal.id, digest=proposal.digest, verdict=verdict, by=by, at=now, note=note)


def listed(action: Action, among: tuple[ActionTruth, ...]) -> bool:
    """Whether the truth lists an action: the same kind and service, and the argument where it gives one."""
    return any(
        action.kind == one.kind
        and action.service == one.service
        and (one.to is None or str(one.to) == str(as_truth(action).to))
        for one in among
    )


async def run_case(
    case: EvalCase, settings: Settings, mode: EngineMode, epoch: int = 1, approver: Approver | None = None
) -> Run:
    """Run one case to its end.

    Args:
        case: the recorded incident.
        settings: everything but the home, which is replaced by a temporary folder.
        mode: who speaks for the roles.
        epoch: the how manieth run of this case it is, from 1.
        approver: who decides; by default the one who knows the truth.

    Raises:
        NexusError: the case, the settings or the world cannot be used.
    """
    begun = time.perf_counter()
    folder = Path(tempfile.mkdtemp(prefix="nexus-eval-"))
    home = open_home(settings.model_copy(update={"home": folder}), create=True)
    try:
        record = await _drive(home, case, mode, approver or TruthApprover(case.truth, home.policy))
    finally:
        home.store.close()
        shutil.rmtree(folder, ignore_errors=True)
    seconds = time.perf_counter() - begun
    return Run(
        case=case.id, group=case.group, engine=mode, epoch=epoch, seconds=round(seconds, 3), record=record
    )


async def _drive(home: Home, case: EvalCase, mode: EngineMode, approver: Approver) -> Record:
    opened = await open_recorded(home, case.folder, None, mode)
    silent = RunListeners(entry=lambda entry: None, message=lambda message: None)
    begun = time.perf_counter()
    incident = await drive_recorded(home, opened.id, engine_of(home.settings, mode), approver, silent)
    seconds = time.perf_counter() - begun
    evidence = await home.store.evidence(opened.id)
    told = [one.id for one in evidence if one.status is EvidenceStatus.OK]
    bodies = await home.store.bodies(opened.id, told)
    return Record(
        incident=incident,
        entries=await home.store.entries(opened.id),
        evidence=evidence,
        bodies={one: bodies.get(one, b"").decode(errors="replace") for one in told},
        executed=ReplayLog(home.folder.path(opened.id, _LEDGER)).deeds(),
        rules=_rules(runbook_of(home.settings), home.settings),
        seconds=round(seconds, 3),
    )


def _rules(runbook: Runbook, settings: Settings) -> Rules:
    return Rules(
        status_updates=next((duty for duty in runbook.throughout if duty.task is Task.STATUS_UPDATE), None),
        status_template=runbook.templates.status_update,
        brief_template=runbook.templates.brief,
        escalations=runbook.escalations,
        revenue_threshold=settings.revenue_threshold,
        step_box=max(runbook.bounds.step_box.values()),
    )
