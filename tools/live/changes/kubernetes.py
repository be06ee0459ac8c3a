"""The rollout history of deployments: what their revisions tell of releases, configuration and restarts."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from incidents.changes import Change, ChangeKind
from incidents.findings import Window
from tools.live.cluster.api import Cluster
from tools.live.cluster.objects import Workload
from tools.live.cluster.releases import Release, releases
from tools.live.cluster.rollouts import revisions, say_running, waiting
from tools.live.cluster.templates import Difference, differences, listed, main_container, same
from tools.live.cluster.versions import Versions, names_a_build
from tools.live.secrets import Secrets
from tools.live.settings import KubernetesHistory
from tools.wording import plain

_LONGEST = 400
_SECOND = timedelta(seconds=1)


class KubernetesChanges:
    """The changes port over the deployments of a namespace."""

    def __init__(self, spec: KubernetesHistory, secrets: Secrets) -> None:
        self._cluster = Cluster(spec, spec.namespace, secrets)
        self._services = {deployment: service for service, deployment in spec.deployments.items()}

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """The rollouts of a window that the cluster still remembers, oldest first.

        Raises:
            ToolFailed: the API server does not answer or declines.
        """
        sets = await self._cluster.sets()
        found = [
            change
            for deployment in await self._cluster.deployments()
            for change in self._history(deployment, sets, window)
            if window.start <= change.time < window.end
        ]
        return tuple(sorted(found, key=lambda one: one.time))

    async def check(self) -> str:
        """How many deployments the namespace has; raises like `changes`."""
        found = await self._cluster.deployments()
        return f"Kubernetes: namespace {self._cluster.namespace} has {len(found)} deployments"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._cluster.aclose()

    def _history(self, deployment: Workload, sets: Sequence[Workload], window: Window) -> Iterator[Change]:
        name = deployment.meta.name
        service = self._services.get(name, name)
        versions = Versions(name, revisions(deployment, sets))
        progressing = deployment.condition("Progressing") if deployment.seen else None
        held = waiting(deployment, versions)
        old: Release | None = None
        for new in releases(versions.kept, deployment.revision, progressing):
            if held and new.number == deployment.revision:
                break  # it is wanted, and no pod of it runs
            told, time = _told(versions, old, new), _time(new, deployment, window)
            if time is not None:
                when = "" if new.at is not None else _between(new)
                yield Change(
                    time=time, id=f"{name}-r{new.number}", service=service, kind=told.kind,
                    version_from=told.old, version_to=told.new,
                    summary=plain("; ".join(part for part in (told.summary, when) if part), _LONGEST),
                )  # fmt: skip
            old = new
        paused = _paused(deployment, window)
        if paused is not None:
            waits = f"; {held} (revision {deployment.revision}) waits until it is resumed" if held else ""
            yield Change(
                time=paused, id=f"{name}-paused", service=service, kind=ChangeKind.INFRA,
                summary=f"{name} is paused, running {say_running(deployment, versions)}{waits}",
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
