"""Looks at what was changed: changes near the onset, what runs since when, the state of delivery."""

from collections.abc import Set
from datetime import datetime, timedelta

from agents.playbook.checks.keywords import quoted
from agents.playbook.checks.result import CheckOutcome, CheckScope, Hint, combine, no_data, state_of
from incidents.changes import ChangeKind, RunState
from incidents.findings import Category, Channel
from incidents.reports import CheckState
from tools.analysis import RankedChange
from tools.plainly import named
from tools.toolbox import CHANGES, DEPLOYMENTS, PIPELINES
from tools.toolbox.arguments import ChangesArgs, DeploymentsArgs, NoArgs
from tools.toolbox.views import ChangesView, DeploymentsView, PipelinesView
from tools.wording import clock_time, length

#: A change whose time and place fit less than this does not explain the onset.
FITS = 0.4
#: How many minutes before the onset a release still fits, and how far the onset may be off.
_BEFORE, _AFTER = 60.0, 2.0
#: What it weighs against a release that no change fits.
_AGAINST = 0.5
#: Most bad changes show at once; of those made longer ago something is always at hand.
_NEAR = timedelta(minutes=3)
_SHOWN = 3

_CATEGORY_OF = {
    ChangeKind.DEPLOY: Category.DEPLOYMENT,
    ChangeKind.CONFIG: Category.DEPLOYMENT,
    ChangeKind.FLAG: Category.DEPLOYMENT,
    ChangeKind.SCALE: Category.INFRASTRUCTURE,
    ChangeKind.INFRA: Category.INFRASTRUCTURE,
}


async def look_changes(focus: CheckScope) -> CheckOutcome:
    """What was changed near the onset, and whether it fits."""
    answer = await focus.context.toolset.ask(CHANGES, ChangesArgs())
    view = answer.data
    if view is None:
        return no_data("The record of changes did not answer.", answer)
    fitting = [one for one in view.changes if one.score >= FITS]
    changed = {one.change.service for one in fitting}
    elsewhere = _elsewhere(view, changed)
    unchanged = [name for name in focus.services if name not in changed and name not in elsewhere]
    against = (
        *(_unlike(one, view.onset, answer.id) for one in elsewhere.values()),
        *(_unchanged(service, answer.id) for service in unchanged),
    )
    if not fitting:
        return CheckOutcome(
            state=CheckState.NORMAL,
            measured=False,
            finding=f"No change is recorded that fits the onset at {clock_time(view.onset)}.",
            evidence=(answer.id,),
            hints=against,
        )
    return CheckOutcome(
        state=CheckState.ABNORMAL,
        measured=False,
        finding=" ".join(say_change(one) for one in fitting[:_SHOWN]),
        evidence=(answer.id,),
        hints=(*(_changed(one, view.onset, answer.id) for one in fitting), *against),
    )


def say_change(ranked: RankedChange) -> str:
    """One change as a sentence; its summary is a quotation."""
    change = ranked.change
    what = f" ({quoted(change.summary, 80)})" if change.summary else ""
    return f"{named(change)} at {change.time:%H:%M:%S} UTC{what}."


def _changed(ranked: RankedChange, onset: datetime, evidence: str) -> Hint:
    change = ranked.change
    return Hint(
        service=change.service, category=_CATEGORY_OF[change.kind], channel=Channel.CHANGES,
        weight=2.0 * ranked.score, evidence=evidence, text=say_change(ranked).rstrip("."), change=change.id,
        near=is_near(change.time, onset),
    )  # fmt: skip


def is_near(changed: datetime, onset: datetime) -> bool:
    """Whether a change was made just before the onset, and not after it: its time alone speaks for it."""
    return timedelta(0) <= onset - changed <= _NEAR


def _elsewhere(view: ChangesView, changed: Set[str]) -> dict[str, RankedChange]:
    """By service of which no change fits: the best of those made near the onset."""
    found: dict[str, RankedChange] = {}
    for one in view.changes:
        minutes = (view.onset - one.change.time).total_seconds() / 60
        if one.change.service not in changed and -_AFTER <= minutes <= _BEFORE:
            found.setdefault(one.change.service, one)
    return found


