"""Looks at how parts call each other: operations, edges, dependencies, databases, endpoints."""

from agents.playbook.checks.result import CheckOutcome, CheckScope, Hint, combine, no_data, state_of
from agents.playbook.checks.symptoms import say_level
from incidents.catalogue import ServiceKind
from incidents.findings import Category, Channel
from incidents.reports import CheckState
from incidents.verification import SignalKind
from tools.telemetry.calls import MORE_ERRORS, SLOWER, Calls
from tools.toolbox import DATABASE, DEPENDENCIES, ENDPOINTS, TRACES
from tools.toolbox.arguments import EndpointsArgs, NoArgs, ServiceArgs, TracesArgs
from tools.toolbox.views import (
    DatabaseState,
    DependenciesView,
    DependencyState,
    EdgeState,
    EndpointState,
    EndpointsView,
    OperationState,
    TracesView,
)
from tools.wording import quantity, share

_SHOWN = 3


async def look_traces(focus: CheckScope) -> CheckOutcome:
    """The operations and calls of each service in question."""
    return combine([await _traces_of(focus, service) for service in focus.services])


async def _traces_of(focus: CheckScope, service: str) -> CheckOutcome:
    answer = await focus.context.toolset.ask(TRACES, TracesArgs(service=service))
    view = answer.data
    if view is None or (not view.operations and not view.edges):
        return no_data(f"No traces of {service} are recorded.", answer)
    operations = [one for one in view.operations if one.deviates]
    calls = [edge for edge in view.edges if edge.deviates]
    said = [
        *(f"{one.operation}: {say_calls(one)}" for one in operations[:_SHOWN]),
        *(f"calls {edge.caller} → {edge.callee}: {say_calls(edge)}" for edge in calls[:_SHOWN]),
    ]
    finding = f"{service}: {'; '.join(said)}." if said else f"{service} answers and calls others as usual."
    return CheckOutcome(
        state=state_of(bool(said)),
        finding=finding,
        evidence=(answer.id,),
        hints=_of_traces(view, bool(operations), answer.id),
        gaps=view.gaps,
    )


def say_calls(state: OperationState | EdgeState) -> str:
    """Now against before, in the figures that moved: failures and the slower calls."""
    return say_pair(state.now, state.baseline)


def say_pair(now: Calls | None, usual: Calls | None) -> str:
    """Two spans of time in a few words."""
    if now is None:
        return "no calls now"
    before = f" (usual {share(usual.error_share)}, {quantity(usual.p95_ms, 'milliseconds')})" if usual else ""
    return f"{share(now.error_share)} fail, p95 {quantity(now.p95_ms, 'milliseconds')}{before}"


def _of_traces(view: TracesView, serves_badly: bool, evidence: str) -> tuple[Hint, ...]:
    """Bad service with sound calls behind it marks the place; bad calls mark what is called."""
    outgoing = [edge for edge in view.edges if edge.caller == view.service]
    failing = [edge for edge in outgoing if edge.deviates]
    hints = [
        Hint(
            service=edge.callee, channel=Channel.TRACES, evidence=evidence, weight=0.5,
            text=f"{view.service} calls it: {say_calls(edge)}",
        )
        for edge in failing[:_SHOWN]
    ]  # fmt: skip
    if serves_badly:
        text = "it answers badly" if failing else "it answers badly while all that it calls answers as usual"
        hints.append(
            Hint(
                service=view.service, channel=Channel.TRACES, evidence=evidence, text=text,
                weight=0.2 if failing else 0.6,
            )
        )  # fmt: skip
    return tuple(hints)


async def look_dependencies(focus: CheckScope) -> CheckOutcome:
    """What each service in question needs, and how those parts do."""
    return combine([await _dependencies_of(focus, service) for service in focus.services])


async def _dependencies_of(focus: CheckScope, service: str) -> CheckOutcome:
    answer = await focus.context.toolset.ask(DEPENDENCIES, ServiceArgs(service=service))
    view = answer.data
    if view is None:
        return no_data(f"What {service} depends on could not be read.", answer)
    if not view.dependencies:
        finding = f"{service} depends on nothing that is known."
        return CheckOutcome(state=CheckState.NORMAL, finding=finding, evidence=(answer.id,), gaps=view.gaps)
    if all(part.state is None and part.edge is None and not part.levels for part in view.dependencies):
        return no_data(f"Nothing is recorded of what {service} depends on.", answer)
    off = [part for part in view.dependencies if part.deviates]
    meant = [part for part in off if part.kind is ServiceKind.EXTERNAL] if focus.external else off
    said = "; ".join(f"{part.name} ({part.kind}): {_say_part(part)}" for part in meant[:_SHOWN])
    outside = " outside" if focus.external else ""
    return CheckOutcome(
        state=state_of(bool(meant)),
        finding=f"{service} depends on {said}." if meant else f"What {service} needs{outside} does as usual.",
        evidence=(answer.id,),
        hints=_of_parts(view, off, answer.id),
        gaps=view.gaps,
    )


