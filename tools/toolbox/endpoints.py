"""`endpoints`: each operation of what users touch and of the diagnosed service, before, during and after."""

from datetime import datetime, timedelta

import polars as pl

from incidents.findings import Window
from tools.telemetry.calls import (
    DRIFT,
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
from tools.telemetry.observation import Observation, covered, whole
from tools.telemetry.observe import observe
from tools.telemetry.sampling import Sampling, sampling, say_samplings
from tools.telemetry.service_state import states
from tools.toolbox.arguments import EndpointsArgs
from tools.toolbox.phrases import say_calls
from tools.toolbox.traces import usual_spans
from tools.toolbox.views import EndpointState, EndpointsView
from tools.toolset import Sources, Tool
from tools.wording import clock_span, clock_time, page, paragraphs, quantity, share, span


async def _ask(sources: Sources, args: EndpointsArgs) -> EndpointsView:
    catalogue = sources.world.catalogue
    about = catalogue.get(args.service).name if args.service else ""
    seen = await observe(sources, about)
    services = (about,) if about else _told_of(sources, seen)
    seen.need("traces")
    settle = timedelta(minutes=args.settle_minutes)
    spans, (during, after) = seen.telemetry.traces, _parts(seen, _began(sources, seen), settle)
    usual, before = usual_spans(seen)
    found: list[EndpointState] = []
    for service in services:
        then = operations(usual, before, service)
        hit = operations(spans, during, service)
        later = operations(spans, after, service) if after is not None else {}
        found += [
            _endpoint(
                service, name, then.get(name), hit.get(name), later.get(name), acted=seen.action is not None
            )
            for name in {**then, **hit, **later}
        ]
    found.sort(key=lambda one: (-urgency(one.after or one.during, one.before), one.service, one.operation))
    return EndpointsView(
        services=services,
        before=covered(usual, before) if before.minutes > 0 else None,
        during=covered(spans, during),
        after=after,
        counts_from=seen.action.at + settle if seen.action is not None else None,
        action=seen.action.id if seen.action is not None else None,
        endpoints=tuple(found[args.start : args.start + args.limit]),
        left_out=max(0, len(found) - args.start - args.limit),
        offset=args.start,
        sampling=tuple(_sampling(seen, one) for one in services),
        gaps=(*seen.gaps, *_unmarked(spans)),
    )


def _told_of(sources: Sources, seen: Observation) -> tuple[str, ...]:
    """What users touch, and the service that was diagnosed."""
    found = sources.incident.diagnosis
    blamed = (found.service,) if found is not None and found.service in seen.catalogue.names else ()
    return tuple(dict.fromkeys((*seen.catalogue.user_facing, *blamed)))


def _began(sources: Sources, seen: Observation) -> datetime:
    """The first that deviates in this look, or did by the diagnosis; the alert, where neither is before it.

    What a model took for it may be anything: no earlier than the time that counts as untroubled.
    """
    found = sources.incident.diagnosis
    told = [one.onset for one in states(seen)] + [found.onset if found is not None else None]
    first = min([one for one in told if one is not None], default=seen.alerted)
    return max(seen.untroubled.end, min(seen.alerted, first))


def _parts(seen: Observation, began: datetime, settle: timedelta) -> tuple[Window, Window | None]:
    """From the beginning to the action or now; and from the settled action to now, once that has come."""
    if seen.action is None:
        return Window(start=began, end=seen.window.end), None
    at = max(began, seen.action.at)
    settled = seen.action.at + settle
    during = Window(start=began, end=at)
    return during, Window(start=settled, end=seen.window.end) if settled < seen.window.end else None


def _sampling(seen: Observation, service: str) -> Sampling:
    part = whole(seen.telemetry.traces, seen.recent)
    return sampling(seen, service, part).model_copy(update={"service": service})


def _endpoint(
    service: str,
    name: str,
    before: Calls | None,
    during: Calls | None,
    after: Calls | None,
    *,
    acted: bool,
) -> EndpointState:
    verdict = worse(after if acted else during, before)
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
    return paragraphs(
        f"Endpoints, worst first. Before is {span(view.before) if view.before else 'not recorded'}, "
        f"during is {clock_span(view.during)}, from the first deviation on; {_say_after(view)}.",
        _RULE,
        say_samplings(view.sampling),
        page([_say_endpoint(view, one) for one in view.endpoints], view.left_out, view.offset),
        *view.gaps,
    )


def _say_after(view: EndpointsView) -> str:
    if view.action is None:
        return "no action yet"
    if view.after is None:
        return f"after {view.action} counts from {clock_time(view.counts_from)} on, which is yet to come"
    return f"after {view.action} is {clock_span(view.after)}"


def _say_endpoint(view: EndpointsView, one: EndpointState) -> str:
    parts = [say_calls("before", one.before, whole=False), say_calls("during", one.during, whole=False)]
    if view.after is not None:
        parts.append(say_calls("after", one.after, whole=False))
    if one.limits is not None and _say_state(one, view) not in {"normal", "too few calls to tell"}:
        slow, failing = quantity(one.limits.p95_ms, "milliseconds"), share(one.limits.error_share)
        parts.append(f"not normal from p95 {slow} or errors {failing}")
    return f"{one.service} {one.operation} [{_say_state(one, view)}]: {'; '.join(parts)}"


def _say_state(one: EndpointState, view: EndpointsView) -> str:
    """The verdict; within its limits a p95 may have moved far all the same, which the word alone hides."""
    if one.normal is not True:
        return "too few calls to tell" if one.normal is None else "NOT normal"
    latest = one.after if view.action is not None else one.during
    if latest is None or one.before is None or latest.p95_ms < DRIFT * one.before.p95_ms:
        return "normal"
    return f"within limits, p95 {latest.p95_ms / max(one.before.p95_ms, 0.001):.1f} times before"


ENDPOINTS = Tool(
    name="endpoints",
    channel="traces",
    description=(
        "Endpoints that users touch and of the diagnosed service: calls, failures and p95 before, during and "
        "after, and whether they are normal again."
    ),
    args=EndpointsArgs,
    ask=_ask,
    say=_say,
    empty=lambda view: not view.endpoints,
)
