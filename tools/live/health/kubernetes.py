"""What Kubernetes says of a service: how its pods stand, what is wrong, and the last warnings about them."""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime

from incidents.cluster import Finding, Standing
from incidents.errors import ToolFailed
from incidents.health import Figure, Probe
from tools.clock import Clock
from tools.live.cluster.faults import findings
from tools.live.cluster.faults.references import references
from tools.live.cluster.neighbours import Event
from tools.live.cluster.objects import Workload, named
from tools.live.cluster.reading import NamespaceReader
from tools.live.cluster.resources.pods import Pod
from tools.live.cluster.rollouts import obstacles
from tools.live.cluster.snapshot import RECENT, Snapshot, has_labels
from tools.redaction.redact import redact
from tools.wording import plain

_SHOWN, _LONGEST = 3, 2_400


class KubernetesPods:
    """The workload of one service.

    Args:
        service: whose workload it is.
        workload: as kubectl calls it: `till`, `statefulset/db`.
        reader: looks at the namespace.
        clock: when it was asked.
        listed: it is one of all services of the namespace, and may have no workload there.
    """

    def __init__(
        self, service: str, workload: str, reader: NamespaceReader, clock: Clock, *, listed: bool = False
    ) -> None:
        self._reader = reader
        self._service = service
        self._kind, self._name = named(workload)
        self.backend = reader.cluster.backend
        self._clock = clock
        self._listed = listed
        reader.watched.add(f"{self._kind.lower()}/{self._name}")

    async def probe(self) -> Probe | None:
        """How many pods can be used, and what is wrong; None of a service that has no workload here.

        Raises:
            ToolFailed: the API server does not answer, or a service that must have one has no workload.
        """
        at, began = self._clock.now(), time.perf_counter()
        found = None if self._listed else await self._reader.cluster.workload(self._kind, self._name)
        seen = await self._reader.snapshot()
        if found is None and (found := self._in(seen)) is None:
            return None
        own, beside = _shared(seen, found.called, self._reader.watched)
        pods = _pods(seen, found)
        usable, wanted = found.status.available, found.replicas
        said = [f"{usable} of {wanted} replicas are available", *(one.told for one in own)]
        said += [*obstacles(found), *_recent(seen, found, pods, own)]
        if beside:
            said.append(f"elsewhere in namespace {seen.namespace}: {'; '.join(one.told for one in beside)}")
        restarts = sum(one.restarts for pod in pods for one in pod.status.containers)
        ill = any(one.standing is not Standing.CONSEQUENCE for one in own)
        return Probe(
            service=self._service, target=f"pods of {found.called}", at=at,
            healthy=found.seen and usable >= wanted and not ill and not obstacles(found),
            said=plain(redact("; ".join(said)), _LONGEST),
            milliseconds=round((time.perf_counter() - began) * 1000, 1),
            figures=(
                Figure(name="available replicas", value=usable), Figure(name="wanted replicas", value=wanted),
                Figure(name="restarts of containers", value=restarts),
            ),
            findings=(*own, *(one.model_copy(update={"standing": Standing.BESIDE}) for one in beside)),
        )  # fmt: skip

    def _in(self, seen: Snapshot) -> Workload | None:
        """Its workload among all of the namespace, if it has one there."""
        if reason := seen.unread.get(self._kind.path):
            raise ToolFailed(f"the pods of {self._service} are not known: {reason}")
        called = f"{self._kind.lower()}/{self._name}"
        return next((one for one in seen.workloads if one.called == called), None)


def _shared(
    seen: Snapshot, called: str, watched: Iterable[str]
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """What is wrong with a workload or with what only it calls, and what is wrong beside all watched ones."""
    others = set(watched) - {called}
    found = findings(seen)
    reached = _reached(seen, called, others)
    own = tuple(
        one.model_copy(update={"standing": Standing.CONSEQUENCE}) if one.place in others else one
        for one in found
        if called in one.concerns or reached & set(one.concerns)
    )
    beside = [one for one in found if not set(one.concerns) & (others | reached | {called})]
    causes = [one for one in beside if one.standing is Standing.CAUSE]
    return own, tuple(causes[:_SHOWN])


def _reached(seen: Snapshot, called: str, others: Iterable[str]) -> set[str]:
    """The workloads that it calls, by way of others too, which nobody else is asked about."""
    behind: dict[str, list[str]] = {}
    for service in seen.services:
        behind[service.metadata.name] = [
            name
            for name, made in seen.templates.items()
            if service.spec.selector and has_labels(service.spec.selector, made.labels)
        ]
    calls: dict[str, set[str]] = {}
    for ref in references(seen):
        there = behind.get(ref.service) or [n for n in seen.templates if n.partition("/")[2] == ref.service]
        calls.setdefault(ref.workload, set()).update(there)
    reached, ahead = {called}, [called]
    while ahead:
        fresh = calls.get(ahead.pop(), set()) - reached - set(others)
        reached |= fresh
        ahead.extend(fresh)
    return reached - {called}


def _pods(seen: Snapshot, workload: Workload) -> Sequence[Pod]:
    """Its pods: by who keeps them, or where that is not told by its labels."""
    labels = (workload.spec.template.get("metadata") or {}).get("labels") or {}
    return seen.owned.get(workload.called, ()) or [
        pod for pod in seen.pods if labels and has_labels(labels, pod.meta.labels)
    ]


def _recent(seen: Snapshot, workload: Workload, pods: Sequence[Pod], told: Sequence[Finding]) -> list[str]:
    """The newest warnings about a workload, its sets or its pods that are not told yet, each reason once."""
    names = {workload.meta.name, *(pod.meta.name for pod in pods)}
    names |= {owner.name for pod in pods for owner in pod.meta.owners}
    evidence = " ".join(text for one in told for text in one.evidence)
    own = [
        one for one in seen.events
        if one.about.name in names and _is_recent(one, seen.at) and f"event {one.reason} " not in evidence
    ]  # fmt: skip
    newest = sorted(own, key=lambda one: one.at or seen.at, reverse=True)
    first = {one.reason: one for one in reversed(newest)}.values()
    shown = sorted(first, key=lambda one: one.at or seen.at, reverse=True)[:_SHOWN]
    return [
        f"{one.reason} ({one.times} times, last at {one.at:%H:%M:%S}): {plain(one.message, 160)}"
        for one in shown
    ]


def _is_recent(event: Event, now: datetime) -> bool:
    return event.at is not None and now - event.at <= RECENT
