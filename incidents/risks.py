"""What may go wrong with a kind of change, whatever the target: said beside what this one's plan shows."""

from incidents.action import ActionKind, Plan

#: Known of each kind in general; nobody has checked it here, and the page says so.
IN_GENERAL: dict[ActionKind, tuple[str, ...]] = {
    ActionKind.ROLLBACK: ("what the newer version has written may not be readable by the older one",),
    ActionKind.RESTART: ("calls under way fail, and what is kept in memory alone is lost",),
    ActionKind.SCALE: ("more instances may ask more of what they depend on than that can bear",),
    ActionKind.FAILOVER: ("what the replica has not received yet may be lost",),
    ActionKind.HOTFIX: ("it is new code: what its tests do not cover was never run",),
    ActionKind.FEATURE_FLAG: ("everybody behind the flag is affected at once",),
    ActionKind.FALLBACK: ("what the fallback does not offer is missing while it is on",),
}


def risks_of(plan: Plan) -> tuple[str, ...]:
    """What may go wrong: of its kind in general, and where there is no prepared way back."""
    no_way_back = () if plan.undo is not None else ("there is no prepared way back",)
    return (*IN_GENERAL[plan.action.kind], *no_way_back)
