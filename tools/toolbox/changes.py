"""`changes`, `deployments` and `pipelines`: what was changed, what runs, what ran before."""

from datetime import datetime, timedelta

from incidents.changes import Change, ChangeKind, RunState
from incidents.findings import Channel, Suspect, Window
from tools.analysis.changes import said_fit
from tools.telemetry.observation import HISTORY, Observation
from tools.telemetry.observe import observe, ranking
from tools.telemetry.own_changes import made_here, say_ours
from tools.toolbox.arguments import ChangesArgs, DeploymentsArgs, NoArgs
from tools.toolbox.views import ChangesView, Deployment, DeploymentsView, PipelinesView
from tools.toolset import Sources, Tool
from tools.wording import clock_time, page, paragraphs, plain, rows, span

_SHOWN = 10
#: How far back runs of pipelines are asked for.
_RUNS = timedelta(hours=24)


async def _changes(sources: Sources, args: ChangesArgs) -> ChangesView:
    seen, ranked = await ranking(sources)
    seen.need("changes")
    first = next(iter(ranked.suspects), None)
    onset = _first_sign(first) if first is not None else None
    told = [
        one.model_copy(
            update={"text": said_fit(one.change, onset or seen.alerted, stands_out=one.stands_out)}
        )
        for one in ranked.changes[args.start : args.start + args.limit]
    ]
    return ChangesView(
        window=_history(seen),
        onset=onset or seen.alerted,
        of=first.service if first is not None and onset is not None else None,
        ours=made_here(sources.incident, seen.changes),
        changes=tuple(told),
        nothing_changed=ranked.nothing_changed,
        left_out=max(0, len(ranked.changes) - args.start - args.limit),
        offset=args.start,
        recorded=len(seen.changes),
    )


def _first_sign(suspect: Suspect) -> datetime | None:
    """When a suspect began to behave unlike before; that something was changed is no sign of it."""
    measured = [suspect.onset, *(one.onset for one in suspect.reasons if one.channel is not Channel.CHANGES)]
    return min((onset for onset in measured if onset is not None), default=None)


def _history(seen: Observation) -> Window:
    return Window(start=seen.at - HISTORY, end=seen.at)


def _say_changes(view: ChangesView) -> str:
    if not view.changes:
        others = f" {view.recorded} others are on record in {span(view.window)}." if view.recorded else ""
        return f"No change is recorded near the onset ({_say_onset(view)}).{others}"
    lines = [
        f"{clock_time(one.change.time)} fit {one.score:.2f}{_made(one.change)}"
        f"{say_ours(one.change.id, view.ours)}: {plain(one.text, 400)}"
        for one in view.changes
    ]
    return paragraphs(
        f"Changes near the onset ({_say_onset(view)}), best fit first (1 is best):",
        page(lines, view.left_out, view.offset),
        "None of them is near the onset." if view.nothing_changed else "",
    )


def _say_onset(view: ChangesView) -> str:
    """Since when, and by what: other tools tell when each series began to deviate."""
    return f"{clock_time(view.onset)}, {f'first sign of {view.of}' if view.of else 'the alert'}"


def say_change(change: Change) -> str:
    """One change in a line."""
    versions = f" {change.version_from or '?'} -> {change.version_to or '?'}"
    moved = versions if change.version_from or change.version_to else ""
    what = f": {plain(change.summary)}" if change.summary else ""
    return (
        f"{change.id} {clock_time(change.time)} {change.kind} of {change.service}{moved}{_made(change)}{what}"
    )


def _made(change: Change | Deployment) -> str:
    by = f" by {plain(change.author, 60)}" if change.author else ""
    made = f"{by} (commit {change.commit})" if change.commit else by
    return f"{made} [{plain(str(change.sent), 80)}]" if change.sent else made


CHANGES = Tool(
    name="changes",
    channel="changes",
    description=("What was changed near the onset, ranked by how well time and place fit, with ids to cite."),
    args=ChangesArgs,
    ask=_changes,
    say=_say_changes,
    empty=lambda view: not view.changes and not view.recorded,
)


def deployments(changes: tuple[Change, ...], service: str | None) -> tuple[Deployment, ...]:
    """The releases of one service or of all, newest first; the newest of each service runs."""
    found: list[Deployment] = []
    newest: set[str] = set()
    for change in reversed(changes):
        if change.kind is not ChangeKind.DEPLOY or service not in {None, change.service}:
            continue
        found.append(
            Deployment(
                service=change.service, version=change.version_to, version_from=change.version_from,
                at=change.time, author=change.author, commit=change.commit, summary=change.summary,
                change=change.id, running=change.service not in newest, sent=change.sent,
            )
        )  # fmt: skip
        newest.add(change.service)
    return tuple(found)


