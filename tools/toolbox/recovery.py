"""`recovery`: the watched signals before and after the last action, judged by code."""

from datetime import timedelta

from incidents.verification import Verification
from tools.telemetry.facts import measure
from tools.telemetry.recovery import say_reading, settled, watch
from tools.toolbox.arguments import RecoveryArgs
from tools.toolset import Sources, Tool
from tools.wording import paragraphs, rows


async def _ask(sources: Sources, args: RecoveryArgs) -> Verification:
    incident = sources.incident
    signals = incident.signals or (await measure(sources)).signals
    acted, since = settled(incident, timedelta(minutes=args.settle_minutes))
    return await watch(sources, signals, acted, since, sources.clock.now())


def _say(found: Verification) -> str:
    after = f"after action {found.action}" if found.action else "since the opening; no action was taken yet"
    return paragraphs(
        f"Recovery {after}: {found.summary}.",
        rows([say_reading(one) for one in found.readings], 0, ""),
    )


RECOVERY = Tool(
    name="recovery",
    channel="metrics",
    description=(
        "The watched signals: usual, before and after the last action, each with a computed verdict, and "
        "one over all."
    ),
    args=RecoveryArgs,
    ask=_ask,
    say=_say,
    empty=lambda found: not found.readings,
)
