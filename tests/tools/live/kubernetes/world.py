"""A namespace made for a test: its objects in the form of the API, served, and patched where a test lets it.

A stand-in, not a server: it knows the paths that are asked for, resource versions and `test`, and answers a
path with what a test puts there instead.
"""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.tools.live.fakes.server import Answer, Asked, told

Json = dict[str, Any]
APPS = "/apis/apps/v1/namespaces/shop"
REVISION = "deployment.kubernetes.io/revision"
FORMER = "deployment.kubernetes.io/revision-history"
CAUSE = "kubernetes.io/change-cause"
RESTARTED = "kubectl.kubernetes.io/restartedAt"


def container(name: str, image: str, **more: object) -> Json:
    return {"name": name, "image": image, "imagePullPolicy": "IfNotPresent", "resources": {}, **more}


def template(*found: Json, annotations: Json | None = None, **spec: object) -> Json:
    notes = {"annotations": annotations} if annotations else {}
    return {
        "metadata": {"creationTimestamp": None, "labels": {"app": "till"}, **notes},
        "spec": {"containers": list(found), "restartPolicy": "Always", "securityContext": {}, **spec},
    }


def till(tag: str = "3.1", **more: object) -> Json:
    """The template of most tests: one container."""
    return template(container("till", f"registry.example.org/eu/till:{tag}", **more))


@dataclass
class Made:
    """One ReplicaSet: its template, when it was made, and which revisions it was."""

    template: Json
    created: str
    revisions: tuple[int, ...]
    pods: int = 0
    cause: str = ""

    def shown(self, name: str, owner: str) -> Json:
        inner = copy.deepcopy(self.template)
        inner["metadata"]["labels"]["pod-template-hash"] = name
        notes = {REVISION: str(self.revisions[-1])}
        if self.revisions[:-1]:
            notes[FORMER] = ",".join(map(str, self.revisions[:-1]))
        if self.cause:
            notes[CAUSE] = self.cause
        return {
            "metadata": {
                "name": f"till-{name}", "uid": f"s-{name}", "creationTimestamp": self.created,
                "annotations": notes,
                "ownerReferences": [{"kind": "Deployment", "name": "till", "uid": owner, "controller": True}],
            },
            "spec": {"replicas": self.pods, "template": inner},
            "status": {"replicas": self.pods, "availableReplicas": self.pods, "readyReplicas": self.pods},
        }  # fmt: skip


@dataclass
class World:
    """The deployment `till`, whose newest revision is the last ReplicaSet's.

    Attributes:
        made: its ReplicaSets, oldest first; they are called `till-a`, `till-b`, ...
        patched: called with the deployment after each patch that was kept.
        answers: by method and path, what is answered instead.
    """

    made: list[Made]
    replicas: int = 3
    meta: Json = field(default_factory=dict)
    spec: Json = field(default_factory=dict)
    status: Json = field(default_factory=dict)
    rolled_out: str = "2026-11-29T05:00:09Z"
    reason: str = "NewReplicaSetAvailable"
    objects: dict[str, list[Json]] = field(default_factory=dict)
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    patched: Callable[[Json], None] = lambda deployment: None
    patches: list[list[Json]] = field(default_factory=list)

    def __post_init__(self) -> None:
        newest = max(self.made, key=lambda one: one.revisions[-1])
        self.sets = [one.shown(chr(97 + place), "u-1") for place, one in enumerate(self.made)]
        progressing = {
            "type": "Progressing", "status": "True", "reason": self.reason, "lastUpdateTime": self.rolled_out,
        }  # fmt: skip
        notes = {REVISION: str(newest.revisions[-1])} | ({CAUSE: newest.cause} if newest.cause else {})
        extra = dict(self.meta)
        self.deployment: Json = {
            "metadata": {
                "name": "till", "namespace": "shop", "uid": "u-1", "generation": 9, "resourceVersion": "500",
                "creationTimestamp": "2026-11-01T08:00:00Z",
                "annotations": notes | extra.pop("annotations", {}), **extra,
            },
            "spec": {
                "replicas": self.replicas, "template": newest.template,
                "strategy": {"type": "RollingUpdate"}, **self.spec,
            },
            "status": {
                "observedGeneration": 9, "replicas": self.replicas, "updatedReplicas": self.replicas,
                "availableReplicas": self.replicas, "readyReplicas": self.replicas,
                "conditions": [progressing] if self.reason else [], **self.status,
            },
        }  # fmt: skip

    def __call__(self, asked: Asked) -> Answer:
        if (given := self.answers.get((asked.method, asked.path))) is not None:
            return given
        if asked.method == "PATCH":
            return self._patch(asked)
        if asked.path == f"{APPS}/deployments/till":
            return told(self.deployment)
        lists = {f"{APPS}/deployments": [self.deployment], f"{APPS}/replicasets": self.sets}
        kind = asked.path.rpartition("/")[2]
        found = lists.get(asked.path, self.objects.get(kind))
        if found is None:
            return refused(404, "NotFound", "the server could not find the requested resource")
        return told({"metadata": {}, "items": found})

    def _patch(self, asked: Asked) -> Answer:
        fresh = copy.deepcopy(self.deployment)
        operations = json.loads(asked.body)
        for one in operations:
            *path, last = [part.replace("~1", "/") for part in one["path"].split("/")[1:]]
            place = fresh
            for part in path:
                place = place[part]
            if one["op"] == "test" and place.get(last) != one["value"]:
                return refused(
                    422, "Invalid", "the server rejected our request due to an error in our request"
                )
            if one["op"] == "remove":
                del place[last]
            elif one["op"] != "test":
                place[last] = one["value"]
        if asked.one("dryRun") != "All":
            self.patches.append(operations)
            fresh["metadata"]["generation"] += 1
            self.deployment = fresh
            self.patched(fresh)
        return told(fresh)


def settles(deployment: Json) -> None:
    """The controller rolls out at once."""
    wanted = deployment["spec"]["replicas"]
    deployment["status"] |= dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), wanted)
    deployment["status"]["observedGeneration"] = deployment["metadata"]["generation"]


def refused(code: int, reason: str, message: str, **details: object) -> Answer:
    """A `Status` that declines."""
    status = {"kind": "Status", "status": "Failure", "reason": reason, "message": message, "code": code}
    return told(status | ({"details": details} if details else {}), code)


def scaler(least: int | None, most: int, *conditions: tuple[str, str, str], **more: Json) -> Json:
    """A HorizontalPodAutoscaler of the deployment; conditions as type, status, reason."""
    bounds = {"maxReplicas": most} | ({"minReplicas": least} if least is not None else {})
    return {
        "metadata": {"name": "till-size"} | more.get("metadata", {}),
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "till"}}
        | bounds
        | more.get("spec", {}),
        "status": {"conditions": [{"type": t, "status": s, "reason": r} for t, s, r in conditions]},
    }


HPAS = "horizontalpodautoscalers"
