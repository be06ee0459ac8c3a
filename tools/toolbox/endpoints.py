"""`endpoints`: each operation of the services that users touch, before, during and after the incident."""

from datetime import timedelta

import polars as pl

from incidents.findings import Window
from tools.telemetry.calls import (
    FEW,
    MORE_ERRORS,
    SLOWER,
    SLOWER_MS,
    Calls,
    limits,
    operations,
    urgency,
    worse,
)
from tools.telemetry.observation import Observation, covered
from tools.telemetry.observe import observe
from tools.toolbox.arguments import EndpointsArgs
from tools.toolbox.phrases import say_calls
from tools.toolbox.traces import usual_spans
from tools.toolbox.views import EndpointState, EndpointsView
from tools.toolset import Sources, Tool
from tools.wording import clock_time, page, paragraphs, quantity, share, span


async def _ask(sources: Sources, args: EndpointsArgs) -> EndpointsView:
    catalogue = sources.world.catalogue
    about = catalogue.get(args.service).name if args.service else ""
    seen = await observe(sources, about)
    services = (about,) if about else seen.catalogue.user_facing
    seen.need("traces")
    spans, (during, after) = seen.telemetry.traces, _parts(seen, timedelta(minutes=args.settle_minutes))
    usual, before = usual_spans(seen)
    found: list[EndpointState] = []
    for service in services:
        then = operations(usual, before, service)
        hit = operations(spans, during, service)
        later = operations(spans, after, service) if after is not None else {}
        found += [
            _endpoint(service, name, then.get(name), hit.get(name), later.get(name), after)
            for name in {**then, **hit, **later}
        ]
    found.sort(key=lambda one: (-urgency(one.after or one.during, one.before), one.service, one.operation))
    return EndpointsView(
        services=services,
        before=covered(usual, before) if before.minutes > 0 else None,
        during=covered(spans, during),
        after=after,
        action=seen.action.id if seen.action is not None else None,
        endpoints=tuple(found[args.start : args.start + args.limit]),
        left_out=max(0, len(found) - args.start - args.limit),
        offset=args.start,
        gaps=(*seen.gaps, *_unmarked(spans)),
    )


def _parts(seen: Observation, settle: timedelta) -> tuple[Window, Window | None]:
    """From shortly before the alert to the action or now; and from the settled action to now, if any."""
    start = max(seen.window.start, seen.alerted - seen.lead)
    if seen.action is None:
        return Window(start=start, end=seen.window.end), None
    at = seen.action.at
    settled = min(at + settle, seen.window.end)
    return Window(start=start, end=max(start, at)), Window(start=settled, end=seen.window.end)


def _endpoint(
    service: str,
    name: str,
    before: Calls | None,
    during: Calls | None,
    after: Calls | None,
    acted: Window | None,
) -> EndpointState:
    verdict = worse(after if acted is not None else during, before)
    return EndpointState(
        service=service, operation=name, before=before, during=during, after=after,
        normal=None if verdict is None else not verdict, limits=limits(before),
    )  # fmt: skip


def _unmarked(spans: pl.DataFrame) -> tuple[str, ...]:
    if spans.height and (spans["status"] == "unset").all():
        return ("the traces carry no status: whether calls failed is not known",)
    return ()


#: What `normal` means, for whoever reads the answer.
_RULE = (
    f"Not normal is a p95 of {SLOWER:g} times the one before and {SLOWER_MS:g} ms above it, or "
    f"{100 * MORE_ERRORS:g} more failures of 100 calls; fewer than {FEW} calls on a side tell nothing."
)


def _say(view: EndpointsView) -> str:
    if not view.endpoints:
        who = ", ".join(view.services) or "any service that users touch"
        return paragraphs(f"No traced endpoints of {who} in {span(view.during)}.", *view.gaps)
    lines = []
    for one in view.endpoints:
        state = {True: "normal", False: "NOT normal", None: "too few calls to tell"}[one.normal]
        parts = [say_calls("before", one.before, whole=False), say_calls("during", one.during, whole=False)]
        if view.after is not None:
            parts.append(say_calls("after", one.after, whole=False))
        if one.limits is not None and one.normal is False:
            slow, failing = quantity(one.limits.p95_ms, "milliseconds"), share(one.limits.error_share)
            parts.append(f"not normal from p95 {slow} or errors {failing}")
        lines.append(f"{one.service} {one.operation} [{state}]: {'; '.join(parts)}")
    return paragraphs(
        f"Endpoints, worst first. Before is {span(view.before) if view.before else 'not recorded'}, "
        f"during is {span(view.during)}"
        + (
            f", after {view.action} is from {clock_time(view.after.start)}."
            if view.after
            else "; no action yet."
        ),
        _RULE,
        page(lines, view.left_out, view.offset),
        *view.gaps,
    )


ENDPOINTS = Tool(
    name="endpoints",
    channel="traces",
    description=(
        "Endpoints that users touch: calls, failures and p95 before, during and after, and whether they "
        "are normal again."
    ),
    args=EndpointsArgs,
    ask=_ask,
    say=_say,
    empty=lambda view: not view.endpoints,
)
