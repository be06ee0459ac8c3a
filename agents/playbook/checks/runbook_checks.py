"""From a check of the runbook to the look that answers it, with the tools that the role has."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from agents.engine import RoleContext
from agents.playbook.checks.changes import look_changes, look_deployments, look_pipelines
from agents.playbook.checks.dependencies import look_database, look_dependencies, look_endpoints, look_traces
from agents.playbook.checks.keywords import Rule, rule_for
from agents.playbook.checks.overview import look_overview, look_recovery, nothing_known
from agents.playbook.checks.probes import look_probes, look_screens
from agents.playbook.checks.result import CheckOutcome, CheckScope
from agents.playbook.checks.symptoms import look_logs, look_metrics, look_suspects
from incidents.catalogue import ServiceKind
from incidents.verification import SignalKind

#: How many callers of external parts are looked at.
_MOST = 3

Look = Callable[[CheckScope], Awaitable[CheckOutcome]]

#: How each tool's answer is read, by the tool's name.
CHECKS: dict[str, Look] = {
    "overview": look_overview,
    "suspects": look_suspects,
    "metrics": look_metrics,
    "logs": look_logs,
    "traces": look_traces,
    "changes": look_changes,
    "deployments": look_deployments,
    "dependencies": look_dependencies,
    "database": look_database,
    "endpoints": look_endpoints,
    "pipelines": look_pipelines,
    "recovery": look_recovery,
    "probes": look_probes,
    "screens": look_screens,
}


def has_tool(context: RoleContext, name: str) -> bool:
    """Whether the role that sits at the context may use that tool."""
    return any(tool.name == name for tool in context.toolset.tools)


async def answer(
    check: str, context: RoleContext, services: tuple[str, ...], onset: datetime | None = None
) -> CheckOutcome:
    """Answer one check of the runbook.

    Args:
        check: its words.
        context: who looks, with which tools.
        services: the services in question.
        onset: since when things deviate, if that is known.

    Returns:
        What was seen; no data, and saying so, where no tool of the role answers the check.
    """
    rule = rule_for(check)
    tool = next((name for name in rule.tools if has_tool(context, name)), None) if rule is not None else None
    if rule is None or tool is None:
        return nothing_known()
    return await CHECKS[tool](_focus(rule, context, services, onset))


async def follow_up(
    context: RoleContext, services: tuple[str, ...], onset: datetime | None
) -> list[CheckOutcome]:
    """The looks that tell one kind of cause from another, with those tools that the role has.

    A question that a check asked already is answered from the toolset's memory.
    """
    focus = CheckScope(context=context, services=services, onset=onset)
    resources = replace(focus, kind=SignalKind.SATURATION)
    wanted = {
        "probes": focus, "changes": focus, "deployments": focus, "logs": focus, "metrics": resources,
        "dependencies": focus,
    }  # fmt: skip
    return [await CHECKS[name](about) for name, about in wanted.items() if has_tool(context, name)]


def _meant(rule: Rule, context: RoleContext, services: tuple[str, ...]) -> tuple[str, ...]:
    """The services that a check is about: those in question, what users touch, or what calls outside."""
    catalogue = context.toolset.sources.world.catalogue
    if rule.users:
        return catalogue.user_facing or services
    if rule.external:
        outside = {part.name for part in catalogue.of_kind(ServiceKind.EXTERNAL)}
        calling = [one.name for one in catalogue.services if outside & set(one.depends_on)]
        near = [
            name
            for name in calling
            if name in services or set(catalogue.get(name).depends_on) & set(services)
        ]
        return tuple((near or calling)[:_MOST]) or services
    return services


def _focus(rule: Rule, context: RoleContext, services: tuple[str, ...], onset: datetime | None) -> CheckScope:
    return CheckScope(
        context=context,
        services=_meant(rule, context, services),
        kind=rule.kind,
        fresh=rule.fresh,
        external=rule.external,
        onset=onset,
    )
