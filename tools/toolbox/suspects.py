"""`suspects`: which services may be the cause, ranked over metrics, logs, traces, changes and topology."""

from tools.analysis import Ranking
from tools.analysis.periods import LEAD, TAIL
from tools.telemetry.observe import ranking
from tools.telemetry.own_changes import made_here, say_ours
from tools.telemetry.service_state import states
from tools.toolbox.arguments import NoArgs
from tools.toolset import Sources, Tool
from tools.wording import clock_time, length, paragraphs

_SHOWN = 8
#: Why the figures differ from what `overview` and `metrics` tell, which is of the last minutes.
_THEN = (
    f"Figures are of {length(LEAD.total_seconds() / 60)} before the alert to "
    f"{length(TAIL.total_seconds() / 60)} after it, against before; other tools tell of now:"
)
_REASONS = 4


async def _ask(sources: Sources, args: NoArgs) -> Ranking:
    seen, ranked = await ranking(sources)
    off = {state.service for state in states(seen) if state.deviates or state.down or state.tails}
    named = {suspect.change for suspect in ranked.suspects[:_SHOWN]}
    ours = tuple(one for one in made_here(sources.incident, seen.changes) if one.change in named)
    calm = tuple(one.service for one in ranked.suspects[:_SHOWN] if one.service not in off)
    return ranked.model_copy(update={"calm": calm, "ours": ours})


def _say(found: Ranking) -> str:
    if not found.suspects:
        head = (
            "No service stands out: nothing deviates from the reference." if found.quiet else "No suspects."
        )
        return paragraphs(head, *found.missing)
    lines = []
    for place, suspect in enumerate(found.suspects[:_SHOWN], start=1):
        ours = say_ours(suspect.change or "", found.ours)
        change = f", fits change {suspect.change}{ours}" if suspect.change else ""
        lines.append(
            f"{place}. {suspect.service}: score {suspect.score:.2f}, {suspect.category}, "
            f"strongest sign since {clock_time(suspect.onset)}{change}"
        )
        lines += [f"   - {reason.channel}: {reason.text}" for reason in suspect.reasons[:_REASONS]]
    left = len(found.suspects) - _SHOWN
    return paragraphs(
        f"Suspects, most likely first (a score ranks, it is no probability). {_THEN}",
        *lines,
        f"`overview` shows as usual now: {', '.join(found.calm)}; what speaks for them is of then, or of "
        "single calls and lines."
        if found.calm
        else "",
        f"({left} less likely ones left out)" if left > 0 else "",
        "No change is recorded near the onset." if found.nothing_changed else "",
        *found.missing,
    )


SUSPECTS = Tool(
    name="suspects",
    description=(
        "Services that may be the cause, ranked by code with reasons from metrics, logs, traces, changes "
        "and topology."
    ),
    args=NoArgs,
    ask=_ask,
    say=_say,
    empty=lambda found: not found.suspects and not found.quiet,
)