async def _deployments(sources: Sources, args: DeploymentsArgs) -> DeploymentsView:
    sources.world.catalogue.get(args.service)
    seen = await observe(sources)
    seen.need("changes")
    found = deployments(seen.changes, args.service)
    if not found:
        return DeploymentsView(service=args.service, others=len(deployments(seen.changes, None)))
    newest = found[0]
    return DeploymentsView(
        service=args.service,
        deployments=found[args.start : args.start + args.limit],
        running=newest.version or None,
        running_since=newest.at,
        previous=newest.version_from or None,
        previous_healthy=_quiet_before(newest, found, seen),
        left_out=max(0, len(found) - args.start - args.limit),
        offset=args.start,
    )


def _quiet_before(newest: Deployment, found: tuple[Deployment, ...], seen: Observation) -> bool | None:
    """Whether the previous version ran through a time that is known to be quiet."""
    began = next((d.at for d in found[1:]), None)
    times = [seen.untroubled] + ([seen.quiet] if seen.quiet is not None and seen.same_source else [])
    for time in times:
        covered = min(time.end, newest.at) - max(time.start, began or time.start)
        if covered.total_seconds() > 0:
            return True
    return None


def _say_deployments(view: DeploymentsView) -> str:
    if not view.deployments:
        others = f" {view.others} of other services are." if view.others else ""
        return f"No deployment of {view.service} is recorded in the last {HISTORY.days} days.{others}"
    known = "ran through a quiet time" if view.previous_healthy else "not known whether it was healthy"
    before = (
        f"Before it: {view.previous} ({_since(view)}{known})."
        if view.previous
        else "What ran before it is not recorded."
    )
    return paragraphs(
        f"{view.service} runs {view.running or 'an unnamed version'} since {clock_time(view.running_since)}. "
        f"{before}",
        page([_say_deployment(one) for one in view.deployments], view.left_out, view.offset),
    )


def _since(view: DeploymentsView) -> str:
    """Since when the version ran that ran before, where its release is on the page."""
    earlier = next((one.at for one in view.deployments[1:] if one.version == view.previous), None)
    return f"since {clock_time(earlier)}; " if earlier is not None else "since when is not recorded; "


def _say_deployment(one: Deployment) -> str:
    what = f": {plain(one.summary)}" if one.summary else ""
    runs = ", runs now" if one.running else ""
    return f"{clock_time(one.at)} {one.service} {one.version} [{one.change}{runs}]{_made(one)}{what}"


DEPLOYMENTS = Tool(
    name="deployments",
    channel="changes",
    description=(
        "One service's releases, newest first: what runs, what ran before and whether that ran through a "
        "quiet time."
    ),
    args=DeploymentsArgs,
    ask=_deployments,
    say=_say_deployments,
    empty=lambda view: not view.deployments and not view.others,
)


async def _pipelines(sources: Sources, args: NoArgs) -> PipelinesView:
    seen = await observe(sources)
    seen.need("changes")
    found = deployments(seen.changes, None)
    other = tuple(change for change in reversed(seen.changes) if change.kind is not ChangeKind.DEPLOY)
    port, since = sources.world.pipelines, Window(start=seen.at - _RUNS, end=seen.at)
    runs = await port.runs(since) if port is not None else ()
    return PipelinesView(
        ci_recorded=port is not None,
        runs=runs[:_SHOWN],
        failed=sum(run.state is RunState.FAILED for run in runs),
        window=_history(seen),
        deployments=found[:_SHOWN],
        other_changes=other[:_SHOWN],
        left_out=max(0, len(found) - _SHOWN) + max(0, len(other) - _SHOWN),
    )


def _say_pipelines(view: PipelinesView) -> str:
    ci = _say_runs(view)
    if not view.deployments and not view.other_changes:
        return f"No deployment is recorded in {span(view.window)}. {ci}"
    return paragraphs(
        "Deployments, newest first:" if view.deployments else "No deployment is recorded.",
        rows([_say_deployment(one) for one in view.deployments], 0, ""),
        "Other changes:" if view.other_changes else "",
        rows(
            [say_change(one) for one in view.other_changes], view.left_out, "ask `deployments` for a service"
        ),
        ci,
    )


def _say_runs(view: PipelinesView) -> str:
    if not view.ci_recorded:
        return "No CI data is recorded: builds and test runs cannot be checked here."
    if not view.runs:
        return "No run of a pipeline began in the last 24 hours."
    lines = [
        f"{clock_time(run.started)} {run.service} {plain(run.name, 80)}: {run.state} ({run.commit[:12]})"
        for run in view.runs
    ]
    return paragraphs(f"Pipelines, last 24 hours, newest first; {view.failed} failed:", rows(lines, 0, ""))


PIPELINES = Tool(
    name="pipelines",
    channel="changes",
    description=("Deployments, other changes and runs of CI of all services, newest first."),
    args=NoArgs,
    ask=_pipelines,
    say=_say_pipelines,
    empty=lambda view: not view.deployments and not view.other_changes,
)
