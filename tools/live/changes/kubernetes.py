"""The rollout history of workloads: what their revisions tell of releases, configuration and restarts."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from incidents.changes import Change, ChangeKind
from incidents.findings import Window
from tools.live.changes.records import ClusterRecords
from tools.live.cluster.api import Cluster
from tools.live.cluster.objects import History, Kind, Workload, named
from tools.live.cluster.releases import Release, releases
from tools.live.cluster.rollouts import newest, revisions, say_running, waiting
from tools.live.cluster.templates import Difference, differences, listed, main_container, same
from tools.live.cluster.versions import Revision, Versions, names_a_build
from tools.live.http import Rejected
from tools.live.secrets import Secrets
from tools.live.settings import KubernetesHistory
from tools.telemetry.data_gaps import note_gap
from tools.wording import plain

_LONGEST = 400
_SECOND = timedelta(seconds=1)
_OTHERS = (Kind.ROLLOUT, Kind.STATEFULSET, Kind.DAEMONSET)
_NOT_FOUND = 404


class KubernetesChanges:
    """The changes port over the workloads of a namespace."""

    def __init__(self, spec: KubernetesHistory, secrets: Secrets) -> None:
        self._cluster = Cluster(spec, spec.namespace, secrets)
        self._services = {named(called): service for service, called in spec.deployments.items()}
        self._records = ClusterRecords(self._cluster, spec)

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """The rollouts of a window that the cluster still remembers, oldest first.

        Raises:
            ToolFailed: the API server does not answer or declines.
        """
        sets = await self._cluster.sets()
        workloads = [*await self._cluster.workloads()]
        others, history = await self._others()
        everything = [*workloads, *others]
        rolled = [
            change
            for workload in everything
            for change in self._history(workload, revisions(workload, sets, history), window)
        ]
        found = [*rolled, *await self._records.changes(everything)]
        inside = (change for change in found if window.start <= change.time < window.end)
        return tuple(sorted(inside, key=lambda one: one.time))

    async def check(self) -> str:
        """How many workloads the namespace has; raises like `changes`."""
        found = await self._cluster.workloads()
        others, _ = await self._others()
        more = f", {len(others)} other workloads" if others else ""
        return f"Kubernetes: namespace {self._cluster.namespace} has {len(found)} deployments{more}"

    async def _others(self) -> tuple[Sequence[Workload], Sequence[History]]:
        """What else keeps pods running, with what it was; a gap where it may not be read."""
        found: list[Workload] = []
        history: Sequence[History] = ()
        try:
            for kind in _OTHERS:
                found += await self._of(kind)
            if any(not Kind(one.kind).by_sets for one in found):
                history = await self._cluster.history()
        except Rejected as declined:
            note_gap(f"what was changed beside deployments is not known: {declined}")
        return found, history

    async def _of(self, kind: Kind) -> Sequence[Workload]:
        """The workloads of a kind; none where the server does not have the kind."""
        try:
            return await self._cluster.workloads(kind)
        except Rejected as declined:
            if declined.status != _NOT_FOUND:
                raise
            return ()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._cluster.aclose()

    def _history(self, workload: Workload, kept: Sequence[Revision], window: Window) -> Iterator[Change]:
        name, kind = workload.meta.name, workload.kind
        service = self._services.get((Kind(kind), name), name)
        called = name if kind == Kind.DEPLOYMENT else f"{kind.lower()}-{name}"
        versions = Versions(name, kept)
        progressing = workload.condition("Progressing") if workload.seen else None
        held, number = waiting(workload, versions), newest(workload, versions)
        old: Release | None = None
        for new in releases(kept, number, progressing):
            if held and new.number == number:
                break  # it is wanted, and no pod of it runs
            told, time = _told(versions, old, new), _time(new, workload, window)
            if time is not None:
                when = "" if new.at is not None else _between(new)
                yield Change(
                    time=time, id=f"{called}-r{new.number}", service=service, kind=told.kind,
                    version_from=told.old, version_to=told.new,
                    summary=plain(_joined(told.summary, when), _LONGEST),
                )  # fmt: skip
            old = new
        stable = say_running(workload, versions)
        if workload.status.abort and old is not None and workload.status.aborted_at is not None:
            yield Change(
                time=workload.status.aborted_at, id=f"{called}-aborted", service=service,
                kind=ChangeKind.DEPLOY, version_from=versions.name(old.made.template, old.number),
                version_to=stable, summary=plain(f"aborted: {workload.status.message}", _LONGEST),
            )  # fmt: skip
        paused = _paused(workload, window)
        if paused is not None:
            waits = f"; {held} (revision {number}) waits until it is resumed" if held else ""
            yield Change(
                time=paused, id=f"{called}-paused", service=service, kind=ChangeKind.INFRA,
                summary=f"{name} is paused, running {stable}{waits}",
            )  # fmt: skip


class _Told(NamedTuple):
    """What a release was, in the words of a change."""

    kind: ChangeKind
    old: str
    new: str
    summary: str


def _told(versions: Versions, old: Release | None, new: Release) -> _Told:
    name = versions.name(new.made.template, new.number)
    cause = _cause(old, new)
    if old is None or old.number != new.number - 1:  # what was between is no longer kept
        return _Told(ChangeKind.DEPLOY, "", name, cause)
    if same(old.made.template, new.made.template):
        return _Told(ChangeKind.INFRA, "", "", f"restart of {name}: nothing else of its template changed")
    parts = differences(old.made.template, new.made.template)
    before = versions.name(old.made.template, old.number)
    if any(part.image for part in parts):
        return _Told(ChangeKind.DEPLOY, before, name, _joined(cause, _beside(versions, old, new, parts)))
    return _Told(ChangeKind.CONFIG, before, name, _joined(cause, _configured(versions, new, parts)))


def _beside(versions: Versions, old: Release, new: Release, parts: Sequence[Difference]) -> str:
    """What a release changed that its versions do not tell."""
    told = versions.label(old.made.template) != versions.label(new.made.template)
    main = main_container(new.made.template, versions.workload).get("name")
    shown = [part for part in parts if not (told and part.text.startswith(f"image of {main} from "))]
    return f"with it changed: {listed(shown)}" if shown else ""


def _configured(versions: Versions, new: Release, parts: Sequence[Difference]) -> str:
    label = versions.label(new.made.template)
    image = (
        "the image is the same"
        if names_a_build(label)
        else f"the tag {label} is the same; whether the image is cannot be known from it"
    )
    return f"configuration: {listed(parts)}; {image}"


def _cause(old: Release | None, new: Release) -> str:
    """What its last release was said to be for; the controller carries an old note along."""
    cause = new.made.cause if new.number == new.made.number else ""
    carried = old is not None and old.made.name != new.made.name and old.made.cause == cause
    return "" if carried else cause


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _between(release: Release) -> str:
    since, until = release.since, release.until
    if since is None or until is None:
        bound = (
            f"after {since:%Y-%m-%d %H:%M:%S}"
            if since
            else f"before {until:%Y-%m-%d %H:%M:%S}"
            if until
            else ""
        )
        return f"at an unknown time {bound} UTC" if bound else "at an unknown time"
    end = f"{until:%H:%M:%S}" if since.date() == until.date() else f"{until:%Y-%m-%d %H:%M:%S}"
    return f"at an unknown time between {since:%Y-%m-%d %H:%M:%S} and {end} UTC"


def _time(release: Release, deployment: Workload, window: Window) -> datetime | None:
    """When it was, or the middle of the time in which it can have been, as far as the window holds it."""
    if release.at is not None:
        return release.at
    first = release.since or deployment.meta.created or window.start
    last = release.until or max(window.end, first)
    if last < window.start or first >= window.end:
        return None
    middle = (first + (last - first) / 2).replace(microsecond=0)
    return max(window.start, min(max(middle, first), window.end - _SECOND))


def _paused(deployment: Workload, window: Window) -> datetime | None:
    """Since when it is paused; where its condition does not tell, it is told at the end of the window."""
    if not deployment.spec.paused:
        return None
    progressing = deployment.condition("Progressing")
    if progressing is not None and progressing.reason == "DeploymentPaused" and progressing.updated:
        return progressing.updated
    return window.end - _SECOND
