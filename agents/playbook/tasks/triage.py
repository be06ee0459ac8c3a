"""Triage: what is hit since when, how severe by the runbook's definitions, from measured facts."""

from dataclasses import dataclass

from agents.engine import Assignment, RoleContext
from agents.playbook.checks.keywords import keywords, says
from agents.playbook.checks.overview import say_state
from incidents.catalogue import ServiceKind
from incidents.findings import Claim
from incidents.reports import Impact, TriageReport
from incidents.severity import Severity
from incidents.severity_floor import alert_severity, floor_of
from tools.felt import without_rule
from tools.plainly import plainly
from tools.telemetry.service_state import ServiceState, error_ratio
from tools.toolbox import OVERVIEW
from tools.toolbox.arguments import NoArgs
from tools.toolbox.views import Overview
from tools.wording import share

_SHOWN = 3


@dataclass(frozen=True)
class Measured:
    """What severity rests on. None is no data, which is not zero."""

    error_ratio: float | None
    latency_times: float | None
    down: tuple[str, ...]
    hit: tuple[ServiceState, ...]
    users: tuple[ServiceState, ...]
    any_data: bool


async def triage(assignment: Assignment, context: RoleContext) -> TriageReport:
    """Step 1, the commander's report."""
    answer = await context.toolset.ask(OVERVIEW, NoArgs())
    seen = measured(answer.data)
    impact = _impact(context, seen)
    severity, reason = classify(context, seen, impact)
    quiet = seen.any_data and not seen.hit
    return TriageReport(
        summary=_summary(context, seen),
        severity=severity,
        severity_reason=reason,
        impact=impact,
        false_alarm=quiet and not context.incident.firing,
        claims=tuple(Claim(text=say_state(state), evidence=(answer.id,)) for state in seen.hit[:_SHOWN]),
    )


async def measured_severity(context: RoleContext) -> Severity:
    """The severity by what is measured now."""
    answer = await context.toolset.ask(OVERVIEW, NoArgs())
    seen = measured(answer.data)
    return classify(context, seen, _impact(context, seen))[0]


def is_minor(context: RoleContext) -> bool:
    """Whether users are measured to feel nothing of a P2 that the runbook counts: a minor inconvenience."""
    facts, impact = context.incident.facts, context.incident.impact
    if context.incident.severity is not Severity.P2 or facts is None or facts.error_ratio is None:
        return False
    return floor_of(facts, impact, context.runbook) is None


def measured(view: Overview | None) -> Measured:
    """The figures of an overview; where the catalogue marks nothing as user-facing, every service counts."""
    services = view.services if view is not None else ()
    users = tuple(s for s in services if s.user_facing) or services
    ratios = [ratio for state in users if (ratio := error_ratio(state)) is not None]
    times = [state.latency.times for state in users if state.latency and state.latency.deviates]
    return Measured(
        error_ratio=max(ratios, default=None),
        latency_times=max((t for t in times if t is not None), default=None),
        down=tuple(state.service for state in users if state.user_facing and state.down),
        hit=tuple(state for state in services if state.deviates or state.down),
        users=users,
        any_data=bool(services),
    )


def classify(context: RoleContext, seen: Measured, impact: Impact) -> tuple[Severity, str]:
    """The more severe of what the runbook's floors say to the figures and of what the sender said."""
    said = alert_severity(context.incident.alerts, context.runbook)
    worst = floor_of(seen, impact, context.runbook)
    if worst is not None and (said is None or worst.severity.rank <= said.rank):
        return worst.severity, f"{worst.reason} ({_figures(seen)})"
    felt = any(state in seen.users for state in seen.hit)
    if said is not None and (not seen.any_data or felt or context.incident.firing):
        measured_too = f"; measured: {_figures(seen)}" if seen.any_data else "; nothing could be measured"
        return said, f"the alert's own severity{measured_too}"
    if not seen.any_data:
        return Severity.P2, "nothing could be measured and the alert names no severity"
    if felt:
        return Severity.P2, f"a service that users touch deviates ({_figures(seen)})"
    if context.incident.firing:
        return Severity.P2, f"the alert fires, though nothing that users touch deviates ({_figures(seen)})"
    return Severity.P3, "the alert is over and nothing that users touch deviates"


def _figures(seen: Measured) -> str:
    parts = [f"{name} answers nothing" for name in seen.down[:_SHOWN]]
    if seen.error_ratio is not None:
        parts.append(f"{share(seen.error_ratio)} of requests fail")
    if seen.latency_times is not None:
        parts.append(f"latency {seen.latency_times:.1f} times the usual")
    return ", ".join(parts) or "no figures of errors or latency"


def _impact(context: RoleContext, seen: Measured) -> Impact:
    catalogue = context.toolset.sources.world.catalogue
    texts = tuple(
        text
        for alert in context.incident.alerts
        for text in (alert.title, alert.description, *(label.value for label in alert.labels))
    )
    served = [state for state in seen.hit if state.kind in {ServiceKind.SERVICE, ServiceKind.EXTERNAL}]
    return Impact(
        users_affected=_users(seen),
        customers_affected=_customers(context, seen),
        services=tuple(s.service for s in seen.hit if catalogue.find(s.service) is not None),
        api_affected=any(_slow_or_failing(state) for state in served),
        data_at_risk=True if says(keywords().data_risk, *texts) else None,
        data_breach_suspected=says(keywords().breach, *texts),
        user_data_affected=says(keywords().user_data, *texts),
    )


def _slow_or_failing(state: ServiceState) -> bool:
    levels = (state.errors, state.latency)
    failing = state.down or state.failing is not None
    return failing or any(level.deviates for level in levels if level is not None)


def _customers(context: RoleContext, seen: Measured) -> bool | None:
    """Whether customers notice, as code measured it; else whether what users touch deviates."""
    if context.incident.facts is not None:
        return context.incident.facts.customers_affected
    touched = [state for state in seen.users if state.user_facing]
    return any(state.deviates or state.down for state in touched) if touched else None


def _users(seen: Measured) -> str:
    """The share of failed requests stands for users, who are not counted themselves."""
    failing = [s for s in seen.users if (s.deviates or s.down) and (error_ratio(s) or 0) > 0]
    worst = max(failing, key=lambda state: error_ratio(state) or 0, default=None)
    if worst is None:
        return "unknown"
    return f"{share(error_ratio(worst))} of the requests to {worst.service}"


def _summary(context: RoleContext, seen: Measured) -> str:
    title = without_rule(context.incident.title)
    if not seen.any_data:
        return f"{title}: no service reports a signal, so what is hit is not known."
    if not seen.hit:
        still = "the alert still fires" if context.incident.firing else "the alert is over"
        return f"{title}: no signal leaves its usual level; {still}."
    onset = min((state.onset for state in seen.hit if state.onset is not None), default=None)
    since = f"Since {onset:%H:%M:%S} UTC" if onset is not None else "Now"
    said = "; ".join(plainly(say_state(state)) for state in seen.hit[:_SHOWN])
    more = len(seen.hit) - _SHOWN
    what = "one service is off" if len(seen.hit) == 1 else f"{len(seen.hit)} services are off"
    return f"{since} {what}. {said}{f'; and {more} more' if more > 0 else ''}."
