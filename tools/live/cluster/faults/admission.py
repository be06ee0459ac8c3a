"""Pods that the API server does not let in: quotas, ranges, webhooks, rights, policies."""

import re
from collections.abc import Iterator

from incidents.cluster import FaultKind, Finding
from incidents.findings import Category
from tools.live.cluster.faults.wording import of_event, of_status, quote
from tools.live.cluster.snapshot import Snapshot

_HOW: tuple[tuple[str, FaultKind, str, Category], ...] = (
    (r"exceeded quota: (?P<what>\S+?),", FaultKind.QUOTA, "the quota {what} is used up",
     Category.INFRASTRUCTURE),
    (r"failed quota: (?P<what>\S+?): must specify", FaultKind.QUOTA,
     "the quota {what} wants each container to say what it needs", Category.INFRASTRUCTURE),
    (r"insufficient quota|quota", FaultKind.QUOTA, "a quota refuses them", Category.INFRASTRUCTURE),
    (r"failed calling webhook \"(?P<what>[^\"]+)\"", FaultKind.WEBHOOK_DOWN,
     "the admission webhook {what} does not answer", Category.INFRASTRUCTURE),
    (r"admission webhook \"(?P<what>[^\"]+)\" denied", FaultKind.WEBHOOK_REFUSES,
     "the admission webhook {what} refuses them", Category.INFRASTRUCTURE),
    (r"(?:maximum|minimum) (?:memory|cpu|ephemeral-storage|storage) usage per|max limit/request ratio|"
     r"(?:maximum|minimum) \S+ usage per (?:container|pod)", FaultKind.LIMIT_RANGE,
     "a LimitRange refuses them", Category.INFRASTRUCTURE),
    (r"serviceaccount \"(?P<what>[^\"]+)\" not found|service account \S+/(?P<other>[^:\s]+): serviceaccount",
     FaultKind.SERVICE_ACCOUNT, "the service account {what} does not exist", Category.INFRASTRUCTURE),
    (r"violates podsecurity \"(?P<what>[^\"]+)\"", FaultKind.ADMISSION,
     "pod security {what} refuses them", Category.DEPLOYMENT),
    (r"validatingadmissionpolicy '(?P<what>[^']+)'", FaultKind.ADMISSION,
     "the admission policy {what} refuses them", Category.DEPLOYMENT),
    (r"no priorityclass with name (?P<what>\S+)", FaultKind.ADMISSION,
     "the priority class {what} does not exist", Category.DEPLOYMENT),
    (r"user \"(?P<what>[^\"]+)\" cannot", FaultKind.RIGHT_MISSING, "{what} lacks a right",
     Category.INFRASTRUCTURE),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), kind, how, of) for pattern, kind, how, of in _HOW)
_REASONS = frozenset({"FailedCreate", "FailedCreatePod", "ReplicaSetCreateError"})
#: What else is refused than pods: the volume claims of a StatefulSet.
_KINDS = {
    "replicaset": "ReplicaSet", "statefulset": "StatefulSet", "daemonset": "DaemonSet", "job": "Job",
    "deployment": "Deployment", "cronjob": "CronJob",
}  # fmt: skip


def refused(seen: Snapshot) -> Iterator[Finding]:
    """What keeps controllers from making pods, by their conditions and, where these tell nothing, events."""
    told: set[str] = set()
    for one in seen.sets:
        failed = next(
            (c for c in one.status.conditions if c.type == "ReplicaFailure" and c.status == "True"), None
        )
        if failed is not None and one.status.replicas < one.spec.replicas:
            name = f"replicaset/{one.meta.name}"
            owner = seen.maker(one.meta) or name
            told |= {name, owner}
            yield _refusal(name, failed.message, of_status(name, failed.reason, failed.message), (owner,))
    for called, lacking in _lacking(seen):
        kind, _, name = called.partition("/")
        event = next((e for e in seen.told(_KINDS[kind], name) if e.reason in _REASONS), None)
        if event is not None and lacking not in told and called not in told:
            told.add(lacking)
            yield _refusal(called, event.message, of_event(event), (lacking,))


def _lacking(seen: Snapshot) -> Iterator[tuple[str, str]]:
    """What has fewer pods than it wants, with the workload that this concerns."""
    for one in seen.sets:
        if one.status.replicas < one.spec.replicas:
            yield f"replicaset/{one.meta.name}", seen.maker(one.meta) or f"replicaset/{one.meta.name}"
    for one in seen.workloads:
        if one.status.replicas < one.replicas and one.called.partition("/")[0] in _KINDS:
            yield one.called, one.called
    for job in seen.jobs:
        if not (job.status.active or job.status.succeeded or job.spec.suspend):
            yield f"job/{job.metadata.name}", f"job/{job.metadata.name}"


def _refusal(name: str, message: str, evidence: str, concerns: tuple[str, ...]) -> Finding:
    for pattern, kind, how, category in _COMPILED:
        if (found := pattern.search(message)) is not None:
            named = found.groupdict()
            what = quote(named.get("what") or named.get("other") or "", 100)
            say = how.format(what=what)
            why = _numbers(message) if kind is FaultKind.QUOTA else ""
            return Finding(
                kind=kind, object=name, sentence=f"its pods are not let in: {say}{why}", evidence=(evidence,),
                category=category, concerns=concerns,
            )  # fmt: skip
    return Finding(
        kind=FaultKind.ADMISSION, object=name, sentence=f"its pods are not let in: {quote(message, 160)}",
        evidence=(evidence,), concerns=concerns,
    )  # fmt: skip


def _numbers(message: str) -> str:
    found = re.search(r"requested: (.+?), used: (.+?), limited: (.+)$", message)
    return f" ({quote(found[2], 60)} of {quote(found[3], 60)})" if found else ""
