"""What the controllers of Deployments and autoscalers do, one step at a time.

As seen of Kubernetes 1.36: a template that was there before uses its ReplicaSet again under a new revision;
a paused Deployment gets its ReplicaSet and no pods; an autoscaler puts a size back some 15 s later.
"""

import copy
import hashlib
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from demo.cluster.namespace import Json, Namespace, now

REVISION = "deployment.kubernetes.io/revision"
FORMER = "deployment.kubernetes.io/revision-history"
CAUSE = "kubernetes.io/change-cause"
HASH = "pod-template-hash"
#: How often an autoscaler looks, in seconds.
_LOOKS = 15.0


def template_hash(template: Json) -> str:
    """What tells the ReplicaSets of a Deployment apart."""
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:9]


def roll_out(namespace: Namespace) -> None:
    """One step of the controller of Deployments."""
    with namespace.held():
        for deployment in namespace.all("deployments"):
            _keep_sets(namespace, deployment)
            namespace.put("deployments", deployment | {"status": _status(namespace, deployment)})


class Autoscalers:
    """The controller of HorizontalPodAutoscalers, which here measures nothing: it keeps their bounds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looked = clock()

    def step(self, namespace: Namespace) -> None:
        """Put back what is out of bounds, if it is time to look."""
        if self._clock() - self._looked < _LOOKS:
            return
        self._looked = self._clock()
        for one in namespace.all("horizontalpodautoscalers"):
            least, most = one["spec"].get("minReplicas", 1), one["spec"]["maxReplicas"]
            name = one["spec"]["scaleTargetRef"]["name"]

            def bound(found: Json, least: int = least, most: int = most) -> None:
                found["spec"]["replicas"] = max(least, min(most, found["spec"]["replicas"]))

            namespace.change("deployments", name, bound)


def _keep_sets(namespace: Namespace, deployment: Json) -> None:
    """A ReplicaSet for the template that is wanted, sized; the others of it have no pods."""
    sets = _sets_of(namespace, deployment)
    wanted = template_hash(deployment["spec"]["template"])
    newest = max((int(one["metadata"]["annotations"][REVISION]) for one in sets), default=0)
    current = next((one for one in sets if one["metadata"]["labels"][HASH] == wanted), None)
    notes = deployment["metadata"].setdefault("annotations", {})
    if current is None:
        current = _made(deployment, wanted, newest + 1)
        sets.append(current)
    elif int(current["metadata"]["annotations"][REVISION]) != newest:
        was = current["metadata"]["annotations"]
        was[FORMER] = ",".join(filter(None, [was.get(FORMER, ""), was[REVISION]]))
        was[REVISION] = str(newest + 1)
    revision = current["metadata"]["annotations"][REVISION]
    if notes.get(REVISION) != revision:
        notes[REVISION] = revision
        cause = {CAUSE: notes[CAUSE]} if CAUSE in notes else {}
        current["metadata"]["annotations"] |= cause
    if not deployment["spec"].get("paused"):
        for one in sets:
            one["spec"]["replicas"] = deployment["spec"]["replicas"] if one is current else 0
    else:
        _size_of_the_running(sets, deployment)
    for one in sets:
        namespace.put("replicasets", one)


def _size_of_the_running(sets: list[Json], deployment: Json) -> None:
    """A paused Deployment is still sized."""
    for one in sets:
        if one["spec"]["replicas"]:
            one["spec"]["replicas"] = deployment["spec"]["replicas"]


def _made(deployment: Json, wanted: str, revision: int) -> Json:
    template = copy.deepcopy(deployment["spec"]["template"])
    labels = template["metadata"].setdefault("labels", {})
    labels[HASH] = wanted
    name, made = deployment["metadata"]["name"], deployment["metadata"]["creationTimestamp"]
    owner = {
        "apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": deployment["metadata"]["uid"],
        "controller": True,
    }  # fmt: skip
    return {
        "metadata": {
            "name": f"{name}-{wanted}", "labels": dict(labels), "annotations": {REVISION: str(revision)},
            "ownerReferences": [owner], "creationTimestamp": made if revision == 1 else now(),
        },
        "spec": {"replicas": 0, "template": template},
        "status": {"replicas": 0},
    }  # fmt: skip


def _sets_of(namespace: Namespace, deployment: Json) -> list[Json]:
    uid = deployment["metadata"]["uid"]
    return [
        one for one in namespace.all("replicasets") if one["metadata"]["ownerReferences"][0]["uid"] == uid
    ]


def _status(namespace: Namespace, deployment: Json) -> Json:
    meta, spec = deployment["metadata"], deployment["spec"]
    pods = [
        one
        for one in namespace.all("pods")
        if one["metadata"]["labels"]["app"] == meta["name"]
    ]  # fmt: skip
    wanted = template_hash(spec["template"])
    updated = [one for one in pods if one["metadata"]["labels"][HASH] == wanted]
    ready = [one for one in pods if one["status"]["containerStatuses"][0]["ready"]]
    known = namespace.get("deployments", meta["name"]) or {}
    generation = known["metadata"]["generation"]
    status: dict[str, Any] = {
        "observedGeneration": generation, "replicas": len(pods), "updatedReplicas": len(updated),
        "readyReplicas": len(ready), "availableReplicas": len(ready),
    }  # fmt: skip
    complete = len(updated) == len(pods) == len(ready) == spec["replicas"]
    status["conditions"] = [
        _progressing(known.get("status", {}), deployment, complete, generation),
        {
            "type": "Available", "status": "True" if len(ready) >= spec["replicas"] else "False",
            "reason": "MinimumReplicasAvailable" if ready else "MinimumReplicasUnavailable",
        },
    ]  # fmt: skip
    return status


def _progressing(was: Json, deployment: Json, complete: bool, generation: int) -> Json:
    """It tells since when it is so; a rollout that takes too long has failed, though it goes on."""
    known: Json | None = next(
        (one for one in was.get("conditions", ()) if one["type"] == "Progressing"), None
    )
    reason, status = ("NewReplicaSetAvailable", "True") if complete else ("ReplicaSetUpdated", "True")
    if deployment["spec"].get("paused"):
        reason, status = "DeploymentPaused", "Unknown"
    same_change = was.get("observedGeneration") == generation
    if known is not None and same_change and reason == "ReplicaSetUpdated":
        if known["reason"] == "NewReplicaSetAvailable":
            return known  # a pod that ends later is no rollout
        limit = deployment["spec"].get("progressDeadlineSeconds", 600)
        age = (datetime.now(UTC) - datetime.fromisoformat(known["lastUpdateTime"])).total_seconds()
        if known["reason"] == "ProgressDeadlineExceeded" or age > limit:
            reason, status = "ProgressDeadlineExceeded", "False"
    if known is not None and (known["reason"], same_change) == (reason, True):
        return known
    first = known is None or (complete and generation == 1)
    at = deployment["metadata"]["creationTimestamp"] if first else now()
    return {"type": "Progressing", "status": status, "reason": reason, "lastUpdateTime": at}
