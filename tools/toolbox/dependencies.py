"""`dependencies` and `database`: what a service needs, and how those parts do."""

from incidents.catalogue import Service, ServiceKind
from tools.memo import memoize_by_identity
from tools.telemetry.levels import Level
from tools.telemetry.observation import Observation, said_look
from tools.telemetry.observe import observe
from tools.telemetry.service_state import ServiceState, states
from tools.toolbox.arguments import NoArgs, ServiceArgs
from tools.toolbox.phrases import is_far, say_calls, say_calls_briefly, say_level, say_state
from tools.toolbox.traces import edge_states
from tools.toolbox.views import DatabaseState, DatabaseView, DependenciesView, DependencyState, EdgeState
from tools.toolset import Sources, Tool
from tools.wording import paragraphs, rows

_LEVELS = 6


async def _dependencies(sources: Sources, args: ServiceArgs) -> DependenciesView:
    service = sources.world.catalogue.get(args.service)
    return _needs(await observe(sources, service.name), service)


@memoize_by_identity
def _needs(seen: Observation, service: Service) -> DependenciesView:
    catalogue = seen.catalogue
    by_name = {state.service: state for state in states(seen)}
    links = edge_states(seen)
    called = {edge.callee: edge for edge in links if edge.caller == service.name}
    names = dict.fromkeys((*service.depends_on, *called))
    found = [
        _dependency(
            catalogue.find(name) or Service(name=name), by_name.get(name), called.get(name), seen, service
        )
        for name in names
    ]
    callers = {s.name for s in catalogue.services if service.name in s.depends_on}
    callers |= {edge.caller for edge in links if edge.callee == service.name}
    return DependenciesView(
        service=service.name,
        window=seen.window,
        now=seen.recent,
        reference=seen.reference,
        dependencies=tuple(sorted(found, key=lambda one: (not one.deviates, one.name))),
        callers=tuple(sorted(callers)),
        gaps=seen.gaps,
    )


def _dependency(
    part: Service, state: ServiceState | None, edge: EdgeState | None, seen: Observation, caller: Service
) -> DependencyState:
    levels = tuple(
        level for level in seen.levels
        if level.service == caller.name and level.peer == part.name and level.now is not None
    )[:_LEVELS]  # fmt: skip
    reports = state is not None and bool(state.levels)
    off = (reports and state is not None and state.deviates) or (edge is not None and edge.deviates)
    return DependencyState(
        name=part.name,
        kind=part.kind,
        state=state if reports else None,
        edge=edge,
        levels=levels,
        deviates=off or any(level.deviates for level in levels),
    )


def _say_dependencies(view: DependenciesView) -> str:
    by = f"Called by: {', '.join(view.callers)}." if view.callers else "No caller is known."
    if not view.dependencies:
        return paragraphs(f"{view.service} depends on nothing that is known. {by}", *view.gaps)
    lines = []
    for part in view.dependencies:
        own = say_state(part.state) if part.state else f"{part.name} [{part.kind}]: reports nothing itself"
        lines.append(
            "; ".join(
                [own, *_say_edges([part.edge] if part.edge else [], part.levels), *_contradiction(part)]
            )
        )
    external = sorted(part.name for part in view.dependencies if part.kind is ServiceKind.EXTERNAL)
    return paragraphs(
        said_look(view.now, view.reference),
        f"What {view.service} depends on, worst first. {by}",
        rows(lines, 0, ""),
        f"External: {', '.join(external)}." if external else "No external part is known.",
        *view.gaps,
    )


def _contradiction(part: DependencyState) -> list[str]:
    """Where a part and who calls it say different things of it, and why both may be right."""
    if part.state is None or part.edge is None or part.state.deviates is part.edge.deviates:
        return []
    return ["the two differ: its series count what it answers to all, the calls what this caller waits for"]


def _say_edges(edges: list[EdgeState], levels: tuple[Level, ...]) -> list[str]:
    seen = [
        f"as {edge.caller} calls it, by traces (deviates): {say_calls('now', edge.now)}, "
        f"{say_calls('usual', edge.baseline)}"
        if edge.deviates
        else f"as {edge.caller} calls it, by traces: {say_calls_briefly(edge.now, edge.baseline)}"
        for edge in edges
    ]
    usual = ", ".join(
        dict.fromkeys(level.metric for level in levels if not (level.deviates or is_far(level)))
    )
    series = "; ".join(say_level(one) for one in levels if one.deviates or is_far(one))
    return [
        *seen,
        *([f"by its caller's series: {series}"] if series else []),
        *([f"as usual towards it: {usual}"] if usual else []),
    ]


DEPENDENCIES = Tool(
    name="dependencies",
    channel="metrics",
    description=(
        "What one service calls and who calls it: how each part does by itself and as this service sees it."
    ),
    args=ServiceArgs,
    ask=_dependencies,
    say=_say_dependencies,
    empty=lambda view: not view.dependencies,
)


async def _database(sources: Sources, args: NoArgs) -> DatabaseView:
    seen = await observe(sources)
    names = {service.name for service in seen.catalogue.of_kind(ServiceKind.DATABASE)}
    links = edge_states(seen)
    return DatabaseView(
        window=seen.window,
        now=seen.recent,
        reference=seen.reference,
        databases=tuple(
            DatabaseState(
                state=state,
                levels=tuple(
                    level for level in seen.levels
                    if state.service in {level.service, level.peer} and level.now is not None
                )[:_LEVELS],
                edges=tuple(edge for edge in links if edge.callee == state.service),
            )
            for state in states(seen)
            if state.service in names
        ),
        gaps=seen.gaps,
    )  # fmt: skip


def _say_database(view: DatabaseView) -> str:
    if not view.databases:
        return "The catalogue names no database."
    lines = []
    for one in view.databases:
        seen = _say_edges(list(one.edges), one.levels)
        lines.append("; ".join([say_state(one.state), *(seen or ["nothing recorded about it now"])]))
    return paragraphs(
        said_look(view.now, view.reference),
        "Databases, worst first:",
        rows(lines, 0, ""),
        *view.gaps,
    )


DATABASE = Tool(
    name="database",
    channel="metrics",
    description=("Every database: its own signals and how its callers see it, now against usual."),
    args=NoArgs,
    ask=_database,
    say=_say_database,
    empty=lambda view: not any(one.levels or one.edges for one in view.databases),
)
