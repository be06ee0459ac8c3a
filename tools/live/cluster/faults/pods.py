"""Pods as a whole: evicted, turned away, without network or volumes, or that do not end."""

import re
from collections.abc import Iterator
from datetime import timedelta

from incidents.cluster import FaultKind, Finding, Standing
from incidents.findings import Category
from tools.live.cluster.faults.configured import MISSING, missing_config
from tools.live.cluster.faults.wording import of_event, of_status, quote
from tools.live.cluster.neighbours import Event
from tools.live.cluster.resources.pods import Pod
from tools.live.cluster.snapshot import RECENT, Snapshot

#: Why a node turned a pod away that was bound to it.
_TURNED = re.compile(
    r"^(OutOf\w+|NodeAffinity|NodePorts|UnexpectedAdmissionError|NodeShutdown|Terminated|Shutdown|NodeLost|"
    r"TopologyAffinityError|AppArmor|PodOSNotSupported|Preempting)$"
)
#: A pod may take as long to end beyond its own grace period.
_ENDS = timedelta(minutes=5)


def pods(seen: Snapshot) -> Iterator[Finding]:
    """What became of each pod."""
    for pod in seen.pods:
        if pod.status.phase == "Failed":
            yield from _failed(seen, pod)
        elif pod.meta.deleted is not None:
            yield from _ending(seen, pod)
        elif not any(one.state.running for one in pod.status.containers):
            yield from _waiting(seen, pod)


def _failed(seen: Snapshot, pod: Pod) -> Iterator[Finding]:
    reason, message = pod.status.reason, pod.status.message
    if not _recently(seen, pod) or not reason:
        return
    evidence = (of_status(f"pod/{pod.meta.name}", reason, message),)
    if reason == "Evicted":
        yield Finding(
            kind=FaultKind.EVICTED, object=f"pod/{pod.meta.name}", evidence=evidence,
            sentence=f"its node evicted the pod: {quote(message, 160)}", concerns=seen.concerned(pod),
        )  # fmt: skip
    elif _TURNED.match(reason):
        yield Finding(
            kind=FaultKind.TURNED_AWAY, object=f"pod/{pod.meta.name}", evidence=evidence,
            sentence=f"its node turned the pod away ({quote(reason, 60)}): {quote(message, 160)}",
            standing=Standing.SIGN, concerns=seen.concerned(pod),
        )  # fmt: skip


def _recently(seen: Snapshot, pod: Pod) -> bool:
    times = [one.since for one in pod.status.conditions if one.since is not None]
    ended = [one.state.terminated for one in pod.status.containers]
    times += [one.finished for one in ended if one is not None and one.finished is not None]
    last = max(times, default=pod.status.started or pod.meta.created)
    return last is not None and seen.at - last <= RECENT


def _ending(seen: Snapshot, pod: Pod) -> Iterator[Finding]:
    asked = pod.meta.deleted
    if asked is None or seen.at - asked < _ENDS:
        return
    yield Finding(
        kind=FaultKind.STUCK_ENDING, object=f"pod/{pod.meta.name}",
        sentence=f"the pod was to end by {asked:%H:%M:%S} and is still there",
        evidence=(f"pod/{pod.meta.name} has the deletionTimestamp {asked:%Y-%m-%d %H:%M:%S}",),
        standing=Standing.SIGN, concerns=seen.concerned(pod),
    )  # fmt: skip


def _waiting(seen: Snapshot, pod: Pod) -> Iterator[Finding]:
    """What keeps the containers of a pod from being made, which its node tells in events alone."""
    for event in seen.told("Pod", pod.meta.name):
        if event.reason in {"FailedMount", "FailedAttachVolume", "FailedMapVolume"}:
            if not event.message.startswith("Unable to attach or mount volumes"):
                yield _volume(seen, pod, event)
                return
        elif event.reason in {"FailedCreatePodSandBox", "NetworkNotReady", "FailedCreatePodContainer"}:
            yield _sandbox(seen, pod, event)
            return


def _volume(seen: Snapshot, pod: Pod, event: Event) -> Finding:
    found = MISSING.search(event.message)
    kind, why = FaultKind.VOLUME, quote(event.message, 160)
    if found is not None:
        kind, why = missing_config(found)
    elif "multi-attach" in event.message.lower():
        why = f"the volume is in use on another node: {quote(event.message, 120)}"
    return Finding(
        kind=kind, object=f"pod/{pod.meta.name}",
        sentence=f"a volume of the pod cannot be mounted: {why}",
        evidence=(of_event(event),), concerns=seen.concerned(pod),
    )  # fmt: skip


def _sandbox(seen: Snapshot, pod: Pod, event: Event) -> Finding:
    text = event.message.lower()
    why = "its node cannot make it"
    if "ip" in text and re.search(
        r"no (ip|available)|exhaust|no addresses|failed to allocate|all.*in use", text
    ):
        why = "there is no address left for it"
    elif re.search(r"network|cni", text):
        why = "its node cannot connect it to the network"
    elif "runtimeclass" in text or "runtime handler" in text or "no runtime for" in text:
        why = "its node does not have the runtime class that it wants"
    return Finding(
        kind=FaultKind.SANDBOX, object=f"pod/{pod.meta.name}", category=Category.INFRASTRUCTURE,
        sentence=f"the pod does not begin: {why}", evidence=(of_event(event),), concerns=seen.concerned(pod),
    )  # fmt: skip
