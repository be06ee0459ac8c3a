"""`traces`: the operations of one service and the edges around it, now against the reference time."""

import polars as pl

from incidents.findings import Window
from tools.memo import memoize_by_identity
from tools.telemetry.calls import Calls, edges, operations, telling_traces, urgency, worse
from tools.telemetry.observation import Observation, covered, said_cover, whole
from tools.telemetry.observe import observe
from tools.telemetry.sampling import sampling, say_sampling
from tools.toolbox.arguments import TracesArgs
from tools.toolbox.phrases import say_calls
from tools.toolbox.trace_tree import say_trace, trace_of
from tools.toolbox.views import EdgeState, OperationState, TracesView
from tools.toolset import Sources, Tool
from tools.wording import GO_ON, paragraphs, rows, span

_SLOWEST = 3


def usual_spans(seen: Observation) -> tuple[pl.DataFrame, Window]:
    """The spans of the reference time: the quiet time's, else those from before the alert."""
    if seen.baseline is not None and seen.baseline.traces.height and seen.quiet is not None:
        return seen.baseline.traces, seen.quiet
    return seen.telemetry.traces, seen.untroubled


@memoize_by_identity
def edge_states(seen: Observation) -> tuple[EdgeState, ...]:
    """Every edge that traces show, now and in the reference time, worst first."""
    now = edges(seen.telemetry.traces, whole(seen.telemetry.traces, seen.recent))
    usual = edges(*usual_spans(seen))
    found = [
        EdgeState(
            caller=caller,
            callee=callee,
            now=now.get((caller, callee)),
            baseline=usual.get((caller, callee)),
            deviates=bool(worse(now.get((caller, callee)), usual.get((caller, callee)))),
        )
        for caller, callee in {**now, **usual}
    ]
    return tuple(sorted(found, key=lambda e: (-urgency(e.now, e.baseline), e.caller, e.callee)))


async def _ask(sources: Sources, args: TracesArgs) -> TracesView:
    sources.world.catalogue.get(args.service)
    seen = await observe(sources, args.service)
    seen.need("traces")
    return _view(seen, args)


@memoize_by_identity
def _view(seen: Observation, args: TracesArgs) -> TracesView:
    spans = seen.telemetry.traces
    part = whole(spans, seen.recent)
    if args.trace is not None:
        return TracesView(
            service=args.service, window=seen.window, now=part, reference="", trace=trace_of(seen, args.trace)
        )
    now = operations(spans, part, args.service)
    usual = operations(*usual_spans(seen), args.service)
    found = sorted(
        ((name, now.get(name), usual.get(name)) for name in {**now, **usual}),
        key=lambda one: (-urgency(one[1], one[2]), -_count(one[1]), one[0]),
    )
    return TracesView(
        service=args.service,
        window=seen.window,
        now=covered(spans, part),
        reference=said_cover(*usual_spans(seen)),
        operations=tuple(
            OperationState(
                service=args.service, operation=name, now=current, baseline=before,
                deviates=bool(worse(current, before)),
            )
            for name, current, before in found[args.start : args.start + args.limit]
        ),
        edges=tuple(edge for edge in edge_states(seen) if args.service in {edge.caller, edge.callee}),
        slowest=tuple(telling_traces(spans, part, args.service, _SLOWEST)),
        left_out=max(0, len(found) - args.start - args.limit),
        sampling=sampling(seen, args.service, part),
        gaps=seen.gaps,
    )  # fmt: skip


def _count(calls: Calls | None) -> int:
    return calls.calls if calls is not None else 0


def _say(view: TracesView) -> str:
    if view.trace is not None:
        return say_trace(view.trace)
    if not view.operations and not view.edges:
        return paragraphs(f"No traces of {view.service} in {span(view.window)}.", *view.gaps)
    lines = [_say_pair(state.operation, state) for state in view.operations]
    links = [_say_pair(f"{edge.caller} -> {edge.callee}", edge) for edge in view.edges]
    return paragraphs(
        f"Traces of {view.service}; now is {span(view.now)}, usual is {view.reference}.",
        say_sampling(view.sampling),
        "Operations it serves:",
        rows(lines, view.left_out, GO_ON),
        "Calls between it and others:" if links else "",
        rows(links, 0, ""),
        f"Traces worth a look: {', '.join(view.slowest)}." if view.slowest else "",
        *view.gaps,
    )


def _say_pair(name: str, state: OperationState | EdgeState) -> str:
    mark = " deviates" if state.deviates else ""
    return f"{name}{mark}: {say_calls('now', state.now)}; {say_calls('usual', state.baseline)}"


TRACES = Tool(
    name="traces",
    channel="traces",
    description=(
        "One service's operations and the calls around it now against usual: how many, failures, p50, "
        "p95, own time; ids of traces worth a look."
    ),
    args=TracesArgs,
    ask=_ask,
    say=_say,
    empty=lambda view: not view.operations and not view.edges and view.trace is None,
)
