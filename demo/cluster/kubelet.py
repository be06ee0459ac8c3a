"""What runs the pods: the shop's own processes, brought to what the ReplicaSets say."""

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo.cluster.namespace import Json, Namespace, now
from demo.supervision import member_of

if TYPE_CHECKING:
    from demo.launcher import Shop

_GONE = frozenset({"FATAL", "EXITED", "BACKOFF", "UNKNOWN"})
#: How long a container that fails waits before it is started again, in seconds: at first, and at most.
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 20.0
_NODE = "stand-in"
_KIBI = {"Ki": 1024, "Mi": 1024**2, "Gi": 1024**3}


@dataclass
class _Pod:
    """One pod as it stands.

    Attributes:
        pid: of the process that was seen last.
        ended: how the container ended last: reason and exit code.
        again: when it may be started again.
    """

    pid: int = 0
    restarts: int = 0
    ended: tuple[str, int] | None = None
    again: float = 0.0


@dataclass
class _Placed:
    """What runs of a service: of which ReplicaSet, and which pods."""

    of: str
    pods: dict[int, _Pod] = field(default_factory=dict)


class Kubelet:
    """The only node: a Deployment's pods are the instances of the shop's service of the same name.

    Args:
        shop: whose processes they are.
        namespace: the objects.
    """

    def __init__(self, shop: "Shop", namespace: Namespace) -> None:
        self._shop = shop
        self._namespace = namespace
        self._placed: dict[str, _Placed] = {}

    def step(self) -> None:
        """Start and stop what has to be, and tell how the pods stand."""
        pods: list[Json] = []
        events: list[Json] = []
        for one in self._namespace.all("replicasets"):
            count = one["spec"]["replicas"]
            if not count:
                continue
            service, container = one["metadata"]["labels"]["app"], _container(one)
            version = container["image"].rpartition(":")[2]
            if version not in self._shop.releases.versions(service):
                self._stop(service, one)
                pods += [_pod(one, number, _unpulled()) for number in range(count)]
                events.append(
                    _event(one, "Failed", f'Failed to pull image "{container["image"]}": not found')
                )
                continue
            placed = self._place(service, one, version, count)
            self._watch(service, placed, container)
            for number, pod in placed.pods.items():
                pods.append(_pod(one, number, self._state(service, number, pod, version)))
                if pod.ended and pod.again > time.monotonic():
                    events.append(_event(one, "BackOff", "Back-off restarting failed container"))
        self._namespace.replace_all("pods", pods)
        self._namespace.replace_all("events", events)

    def _place(self, service: str, one: Json, version: str, count: int) -> _Placed:
        """As its strategy `Recreate` has it: the old pods end before the new ones begin."""
        name, known = one["metadata"]["name"], self._placed.get(service)
        if known is None:  # it runs since the shop was started
            known = self._placed[service] = _Placed(name, {number: _Pod() for number in range(count)})
        elif known.of != name:
            self._shop.supervisor.resize(service, 0)
            if self._shop.releases.version(service) != version:
                self._shop.releases.switch(service, version)
            known = self._placed[service] = _Placed(name)
        if set(known.pods) != set(range(count)):
            known.pods = {number: known.pods.get(number, _Pod()) for number in range(count)}
            self._shop.supervisor.resize(service, count)
        return known

    def _stop(self, service: str, one: Json) -> None:
        if self._placed.get(service, _Placed("")).of != one["metadata"]["name"]:
            self._shop.supervisor.resize(service, 0)
            self._placed[service] = _Placed(one["metadata"]["name"])

    def _watch(self, service: str, placed: _Placed, container: Json) -> None:
        """Ends what takes more memory than it may, and starts again what has ended."""
        limit = _bytes(container.get("resources", {}).get("limits", {}).get("memory", ""))
        pids = self._shop.supervisor.pids()
        for number, pod in placed.pods.items():
            member = member_of(service, number)
            pid = pids.get(member.rpartition(":")[2], 0)
            if pid and limit and _resident(pid) > limit:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                self._shop.supervisor.end(member)
                _ended(pod, "OOMKilled", 137)
            elif pid == 0 and self._shop.supervisor.state(member) in _GONE:
                self._shop.supervisor.end(member)
                _ended(pod, "Error", 1)
            elif pid == 0 and pod.ended and time.monotonic() > pod.again:
                self._shop.supervisor.begin(member)
            pod.pid = pid

    def _state(self, service: str, number: int, pod: _Pod, version: str) -> Json:
        ready = pod.pid != 0 and self._shop.running_version(service, number) == version
        if ready:
            state: Json = {"running": {"startedAt": now()}}
        elif pod.ended and pod.restarts > 1:
            state = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off restarting container"}}
        elif pod.ended:
            state = {"terminated": _terminated(*pod.ended)}
        else:
            state = {"waiting": {"reason": "ContainerCreating"}}
        last = {"lastState": {"terminated": _terminated(*pod.ended)}} if pod.ended else {}
        return {"ready": ready, "restartCount": pod.restarts, "state": state, **last}


def _ended(pod: _Pod, reason: str, code: int) -> None:
    pod.ended, pod.restarts, pod.pid = (reason, code), pod.restarts + 1, 0
    pod.again = time.monotonic() + min(_FIRST_WAIT * 2 ** min(pod.restarts, 8), _LONGEST_WAIT)


def _terminated(reason: str, code: int) -> Json:
    return {"reason": reason, "exitCode": code}


def _unpulled() -> Json:
    return {"ready": False, "restartCount": 0, "state": {"waiting": {"reason": "ImagePullBackOff"}}}


def _container(one: Json) -> Json:
    found: Json = one["spec"]["template"]["spec"]["containers"][0]
    return found


def _pod(of: Json, number: int, status: Json) -> Json:
    container, meta = _container(of), of["metadata"]
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
    }
    shown: dict[str, Any] = {"name": container["name"], "image": container["image"], "imageID": "", **status}
    return {
        "metadata": {
            "name": f"{meta['name']}-{number}", "labels": dict(meta["labels"]), "ownerReferences": [owner],
        },
        "spec": {"nodeName": _NODE, **of["spec"]["template"]["spec"]},
        "status": {
            "phase": "Running" if status["ready"] else "Pending", "containerStatuses": [shown],
            "conditions": [
                {"type": "PodScheduled", "status": "True"},
                {"type": "Ready", "status": "True" if status["ready"] else "False"},
            ],
        },
    }  # fmt: skip


def _event(of: Json, reason: str, message: str) -> Json:
    name = f"{of['metadata']['name']}-0"
    return {
        "metadata": {"name": f"{name}.{reason.lower()}"},
        "involvedObject": {"kind": "Pod", "name": name}, "type": "Warning", "reason": reason,
        "message": message, "count": 1, "lastTimestamp": now(),
    }  # fmt: skip


def _bytes(said: str) -> int:
    """`64Mi`; 0 where no limit is set."""
    return int(said[:-2]) * _KIBI[said[-2:]] if said else 0


def _resident(pid: int) -> int:
    """What a process has in memory now."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):  # it has ended
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
