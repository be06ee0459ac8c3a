"""The part of Kubernetes' API that deployments need, with a small controller; not a server that is shipped.

Written from what was seen on a real API server: resource versions, JSON patch with `test` (a failed one is
a 422), `dryRun=All`, revisions that move to the newest ReplicaSet, an old `Progressing=False` that stays
until the controller has seen the change. The controller takes one step each time the deployment is read.
"""

import copy
import json
import threading
from typing import TYPE_CHECKING, Any

from tests.tools.live.fakes.server import Answer, Asked, told

REVISION = "deployment.kubernetes.io/revision"
CAUSE = "kubernetes.io/change-cause"
TOKEN = "kube-token-1"
ROOT = "/apis/apps/v1/namespaces/shop"

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]


def _template(version: str) -> Json:
    image = f"registry.local:5000/checkout:{version}"
    return {
        "metadata": {"labels": {"app": "checkout"}},
        "spec": {"containers": [{"name": "a", "image": image}]},
    }


def _set(revision: int, version: str, created: str, cause: str) -> Json:
    template = _template(version)
    template["metadata"]["labels"]["pod-template-hash"] = f"h{revision}"
    return {
        "metadata": {
            "name": f"checkout-h{revision}",
            "uid": f"set-{revision}",
            "creationTimestamp": created,
            "annotations": {REVISION: str(revision)} | ({CAUSE: cause} if cause else {}),
            "ownerReferences": [{"uid": "dep-1", "controller": True, "kind": "Deployment"}],
        },
        "spec": {"replicas": 0, "template": template},
    }


class FakeKubernetes:
    """One deployment, `checkout`, that went from 1.0 to 2.0.

    Args:
        never: versions of which no pod becomes available.
    """

    def __init__(self, never: tuple[str, ...] = ()) -> None:
        self.never = never
        self.patches = 0
        self.interfere: Callable[[FakeKubernetes], None] | None = None
        self._lock = threading.Lock()
        self.sets = [
            _set(1, "1.0", "2026-03-10T09:00:00Z", "release 1.0: faster totals"),
            _set(2, "2.0", "2026-03-12T10:16:00Z", ""),
        ]
        stranger = _set(3, "7.7", "2026-03-12T11:00:00Z", "")
        stranger["metadata"]["ownerReferences"] = [{"uid": "somebody-else", "controller": True}]
        self.others = [stranger]
        stale = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
        self.deployment: Json = {
            "metadata": {
                "name": "checkout",
                "uid": "dep-1",
                "generation": 2,
                "resourceVersion": "100",
                "annotations": {REVISION: "2"},
            },
            "spec": {"replicas": 2, "template": _template("2.0")},
            "status": {
                "observedGeneration": 2,
                "replicas": 2,
                "updatedReplicas": 2,
                "availableReplicas": 2,
                "conditions": [stale | {"lastUpdateTime": "2026-03-12T10:17:00Z"}],
            },
        }

    @property
    def version(self) -> str:
        return str(self.deployment["spec"]["template"]["spec"]["containers"][0]["image"]).rpartition(":")[2]

    def __call__(self, asked: Asked) -> Answer:
        with self._lock:
            if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
                return told({"kind": "Status", "message": "Unauthorized", "code": 401}, 401)
            if asked.method == "PATCH":
                return self._patch(asked)
            reads: dict[str, Callable[[], Json]] = {
                f"{ROOT}/deployments": lambda: {"metadata": {}, "items": [self._read()]},
                f"{ROOT}/deployments/checkout": self._read,
                f"{ROOT}/replicasets": lambda: self._sets(asked),
            }
            if asked.path in reads:
                return told(reads[asked.path]())
            name = asked.path.rpartition("/")[2]
            return told({"kind": "Status", "message": f'deployments.apps "{name}" not found'}, 404)

    def _read(self) -> Json:
        shown = copy.deepcopy(self.deployment)
        self._step()
        return shown

    def _sets(self, asked: Asked) -> Json:
        """Two pages, whatever the limit says."""
        if asked.one("continue"):
            return {"metadata": {}, "items": self.sets[1:]}
        return {"metadata": {"continue": "next"}, "items": [*self.others, self.sets[0]]}

    def _patch(self, asked: Asked) -> Answer:
        if asked.headers.get("Content-Type") != "application/json-patch+json":
            return told({"message": "unsupported media type"}, 415)
        if self.interfere is not None and asked.one("dryRun") != "All":
            self.interfere(self)
        fresh = copy.deepcopy(self.deployment)
        for operation in json.loads(asked.body):
            if not _apply(fresh, operation):
                said = f"the server rejected our request due to an error in our request: {operation['op']}"
                return told({"kind": "Status", "message": said, "code": 422}, 422)
        if asked.one("dryRun") != "All":
            self.patches += 1
            self.deployment = fresh
            self._bump()
            fresh["metadata"]["generation"] += 1
        return told(fresh)

    def _bump(self) -> None:
        meta = self.deployment["metadata"]
        meta["resourceVersion"] = str(int(meta["resourceVersion"]) + 1)

    def _step(self) -> None:
        """The controller: sees a change, brings pods up one read later."""
        meta, spec, status = (self.deployment[part] for part in ("metadata", "spec", "status"))
        if status["observedGeneration"] < meta["generation"]:
            self._bump()
            status["observedGeneration"] = meta["generation"]
            status["conditions"] = [{"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}]
            status |= {"updatedReplicas": 0, "availableReplicas": 1, "replicas": spec["replicas"] + 1}
            self._newest()
        elif status["updatedReplicas"] != spec["replicas"] and self.version not in self.never:
            self._bump()
            status |= dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), spec["replicas"])
        elif self.version in self.never and status["updatedReplicas"] == 0:
            status["conditions"] = [
                {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
            ]

    def _newest(self) -> None:
        """The ReplicaSet of the template gets the next revision."""
        meta = self.deployment["metadata"]
        same = [one for one in self.sets if _version(one) == self.version]
        current = max(self.sets, key=lambda one: int(one["metadata"]["annotations"][REVISION]))
        if same and same[-1] is not current:
            revision = str(int(current["metadata"]["annotations"][REVISION]) + 1)
            same[-1]["metadata"]["annotations"][REVISION] = meta["annotations"][REVISION] = revision


def _version(workload: Json) -> str:
    return str(workload["spec"]["template"]["spec"]["containers"][0]["image"]).rpartition(":")[2]


def _apply(document: Json, operation: Json) -> bool:
    """RFC 6902, as far as it is used."""
    *path, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    place = document
    for part in path:
        place = place[part]
    if operation["op"] == "test":
        return bool(place.get(last) == operation["value"])
    if operation["op"] == "remove":
        return place.pop(last, None) is not None
    place[last] = operation["value"]
    return True
