"""`plan_action`: the dry run of a change. It changes nothing; only an approved proposal does."""

from incidents.action import Plan
from tools.toolbox.arguments import PlanArgs
from tools.toolset import Sources, Tool
from tools.wording import paragraphs


async def _ask(sources: Sources, args: PlanArgs) -> Plan:
    return await sources.world.actions.plan(args.action)


def _say(plan: Plan) -> str:
    observed = ", ".join(f"{fact.name} = {fact.value}" for fact in plan.observed) or "nothing"
    return paragraphs(
        f"Dry run (nothing was changed): {plan.action.title}.",
        f"Observed now: {observed}.",
        *(f"- {effect}" for effect in plan.effects),
        f"To take it back: {plan.undo.title}." if plan.undo else "There is no way to take it back.",
    )


PLAN_ACTION = Tool(
    name="plan_action",
    description=(
        "Dry run of a change: what it would do, from which observed state, how to take it back. Changes "
        "nothing."
    ),
    args=PlanArgs,
    ask=_ask,
    say=_say,
)
