"""Pods that no node takes: what the scheduler says, and what would have to be otherwise."""

import re
from collections.abc import Iterator, Sequence

from incidents.cluster import FaultKind, Finding, Standing
from incidents.findings import Category
from tools.live.cluster.faults.wording import listed, of_status, quote
from tools.live.cluster.objects import Condition
from tools.live.cluster.resources.base import amount
from tools.live.cluster.resources.pods import Pod
from tools.live.cluster.snapshot import Snapshot, is_over

_TAINT = re.compile(r"(?:untolerated taint\(?s?\)?|had taint) \{([^}]*)\}")
_SHORT = re.compile(r"insufficient ([a-z0-9./-]+)|(too many pods)", re.IGNORECASE)
_CLAIM = re.compile(r"persistentvolumeclaim \"([^\"]+)\" not found")
#: What the node controller taints nodes with that are ill: not the pod's tolerations are wrong then.
_ILL = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")
_WORDS = (
    (re.compile(r"node affinity/selector|didn't match node selector", re.I), FaultKind.NODE_SELECTOR),
    (_TAINT, FaultKind.TAINT),
    (re.compile(r"anti-affinity|pod affinity rules|topology spread", re.I), FaultKind.AFFINITY),
    (_SHORT, FaultKind.RESOURCES),
    (_CLAIM, FaultKind.CLAIM_MISSING),
    (re.compile(r"unbound immediate persistentvolumeclaims|find available persistent volumes|"
                r"non-existent pv|volume node affinity conflict|max volume count", re.I),
     FaultKind.CLAIM_UNBOUND),
    (re.compile(r"free ports for the requested", re.I), FaultKind.PORT_TAKEN),
    (re.compile(r"were unschedulable|no nodes available", re.I), FaultKind.NODE_DOWN),
)  # fmt: skip


def unscheduled(seen: Snapshot) -> Iterator[Finding]:
    """Each pod that waits for a node; what it waits for is told once per kind, the most telling first."""
    names = {node.metadata.name for node in seen.nodes}
    for pod in seen.pods:
        if is_over(pod) or pod.meta.deleted is not None:
            continue
        told = next((one for one in pod.status.conditions if one.type == "PodScheduled"), None)
        if told is not None and told.status == "False":
            yield from _why(seen, pod, told)
        elif pod.status.phase == "Pending" and told is None and not seen.young(pod.meta.created):
            yield _nobody(seen, pod, names)


def _why(seen: Snapshot, pod: Pod, told: Condition) -> Iterator[Finding]:
    message = told.message.partition(" preemption:")[0]
    kinds = [kind for pattern, kind in _WORDS if pattern.search(message)]
    kinds = [kind for kind in kinds if kind is not FaultKind.TAINT or _own_taints(message)] or kinds
    if kinds == [FaultKind.TAINT]:
        kinds = [FaultKind.TAINT if _own_taints(message) else FaultKind.NODE_DOWN]
    for kind in kinds or [FaultKind.UNSCHEDULED]:
        if kind is FaultKind.CLAIM_UNBOUND and _told_by_claim(seen, pod):
            continue  # the claim itself says why
        follows = kind is FaultKind.NODE_DOWN and (len(kinds) > 1 or _ill(seen))
        yield Finding(
            kind=kind, object=f"pod/{pod.meta.name}",
            sentence=f"no node takes the pod: {_say(seen, pod, kind, message)}",
            evidence=(of_status(f"pod/{pod.meta.name}", told.reason, told.message),),
            category=Category.INFRASTRUCTURE,
            standing=Standing.CONSEQUENCE if follows else Standing.CAUSE,
            concerns=seen.concerned(pod),
        )  # fmt: skip


def _ill(seen: Snapshot) -> bool:
    """Whether a node is told to be ill itself."""
    return any(
        one.type == "Ready" and one.status != "True" for node in seen.nodes for one in node.status.conditions
    )


def _told_by_claim(seen: Snapshot, pod: Pod) -> bool:
    known = {claim.metadata.name: claim for claim in seen.claims}
    return any(name in known and known[name].status.phase != "Bound" for name in pod.spec.claims())


def _own_taints(message: str) -> list[str]:
    found = (taint for said in _TAINT.findall(message) for taint in re.split(r",\s*(?=[a-zA-Z])", said))
    return [taint for taint in dict.fromkeys(found) if taint and not taint.startswith(_ILL)]


