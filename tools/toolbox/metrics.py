"""`overview` and `metrics`: where every service and every series stands now against its reference."""

from tools.telemetry.levels import Level
from tools.telemetry.observation import said_look
from tools.telemetry.observe import observe
from tools.telemetry.service_state import states
from tools.toolbox.arguments import MetricsArgs, NoArgs
from tools.toolbox.phrases import say_level, say_state
from tools.toolbox.views import MetricsView, Overview
from tools.toolset import Sources, Tool
from tools.wording import page, paragraphs, plain, rows, span

#: How many services are shown with their figures; of the others that are as usual only the name.
_SHOWN = 25
_AS_USUAL = 4
#: How many series are named where none fits what was asked for.
_NAMED = 30


async def _overview(sources: Sources, args: NoArgs) -> Overview:
    seen = await observe(sources)
    found = states(seen)
    alive = tuple(
        state
        for state in found
        if state.ended is not None or state.rules or any(level.now is not None for level in state.levels)
    )
    if not alive:
        seen.need("metrics")
    reporting = {state.service for state in alive}
    return Overview(
        window=seen.window,
        now=seen.recent,
        reference=seen.reference,
        services=alive,
        # Where the metrics could not be read, nobody is silent: nobody was heard.
        silent=()
        if "metrics" in seen.failed
        else tuple(state.service for state in found if state.service not in reporting),
        gaps=seen.gaps,
    )


def _say_overview(view: Overview) -> str:
    if not view.services:
        return paragraphs(f"No service reported a signal in {span(view.now)}.", *view.gaps)
    telling = [state for state in view.services if state.deviates or state.tails or state.user_facing]
    named = {state.service for state in telling}
    usual = [state for state in view.services if state.service not in named]
    shown = [*telling, *usual[:_AS_USUAL]][:_SHOWN]
    lines = [say_state(state) for state in shown]
    figures = {state.service for state in shown}
    rest = [state.service for state in view.services if state.service not in figures]
    silent = f"No data now from: {', '.join(view.silent)}." if view.silent else ""
    return paragraphs(
        said_look(view.now, view.reference),
        "Services, worst first (since: its first series to deviate):",
        rows(lines, 0, ""),
        f"As usual (ask `metrics` for one of them): {', '.join(rest)}." if rest else "",
        silent,
        *view.gaps,
    )


OVERVIEW = Tool(
    name="overview",
    channel="metrics",
    description=(
        "Every service's errors, latency, traffic and saturation now against usual, worst first; who is down."
    ),
    args=NoArgs,
    ask=_overview,
    say=_say_overview,
    empty=lambda view: not view.services,
)


async def _metrics(sources: Sources, args: MetricsArgs) -> MetricsView:
    sources.world.catalogue.get(args.service)
    seen = await observe(sources, args.service)
    seen.need("metrics")
    known = [
        level
        for level in seen.levels
        if level.service == args.service and (level.now is not None or level.baseline is not None)
    ]
    found = [
        level
        for level in known
        if args.kind in {None, level.kind} and (args.metric is None or _is_called(args.metric, level))
    ]
    found.sort(
        key=lambda level: (
            not level.deviates,
            level.kind is None,
            -level.sigmas,
            -(level.times or 0.0),
            level.metric,
            level.peer,
        )
    )
    return MetricsView(
        service=args.service,
        window=seen.window,
        now=seen.recent,
        reference=seen.reference,
        levels=tuple(found[args.start : args.start + args.limit]),
        left_out=max(0, len(found) - args.start - args.limit),
        offset=args.start,
        gaps=seen.gaps,
        asked=_filter(args),
        others=() if found else tuple(dict.fromkeys(level.metric for level in known)),
    )


def _is_called(metric: str, level: Level) -> bool:
    """Whether a series goes by a name, or by the team's rule that an alert came from."""
    return any(metric.casefold() in name.casefold() for name in (level.metric, level.rule or ""))


def _filter(args: MetricsArgs) -> str | None:
    kind = f"of kind {args.kind}" if args.kind is not None else ""
    named = f"with {plain(args.metric, 80)!r} in the name" if args.metric is not None else ""
    return " ".join(part for part in (kind, named) if part) or None


def _say_metrics(view: MetricsView) -> str:
    if not view.levels:
        named = f" {view.asked}" if view.asked is not None else ""
        others = ", ".join(view.others[:_NAMED]) + (", ..." if len(view.others) > _NAMED else "")
        there = f"; without that filter there are {len(view.others)}: {others}" if view.others else ""
        return paragraphs(f"No series of {view.service}{named} in {span(view.window)}{there}.", *view.gaps)
    off = sum(level.deviates for level in view.levels)
    return paragraphs(
        said_look(view.now, view.reference),
        f"{view.service}: {off} of {len(view.levels) + view.left_out} series deviate.",
        page([say_level(level) for level in view.levels], view.left_out, view.offset),
        *view.gaps,
    )


METRICS = Tool(
    name="metrics",
    channel="metrics",
    description=("One service's metric series now against usual, deviating ones first, with their onset."),
    args=MetricsArgs,
    ask=_metrics,
    say=_say_metrics,
    empty=lambda view: not view.levels,
)
