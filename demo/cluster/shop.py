"""The shop as it is kept by Deployments: what people do to it, they do to those."""

import json
import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from demo.catalogue import DEPLOYED, FIRST_VERSIONS
from demo.changes import Change
from demo.cluster.api import Api
from demo.cluster.controllers import CAUSE, REVISION, Autoscalers, roll_out
from demo.cluster.kubelet import Kubelet
from demo.cluster.namespace import Json, Namespace, now
from demo.launcher import Shop
from demo.processes import NotReadyError, wait_for

REGISTRY = "registry.shop.example"
#: A release that the other shop does not have, and on which it is built.
CRASHING, _BASE = "2026.11.5", "2026.11.1"
#: Between two steps of the controllers, in seconds.
_STEP = 0.2
#: What the shop begins with is told to have been released so long ago, as elsewhere in the demo it is.
_RAN_BEFORE = timedelta(days=2)


class ClusterShop(Shop):
    """The shop on the stand-in for Kubernetes; used as `Shop` is."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        _lay_out(self.folder / "releases" / "checkout")
        self.namespace = Namespace()
        self.api = Api(self.namespace)
        self._kubelet = Kubelet(self, self.namespace)
        self._over = threading.Event()
        self._steps = threading.Thread(target=self._go_on, daemon=True)
        self._failed: Exception | None = None

    def __enter__(self) -> Self:
        super().__enter__()
        for name, version in FIRST_VERSIONS.items():
            self.namespace.put("deployments", _deployment(name, version))
        self._steps.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._steps.ident is not None:
            self._steps.join()
        self.api.close()
        super().__exit__(kind, error, trace)

    def check(self) -> None:
        """Complains like `Shop.check`, and if the controllers have ended."""
        super().check()
        if self._failed is not None:
            raise NotReadyError(f"the cluster's controllers have ended: {self._failed!r}")

    def deploy(
        self,
        service: str,
        version: str,
        *,
        author: str | None = None,
        summary: str | None = None,
        settle: bool = True,
    ) -> Change:
        """Sets the image, as `kubectl set image` does, and waits until the rollout is complete."""

        def image(found: Json) -> None:
            found["metadata"]["annotations"][CAUSE] = summary or f"release {version}"
            _first_container(found)["image"] = f"{REGISTRY}/{service}:{version}"

        before = self.releases.version(service)
        return self._changed(service, image, ("deploy", before, version), author, settle=settle)

    def limit_memory(self, service: str, limit: str, *, author: str) -> Change:
        """Sets how much memory its container may use, such as `64Mi`; does not wait."""

        def resources(found: Json) -> None:
            found["metadata"]["annotations"][CAUSE] = f"memory limit {limit}"
            _first_container(found)["resources"] = {"limits": {"memory": limit}}

        version = self.releases.version(service)
        return self._changed(service, resources, ("config", version, version), author, settle=False)

    def autoscale(self, service: str, least: int, most: int) -> None:
        """Lets an autoscaler keep its size between two bounds; it gets no metrics."""
        blind = {"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric"}
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": service}
        spec = {"scaleTargetRef": target, "minReplicas": least, "maxReplicas": most}
        found = {"metadata": {"name": service}, "spec": spec, "status": {"conditions": [blind]}}
        self.namespace.put("horizontalpodautoscalers", found)

    def pause(self, service: str) -> None:
        """Pauses its rollouts, as `kubectl rollout pause` does."""
        self.namespace.change("deployments", service, lambda found: found["spec"].update(paused=True))

    def _changed(
        self,
        service: str,
        how: Callable[[Json], None],
        told: tuple[str, str, str],
        author: str | None,
        *,
        settle: bool,
    ) -> Change:
        kind, before, after = told
        self.namespace.change("deployments", service, how)

        def rolled_out() -> str | None:
            found = self.namespace.get("deployments", service) or {}
            seen = found["status"]["observedGeneration"] == found["metadata"]["generation"]
            done = found["status"]["conditions"][0]["reason"] == "NewReplicaSetAvailable"
            revision: str = found["metadata"]["annotations"][REVISION]
            return revision if seen and (done or not settle) else None

        revision = wait_for(f"rollout of {service} {after}", rolled_out, seconds=120)
        return Change(
            time=now(), id=f"{service}-r{revision}", service=service, kind=kind, version_from=before,
            version_to=after, author=author or "release bot", summary="", commit="",
        )  # fmt: skip

    def _go_on(self) -> None:
        """The controllers and the kubelet, one step after the other, until the shop is stopped."""
        autoscalers = Autoscalers()
        try:
            while not self._over.wait(_STEP):
                autoscalers.step(self.namespace)
                roll_out(self.namespace)
                self._kubelet.step()
                roll_out(self.namespace)
        except Exception as error:  # noqa: BLE001 - the thread's edge: `check` tells it
            self._failed = error


def _lay_out(folder: Path) -> None:
    target = folder / CRASHING
    shutil.copytree(folder / _BASE, target)
    shutil.copyfile(Path(__file__).parent / "crashing" / "app.py", target / "app.py")
    about = json.loads((target / "release.json").read_text())
    (target / "release.json").write_text(
        json.dumps(about | {"version": CRASHING, "author": "Tomas Reyes", "summary": "Cards from the vault"})
    )


def _first_container(deployment: Json) -> Json:
    found: Json = deployment["spec"]["template"]["spec"]["containers"][0]
    return found


def _deployment(name: str, version: str) -> Json:
    container = {"name": name, "image": f"{REGISTRY}/{name}:{version}", "imagePullPolicy": "IfNotPresent"}
    released = datetime.now(UTC) - _RAN_BEFORE
    return {
        "metadata": {
            "name": name, "labels": {"app": name}, "annotations": {CAUSE: f"release {version}"},
            "creationTimestamp": f"{released:%Y-%m-%dT%H:%M:%SZ}",
        },
        "spec": {
            "replicas": DEPLOYED[name].started, "progressDeadlineSeconds": 60,
            "selector": {"matchLabels": {"app": name}}, "strategy": {"type": "Recreate"},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
        },
    }  # fmt: skip