def _say_part(part: DependencyState) -> str:
    levels = [level for level in (*part.levels, *(part.state.levels if part.state else ())) if level.deviates]
    said = [say_level(level) for level in levels[:2]]
    if part.edge is not None and part.edge.deviates:
        said.append(say_calls(part.edge))
    return ", ".join(said) or "it deviates"


def _of_parts(view: DependenciesView, off: list[DependencyState], evidence: str) -> tuple[Hint, ...]:
    """A failing external part is a cause that lies outside; a failing internal one is a place to look."""
    hints = [
        Hint(
            service=part.name, channel=Channel.TOPOLOGY, evidence=evidence,
            category=Category.DEPENDENCY if part.kind is ServiceKind.EXTERNAL else None,
            weight=1.5 if part.kind is ServiceKind.EXTERNAL else 0.3,
            text=f"{view.service} depends on it: {_say_part(part)}",
        )
        for part in off
    ]  # fmt: skip
    if not off:
        hints.append(
            Hint(
                service=view.service, category=Category.DEPENDENCY, channel=Channel.TOPOLOGY, weight=0.5,
                text=f"all that {view.service} depends on does as usual", evidence=evidence, against=True,
            )
        )  # fmt: skip
    return tuple(hints)


async def look_database(focus: CheckScope) -> CheckOutcome:
    """Every database, by itself and as its callers see it."""
    answer = await focus.context.toolset.ask(DATABASE, NoArgs())
    view = answer.data
    if view is None or not any(one.levels or one.edges for one in view.databases):
        return no_data("Nothing is recorded about a database.", answer)
    off = [one for one in view.databases if _is_off(one)]
    said = "; ".join(f"{one.state.service}: {_say_database(one)}" for one in off[:_SHOWN])
    return CheckOutcome(
        state=state_of(bool(off)),
        finding=f"{said}." if off else "All databases do as usual.",
        evidence=(answer.id,),
        hints=tuple(
            Hint(
                service=one.state.service, category=Category.INFRASTRUCTURE, channel=Channel.METRICS,
                weight=0.8 if _exhausted(one) else 0.3, text=f"the database: {_say_database(one)}",
                evidence=answer.id, onset=one.state.onset,
            )
            for one in off
        ),
        gaps=view.gaps,
    )  # fmt: skip


def _is_off(one: DatabaseState) -> bool:
    return one.state.deviates or one.state.down or any(edge.deviates for edge in one.edges)


def _exhausted(one: DatabaseState) -> bool:
    return one.state.down or any(
        level.deviates and level.kind is SignalKind.SATURATION for level in one.levels
    )


def _say_database(one: DatabaseState) -> str:
    said = [say_level(level) for level in one.levels if level.deviates][:2]
    said += [f"{edge.caller} calls it: {say_calls(edge)}" for edge in one.edges if edge.deviates][:1]
    return ", ".join(said) or ("it answers nothing" if one.state.down else "it deviates")


async def look_endpoints(focus: CheckScope) -> CheckOutcome:
    """The endpoints that users touch, before, during and after."""
    answer = await focus.context.toolset.ask(ENDPOINTS, EndpointsArgs())
    view = answer.data
    if view is None or not view.endpoints:
        return no_data("No calls of endpoints are recorded.", answer)
    known = [one for one in view.endpoints if one.normal is not None]
    if not known:
        return no_data("Too few calls of endpoints are recorded to tell.", answer)
    off = [one for one in known if not one.normal and _moved(one, view, focus.kind)]
    if off:
        finding = "; ".join(_say_endpoint(one, view) for one in off[:_SHOWN])
        left = len(off) - _SHOWN
        finding += f"; and {left} more" if left > 0 else ""
    else:
        what = f"all {len(known)} endpoints do as usual{f' in {focus.kind}' if focus.kind else ''}"
        finding = f"{what}, for example {_say_endpoint(known[0], view)}"
    return CheckOutcome(
        state=state_of(bool(off)),
        finding=f"{finding[:1].upper()}{finding[1:]}.",
        evidence=(answer.id,),
        gaps=view.gaps,
    )


def _moved(one: EndpointState, view: EndpointsView, kind: SignalKind | None) -> bool:
    """Whether it is this kind of signal that moved: failures, or the time of the slower calls."""
    latest = _latest(one, view)
    if latest is None or one.before is None or kind not in {SignalKind.ERRORS, SignalKind.LATENCY}:
        return True
    if kind is SignalKind.ERRORS:
        return (latest.error_share or 0.0) - (one.before.error_share or 0.0) >= MORE_ERRORS
    return latest.p95_ms >= SLOWER * one.before.p95_ms


def _latest(one: EndpointState, view: EndpointsView) -> Calls | None:
    """The calls since the action if there was one, else those of the incident."""
    return one.after if view.after is not None else one.during


def _say_endpoint(one: EndpointState, view: EndpointsView) -> str:
    latest = _latest(one, view)
    return f"{one.service} {one.operation}: {say_pair(latest, one.before)}"