def _say(seen: Snapshot, pod: Pod, kind: FaultKind, message: str) -> str:
    if kind is FaultKind.NODE_SELECTOR:
        return _selector(seen, pod)
    if kind is FaultKind.TAINT:
        return f"it does not tolerate {listed(list(map(quote, _own_taints(message))))}"
    if kind is FaultKind.AFFINITY:
        spread = "spread" in message.lower() and "affinity" not in message.lower().replace(
            "node affinity", ""
        )
        return (
            "its topology spread constraints leave none"
            if spread
            else "its (anti-)affinity to pods leaves none"
        )
    if kind is FaultKind.RESOURCES:
        return _room(seen, pod, message)
    if kind is FaultKind.CLAIM_MISSING:
        found = _CLAIM.search(message)
        return f"the PersistentVolumeClaim {quote(found[1] if found else '')} does not exist"
    if kind is FaultKind.PORT_TAKEN:
        return "the port of the node that it wants is taken on each"
    if kind is FaultKind.NODE_DOWN:
        cordoned = [node.metadata.name for node in seen.nodes if node.spec.unschedulable]
        return (
            f"the nodes are cordoned ({listed(cordoned)})"
            if cordoned
            else "the nodes are not ready, or cordoned"
        )
    return quote(message, 160)


def _selector(seen: Snapshot, pod: Pod) -> str:
    wanted = [f"{name}={value}" for name, value in pod.spec.node_selector.items()]
    if not wanted:
        return "its node affinity fits none"
    fitting = [
        node.metadata.name
        for node in seen.nodes
        if all(node.metadata.labels.get(name) == value for name, value in pod.spec.node_selector.items())
    ]
    if fitting or not seen.nodes:
        return f"its node selector {quote(listed(wanted))} and affinity fit none that is free"
    given = {f"{name}={value}" for node in seen.nodes for name, value in node.metadata.labels.items()}
    lacking = [said for said in wanted if said not in given]
    return f"its node selector {quote(listed(lacking or wanted))} fits no node"


def _room(seen: Snapshot, pod: Pod, message: str) -> str:
    found = list(dict.fromkeys((one[0] or one[1]).lower() for one in _SHORT.findall(message)))
    said = [_compared(seen, pod, name.rstrip(".,")) for name in found]
    return (
        f"not enough {'; '.join(said)}" if "too many pods" not in found else "each has as many pods as it may"
    )


def _compared(seen: Snapshot, pod: Pod, name: str) -> str:
    """What is asked for beside what the largest node has."""
    asks = _sum(pod, name)
    most = max((amount(node.status.allocatable.get(name, 0)) or 0.0 for node in seen.nodes), default=0.0)
    if asks and seen.nodes and asks > most:
        return f"{name}: it asks for {_amount(asks, name)}, the largest node has {_amount(most, name)} in all"
    return f"{name}: it asks for {_amount(asks, name)}" if asks else name


def _sum(pod: Pod, name: str) -> float:
    def of(found: Sequence[object]) -> list[float]:
        return [value for one in found if (value := amount(one)) is not None]  # type: ignore[arg-type]

    main = of(
        [one.resources.requests.get(name, one.resources.limits.get(name, 0)) for one in pod.spec.containers]
    )
    first = of(
        [
            one.resources.requests.get(name, one.resources.limits.get(name, 0))
            for one in pod.spec.init_containers
        ]
    )
    return max(sum(main), max(first, default=0.0))


def _amount(value: float, name: str) -> str:
    if "memory" in name or "storage" in name:
        return f"{value / 2**30:.3g} GiB"
    return f"{value:g}"


def _nobody(seen: Snapshot, pod: Pod, names: set[str]) -> Finding:
    """A pod that no scheduler has looked at, or that is bound to a node that does not exist."""
    wanted, scheduler = pod.spec.node_name, pod.spec.scheduler_name
    if wanted and seen.nodes and wanted not in names:
        kind, why = (
            FaultKind.NODE_SELECTOR,
            f"it is bound to the node {quote(wanted, 80)}, which does not exist",
        )
    elif wanted:
        kind, why = FaultKind.NODE_DOWN, f"its node {quote(wanted, 80)} does not take it up"
    else:
        kind, why = FaultKind.UNSCHEDULED, f"the scheduler {quote(scheduler, 80)} has not looked at it"
    return Finding(
        kind=kind, object=f"pod/{pod.meta.name}", sentence=f"no node takes the pod: {why}",
        evidence=(f"pod/{pod.meta.name} is Pending since {pod.meta.created:%H:%M:%S}, without a condition",)
        if pod.meta.created is not None else (f"pod/{pod.meta.name} is Pending, without a condition",),
        concerns=seen.concerned(pod),
    )  # fmt: skip
