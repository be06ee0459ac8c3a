"""What Kubernetes says of the pods of a service: how they stand, and the last warnings about them."""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from incidents.health import Figure, Probe
from tools.clock import Clock
from tools.live.cluster.api import Cluster
from tools.live.cluster.neighbours import Event, Pod
from tools.live.cluster.objects import Workload, named
from tools.live.cluster.pods import troubles
from tools.live.cluster.rollouts import obstacles
from tools.live.secrets import Secrets
from tools.live.settings import KubernetesHealth
from tools.redaction.redact import redact
from tools.wording import plain

#: Older warnings tell of something else.
_RECENT = timedelta(minutes=30)
_SHOWN, _LONGEST = 3, 600


class KubernetesPods:
    """The workload of one service.

    Args:
        spec: the API server, the namespace and the workload.
        secrets: resolves the token.
        clock: when it was asked, and which warnings are recent.
    """

    def __init__(self, spec: KubernetesHealth, secrets: Secrets, clock: Clock) -> None:
        self._cluster = Cluster(spec, spec.namespace, secrets)
        self._service = spec.service
        self._kind, self._name = named(spec.workload or spec.service)
        self._clock = clock
        self.backend = self._cluster.backend

    async def probe(self) -> Probe:
        """How many pods can be used, and why the others cannot.

        Raises:
            ToolFailed: the API server does not answer, or there is no such workload.
        """
        at, began = self._clock.now(), time.perf_counter()
        found = await self._cluster.workload(self._kind, self._name)
        labels = (found.spec.template.get("metadata") or {}).get("labels") or {}
        pods = await self._cluster.pods(labels) if labels else ()
        wrong = [*troubles(pods), *obstacles(found)]
        events = _recent(await self._cluster.warnings(), found, pods, at)
        usable, wanted = found.status.available, found.replicas
        said = "; ".join([f"{usable} of {wanted} replicas are available", *wrong, *events])
        restarts = sum(one.restarts for pod in pods for one in pod.status.containers)
        return Probe(
            service=self._service, target=f"pods of {found.called}", at=at,
            healthy=found.seen and usable >= wanted and not wrong,
            said=plain(redact(said), _LONGEST), milliseconds=round((time.perf_counter() - began) * 1000, 1),
            figures=(
                Figure(name="available replicas", value=usable), Figure(name="wanted replicas", value=wanted),
                Figure(name="restarts of containers", value=restarts),
            ),
        )  # fmt: skip


def _recent(events: Iterable[Event], workload: Workload, pods: Sequence[Pod], now: datetime) -> list[str]:
    """The newest warnings about a workload, its sets or its pods, each reason once."""
    names = {workload.meta.name, *(pod.meta.name for pod in pods)}
    names |= {owner.name for pod in pods for owner in pod.meta.owners}
    own = [
        one
        for one in events
        if one.type == "Warning" and one.about.name in names and one.at and now - one.at <= _RECENT
    ]
    newest = sorted(own, key=lambda one: one.at or now, reverse=True)
    first = {one.reason: one for one in reversed(newest)}.values()
    shown = sorted(first, key=lambda one: one.at or now, reverse=True)[:_SHOWN]
    return [
        f"{one.reason} ({one.times} times, last at {one.at:%H:%M:%S}): {plain(one.message, 160)}"
        for one in shown
    ]
