"""`traces`: the operations of one service and the edges around it, now against the reference time."""

import polars as pl

from incidents.findings import Window
from tools.memo import memoize_by_identity
from tools.telemetry.calls import Calls, edges, operations, telling_traces, urgency, worse
from tools.telemetry.observation import Observation, covered, near, said_cover, said_look, whole
from tools.telemetry.observe import observe
from tools.telemetry.sampling import sampling, say_sampling
from tools.toolbox.arguments import TracesArgs
from tools.toolbox.phrases import say_calls, say_calls_briefly
from tools.toolbox.trace_tree import say_trace, trace_of
from tools.toolbox.views import EdgeState, OperationState, TracesView
from tools.toolset import Sources, Tool
from tools.wording import page, paragraphs, rows, span

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
        reference="" if near(covered(*usual_spans(seen)), usual_spans(seen)[1])
        else said_cover(*usual_spans(seen), seen.recent.end),
        at_now=near(covered(spans, part), seen.recent),
        looked=said_look(seen.recent, seen.reference),
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
        offset=args.start,
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
    links = [_say_edge(edge, view.operations) for edge in view.edges]
    return paragraphs(
        view.looked,
        f"Traces of {view.service}{_said_times(view)}.",
        say_sampling(view.sampling),
        "Operations it serves:",
        page(lines, view.left_out, view.offset),
        "Calls between it and others:" if links else "",
        rows(links, 0, ""),
        f"Traces worth a look: {', '.join(view.slowest)}." if view.slowest else "",
        *view.gaps,
    )


def _said_times(view: TracesView) -> str:
    """Where the spans lie, if that is not where the look is."""
    now = "" if view.at_now else f"; theirs are of {span(view.now)}"
    return f"{now}; their usual is {view.reference or 'the quiet time'}"


def _say_edge(edge: EdgeState, operations: tuple[OperationState, ...]) -> str:
    """The calls of one caller; where they are those of one operation, that is said instead."""
    name = f"{edge.caller} -> {edge.callee}"
    same = next((one for one in operations if (one.now, one.baseline) == (edge.now, edge.baseline)), None)
    return f"{name}: all of {same.operation}" if same is not None else _say_pair(name, edge)


def _say_pair(name: str, state: OperationState | EdgeState) -> str:
    if not state.deviates:
        return f"{name}: {say_calls_briefly(state.now, state.baseline)}"
    return f"{name} deviates: {say_calls('now', state.now)}; {say_calls('usual', state.baseline)}"


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
