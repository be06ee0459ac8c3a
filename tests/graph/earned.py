"""A policy that lets one kind of change begin without a person, and a record that is good enough for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from incidents.act_permission import Record
from incidents.action import Action, ActionKind
from incidents.autonomy import Autonomy, AutonomyRule, Least, Reach, Signers
from incidents.findings import Category, Confidence, Diagnosis
from incidents.incident import Incident
from incidents.policy import ApprovalPolicy
from incidents.severity import Severity, Step
from nexus.store.earned import EarnedPermissions
from tests.graph.harness import RUNBOOK, Bench, ScriptedEngine, bench, incident
from tests.graph.worlds import ALERT

SITE = "shop"
WAIT = timedelta(minutes=5)
#: What the policy asks for, and an undo of nine days ago.
EARNED: dict[str, object] = {
    "judged": 20, "right": 20, "low": 0.84, "in_a_row": 6,
    "proven_at": ALERT - timedelta(days=9), "proven_by": "INC-0 A2",
}  # fmt: skip
RULE = AutonomyRule(
    signers=Signers.NONE, kinds=(ActionKind.ROLLBACK,), services=("checkout",),
    severities=(Severity.P1, Severity.P2),
)  # fmt: skip
POLICY = Autonomy(
    rules=(RULE,), announce=WAIT, least=Least(judged=20, right=0.8),
    limits=Reach(per_day=2, dependents=3, instances=20),
)  # fmt: skip


@dataclass(frozen=True)
class Counted(EarnedPermissions):
    """The permissions of a store, with a record that is told instead of counted."""

    earned: Mapping[str, object] = field(default_factory=lambda: EARNED)

    async def record(self, incident: Incident, action: Action, now: datetime) -> Record:
        """What was told, beside what is kept."""
        return (await super().record(incident, action, now)).model_copy(update=dict(self.earned))


#: A watch of two checks; what is asked expires after ten minutes and is not asked again.
SHORT = RUNBOOK.model_copy(
    update={
        "watch": RUNBOOK.watch.model_copy(update={"lasts": timedelta(minutes=10)}),
        "bounds": RUNBOOK.bounds.model_copy(
            update={"approval_expiry": timedelta(minutes=10), "decision_wait": timedelta(minutes=10)}
        ),
    }
)


def trusted(policy: Autonomy | None = POLICY, **world: object) -> Bench:
    """A bench with the policy and the record."""
    policies = ApprovalPolicy(autonomy=policy)
    at = bench(ScriptedEngine(), policy=policies, runbook=SHORT, **world)  # type: ignore[arg-type]
    at.deps = replace(at.deps, permissions=Counted(at.store, SITE))
    return at


def diagnosed() -> Incident:
    """An incident whose cause is known with high confidence; a change is proposed next."""
    found = Diagnosis(
        service="checkout", category=Category.DEPLOYMENT, confidence=Confidence.HIGH, summary="release 2.0",
        change="c1", evidence=("E-1",),
    )  # fmt: skip
    return incident().evolve(
        diagnosis=found, severity=Severity.P1, severity_at=ALERT, triaged_at=ALERT, acknowledged_at=ALERT,
        step=Step.MITIGATION, facts=None,
    )  # fmt: skip
