"""What the shop's `nexus.yaml` says on a game day of a change that begins without a person."""

from datetime import timedelta

from demo.scenarios import SCENARIOS
from incidents.action import ActionKind
from incidents.actor import Actor, Via
from incidents.autonomy import Autonomy, AutonomyRule, Reach, Signers
from incidents.severity import Severity

#: The kind of change of the service that is allowed to begin, and on which part its undo is drilled.
KIND, UNSIGNED, DRILLED = ActionKind.ROLLBACK, "payment", "catalogue"
PERSON = Actor.named("Dana", Via.CLI)
#: How long a drill of the shop watches, beside the half minute that it leaves out.
DRILL_WATCH = "20s"

POLICY = Autonomy(
    rules=(
        AutonomyRule(
            signers=Signers.NONE, kinds=(KIND,), services=(UNSIGNED,), severities=(Severity.P1, Severity.P2)
        ),
    ),
    announce=timedelta(minutes=1),
    limits=Reach(per_day=2, dependents=3, instances=4),
)


def may_be_earned(scenario: str) -> bool:
    """Whether the policy of these game days speaks of what mends a scenario."""
    known = SCENARIOS.get(scenario)
    remedy = known.remedy if known is not None else None
    return remedy is not None and (remedy.kind, remedy.service) == (KIND, UNSIGNED)