def _unlike(ranked: RankedChange, onset: datetime, evidence: str) -> Hint:
    """A change that is named because it looks like the cause by its time, with what speaks against it."""
    change = ranked.change
    apart = _apart(change.time, onset)
    why = apart if ranked.stands_out else f"{apart}, but nothing of {change.service} is unlike before"
    return Hint(
        service=change.service, category=Category.DEPLOYMENT, channel=Channel.CHANGES, weight=_AGAINST,
        evidence=evidence, against=True, change=change.id,
        text=f"{named(change)} came at {change.time:%H:%M:%S} UTC, {why}",
    )  # fmt: skip


def _apart(made: datetime, onset: datetime) -> str:
    minutes = (onset - made).total_seconds() / 60
    side = "before" if minutes >= 0 else "after"
    apart = length(abs(minutes) if abs(minutes) < 1 else round(abs(minutes)))
    return f"{apart} {side} it began at {onset:%H:%M:%S} UTC"


def _unchanged(service: str, evidence: str) -> Hint:
    return Hint(
        service=service, category=Category.DEPLOYMENT, channel=Channel.CHANGES, weight=_AGAINST,
        evidence=evidence, text=f"no change of {service} is recorded near the onset", against=True,
    )  # fmt: skip


async def look_deployments(focus: CheckScope) -> CheckOutcome:
    """What runs, since when, and what ran before."""
    return combine([await _deployments_of(focus, service) for service in focus.services])


async def _deployments_of(focus: CheckScope, service: str) -> CheckOutcome:
    answer = await focus.context.toolset.ask(DEPLOYMENTS, DeploymentsArgs(service=service))
    view = answer.data
    if view is None or not view.deployments:
        return no_data(f"No deployment of {service} is recorded.", answer)
    hint = _released(focus, view, answer.id)
    return CheckOutcome(
        state=state_of(hint is not None),
        measured=False,
        finding=_say_running(view),
        evidence=(answer.id,),
        hints=(hint,) if hint is not None else (),
    )


def _released(focus: CheckScope, view: DeploymentsView, evidence: str) -> Hint | None:
    """A release that came shortly before the onset fits; the closer the better, after it not at all."""
    newest, onset = view.deployments[0], focus.onset or focus.context.incident.opened_at
    minutes = (onset - newest.at).total_seconds() / 60
    if not -_AFTER <= minutes <= _BEFORE:
        return None
    return Hint(
        service=view.service, category=Category.DEPLOYMENT, channel=Channel.CHANGES, evidence=evidence,
        weight=2.0 * (1 - max(minutes, 0) / _BEFORE), change=newest.change,
        text=f"{newest.change}: release {newest.version} of {view.service} at {clock_time(newest.at)}",
        near=is_near(newest.at, onset),
    )  # fmt: skip


def _say_running(view: DeploymentsView) -> str:
    before = f"; before it ran {view.previous}" if view.previous else "; what ran before is not recorded"
    healthy = ", which ran through a quiet time" if view.previous and view.previous_healthy else ""
    since = clock_time(view.running_since)
    return f"{view.service} runs {view.running or 'an unnamed version'} since {since}{before}{healthy}."


async def look_pipelines(focus: CheckScope) -> CheckOutcome:
    """The state of delivery, as far as it is recorded."""
    answer = await focus.context.toolset.ask(PIPELINES, NoArgs())
    view = answer.data
    if view is None or not view.ci_recorded:
        latest = view.deployments[0] if view is not None and view.deployments else None
        last = (
            f" The latest deployment is {latest.service} {latest.version} at {clock_time(latest.at)}."
            if latest
            else ""
        )
        return no_data(f"No builds or test runs are recorded.{last}", answer)
    return CheckOutcome(
        state=CheckState.NORMAL,
        measured=False,
        finding=f"{len(view.deployments)} deployments are recorded; {_say_failed(view)}.",
        evidence=(answer.id,),
    )


def _say_failed(view: PipelinesView) -> str:
    bad = next((run for run in view.runs if run.state is RunState.FAILED), None)
    if bad is None:
        return f"of the last {len(view.runs)} runs of pipelines none failed"
    return f"{view.failed} runs of pipelines failed, last {quoted(bad.name, 60)} at {clock_time(bad.started)}"
