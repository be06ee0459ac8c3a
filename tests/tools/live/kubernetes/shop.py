"""A shop in a namespace, in the form in which the API of Kubernetes 1.32 and later serves it; all is well in it.

A stand-in, not a server: it lists by path, selects by labels and fields, pages, gives logs, and refuses what a
test tells it to. Tests break it by changing its objects. `frontend` calls `cart`, `cart` calls `redis`.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.agents.stage import NOW
from tests.tools.live.fakes.server import Answer, Asked, told

Json = dict[str, Any]
NAMESPACE = "shop"
SYSTEM = "kube-system"
COREFILE = """.:53 {
    errors
    health { lameduck 5s }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa { pods insecure }
    forward . /etc/resolv.conf
    cache 30
}
"""
#: Where each kind is: its group and version, its plural, whether it has a namespace.
KINDS = {
    "Pod": ("v1", "pods", True),
    "Service": ("v1", "services", True),
    "Event": ("v1", "events", True),
    "Node": ("v1", "nodes", False),
    "ConfigMap": ("v1", "configmaps", True),
    "Secret": ("v1", "secrets", True),
    "PersistentVolumeClaim": ("v1", "persistentvolumeclaims", True),
    "Deployment": ("apps/v1", "deployments", True),
    "ReplicaSet": ("apps/v1", "replicasets", True),
    "StatefulSet": ("apps/v1", "statefulsets", True),
    "DaemonSet": ("apps/v1", "daemonsets", True),
    "ControllerRevision": ("apps/v1", "controllerrevisions", True),
    "EndpointSlice": ("discovery.k8s.io/v1", "endpointslices", True),
    "Ingress": ("networking.k8s.io/v1", "ingresses", True),
    "IngressClass": ("networking.k8s.io/v1", "ingressclasses", False),
    "NetworkPolicy": ("networking.k8s.io/v1", "networkpolicies", True),
    "HorizontalPodAutoscaler": ("autoscaling/v2", "horizontalpodautoscalers", True),
    "PodDisruptionBudget": ("policy/v1", "poddisruptionbudgets", True),
    "StorageClass": ("storage.k8s.io/v1", "storageclasses", False),
    "Job": ("batch/v1", "jobs", True),
    "CronJob": ("batch/v1", "cronjobs", True),
    "Application": ("argoproj.io/v1alpha1", "applications", True),
    "HelmRelease": ("helm.toolkit.fluxcd.io/v2", "helmreleases", True),
    "Kustomization": ("kustomize.toolkit.fluxcd.io/v1", "kustomizations", True),
}


def ago(minutes: float) -> str:
    return (NOW - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def made(kind: str, name: str, namespace: str | None = NAMESPACE, minutes: float = 3000, **rest: Any) -> Json:
    """An object with the metadata that every one has."""
    api, plural, spaced = KINDS[kind]
    meta = {
        "name": name, "uid": f"uid-{plural}-{name}", "resourceVersion": "4711", "creationTimestamp": ago(minutes),
        **({"namespace": namespace} if spaced else {}), **rest.pop("metadata", {}),
    }  # fmt: skip
    return {"apiVersion": api, "kind": kind, "metadata": meta, **rest}


def container(name: str, port: int, **more: Any) -> Json:
    probe = {
        "httpGet": {"path": "/healthz", "port": port, "scheme": "HTTP"}, "initialDelaySeconds": 5,
        "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3,
    }  # fmt: skip
    return {
        "name": name, "image": f"registry.example.org/shop/{name}:1.4.0", "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": "http", "containerPort": port, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "readinessProbe": deepcopy(probe),
        "livenessProbe": probe | {"initialDelaySeconds": 30, "failureThreshold": 6},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", **more,
    }  # fmt: skip


def conditions(ready: bool, reason: str = "", message: str = "", minutes: float = 200) -> list[Json]:
    state = "True" if ready else "False"
    why = {"reason": reason, "message": message} if reason else {}
    found = [
        {"type": "PodReadyToStartContainers", "status": "True"}, {"type": "Initialized", "status": "True"},
        {"type": "Ready", "status": state, **why}, {"type": "ContainersReady", "status": state, **why},
        {"type": "PodScheduled", "status": "True"},
    ]  # fmt: skip
    return [{"lastProbeTime": None, "lastTransitionTime": ago(minutes), **one} for one in found]


@dataclass
class Shop:
    """The objects of the cluster, by kind; `refuses` are plurals that are answered with a 403."""

    objects: list[Json] = field(default_factory=list)
    logs: dict[tuple[str, bool], str] = field(default_factory=dict)
    refuses: tuple[str, ...] = ()
    page: int = 0

    def __post_init__(self) -> None:
        for name in ("n1", "n2"):
            self.objects.append(self._node(name))
        self._workload("Deployment", "frontend", 8080, env=[("CART_ADDR", "cart:7070"), ("LOG", "info")])
        self._workload("Deployment", "cart", 7070, env=[("REDIS_URL", "redis://redis.shop.svc:6379/0")])
        self._workload("StatefulSet", "redis", 6379, claim="data-redis-0")
        self._beside()

    # --- what tests reach for ---------------------------------------------------------------------------

    def of(self, kind: str, name: str = "") -> list[Json]:
        return [o for o in self.objects if o["kind"] == kind and o["metadata"]["name"].startswith(name)]

    def one(self, kind: str, name: str) -> Json:
        return next(o for o in self.objects if o["kind"] == kind and o["metadata"]["name"] == name)

    def template(self, name: str) -> Json:
        found: Json = self._kept(name)["spec"]["template"]["spec"]
        return found

    def _kept(self, name: str) -> Json:
        return next(
            o
            for o in self.objects
            if o["kind"] in {"Deployment", "StatefulSet"} and o["metadata"]["name"] == name
        )

    def pods(self, name: str) -> list[Json]:
        return [o for o in self.of("Pod") if o["metadata"]["labels"].get("app") == name]

    def spec(self, name: str) -> list[Json]:
        """The pod specs of a workload: its template's and its pods', to be changed together."""
        sets = [o["spec"]["template"]["spec"] for o in self.of("ReplicaSet", f"{name}-")]
        return [self.template(name), *sets, *(pod["spec"] for pod in self.pods(name))]

    def event(
        self, kind: str, name: str, reason: str, message: str, *, minutes: float = 2, count: int = 5,
        field_path: str = "", new: bool = False,
    ) -> Json:  # fmt: skip
        """An event; `new`: as the newer API writes it, without `count` and times."""
        api, _, _ = KINDS.get(kind, ("v1", "", True))
        about = {"apiVersion": api, "kind": kind, "name": name, "namespace": NAMESPACE, "uid": f"uid-{name}"}
        about |= {"fieldPath": field_path} if field_path else {}
        micro = ago(minutes).replace("Z", ".000000Z")
        times: Json = (
            {"eventTime": micro, "reportingComponent": "kubelet", "reportingInstance": "n1", "action": "Probing",
             "series": {"count": count, "lastObservedTime": micro}, "firstTimestamp": None, "lastTimestamp": None}
            if new
            else {"eventTime": None, "count": count, "firstTimestamp": ago(minutes + 10),
                  "lastTimestamp": ago(minutes), "source": {"component": "kubelet", "host": "n1"},
                  "reportingComponent": "kubelet", "reportingInstance": "n1"}
        )  # fmt: skip
        found = made(
            "Event", f"{name}.{len(self.objects):x}", minutes=minutes + 10, involvedObject=about, type="Warning",
            reason=reason, message=message, **times,
        )  # fmt: skip
        self.objects.append(found)
        return found

    def stand(
        self, name: str, *, ready: bool = False, initial: bool = False, place: int = 0, **status: Any
    ) -> None:
        """Each pod's container stands otherwise, and nothing of the workload can be used."""
        for pod in self.pods(name):
            kind = "initContainerStatuses" if initial else "containerStatuses"
            one = pod["status"][kind][place]
            one |= {"ready": ready, "started": False, **status}
            if not ready:
                pod["status"]["conditions"] = conditions(
                    False, "ContainersNotReady", f"containers with unready status: [{one['name']}]", 9
                )
                if "waiting" in one["state"] and "lastState" not in status:
                    pod["status"]["phase"] = "Pending"
        if not ready:
            self.without(name)

    def without(self, name: str) -> None:
        """None of a workload's pods can be used; its slices say so."""
        self._kept(name)["status"] |= {"availableReplicas": 0, "readyReplicas": 0}
        for one in self.of("EndpointSlice", name):
            for point in one["endpoints"]:
                point["conditions"] = {"ready": False, "serving": False, "terminating": False}

    def unmade(self, name: str) -> None:
        """The pods of a workload are not there at all."""
        gone = [id(pod) for pod in self.pods(name)]
        self.objects = [one for one in self.objects if id(one) not in gone]
        self._kept(name)["status"] |= {"replicas": 0, "availableReplicas": 0, "readyReplicas": 0}
        for one in self.of("ReplicaSet", f"{name}-"):
            one["status"] = {"replicas": 0, "observedGeneration": 3}
        for one in self.of("EndpointSlice", name):
            one["endpoints"] = []

    def unscheduled(self, name: str, message: str) -> None:
        for pod in self.pods(name):
            pod["spec"].pop("nodeName", None)
            pod["status"] = {"phase": "Pending", "qosClass": "Burstable", "conditions": [{
                "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message,
                "lastProbeTime": None, "lastTransitionTime": ago(9),
            }]}  # fmt: skip
        self.without(name)

    def starting(self, name: str) -> None:
        """Each pod is on a node and its containers are not made yet."""
        for pod in self.pods(name):
            pod["status"]["phase"] = "Pending"
            pod["status"]["startTime"] = ago(9)
        self.stand(name, state={"waiting": {"reason": "ContainerCreating"}}, restartCount=0)

    def crash(self, name: str, log: str, code: int = 1, reason: str = "Error") -> None:
        ended = {
            "exitCode": code, "reason": reason, "startedAt": ago(2.2), "finishedAt": ago(2),
            "containerID": "containerd://77",
        }  # fmt: skip
        self.stand(
            name, restartCount=6, lastState={"terminated": ended},
            state={"waiting": {"reason": "CrashLoopBackOff", "message": f"back-off 5m0s restarting failed container={name}"}},
        )  # fmt: skip
        for pod in self.pods(name):
            self.logs[pod["metadata"]["name"], True] = log
            self.event(
                "Pod", pod["metadata"]["name"], "BackOff", f"Back-off restarting failed container {name}"
            )

    # --- how it is made ---------------------------------------------------------------------------------

    def _node(self, name: str) -> Json:
        healthy = [
            {"type": kind, "status": "False", "reason": f"KubeletHasSufficient{kind}", "message": "ok",
             "lastHeartbeatTime": ago(0.2), "lastTransitionTime": ago(9000)}
            for kind in ("MemoryPressure", "DiskPressure", "PIDPressure")
        ]  # fmt: skip
        ready = {
            "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status",
            "lastHeartbeatTime": ago(0.2), "lastTransitionTime": ago(9000),
        }  # fmt: skip
        size = {"cpu": "4", "memory": "16Gi", "pods": "110", "ephemeral-storage": "95551679124"}
        return made(
            "Node", name, minutes=9000, metadata={"labels": {"kubernetes.io/hostname": name, "disk": "hdd"}},
            spec={"providerID": f"kind://{name}"},
            status={"conditions": [*healthy, ready], "capacity": size, "allocatable": size},
        )  # fmt: skip

    def _workload(
        self, kind: str, name: str, port: int, env: list[tuple[str, str]] | None = None, claim: str = ""
    ) -> None:
        variables = {"env": [{"name": key, "value": value} for key, value in env]} if env else {}
        spec: Json = {
            "containers": [container(name, port, **variables)], "restartPolicy": "Always", "dnsPolicy": "ClusterFirst",
            "terminationGracePeriodSeconds": 30, "serviceAccountName": "default", "schedulerName": "default-scheduler",
            "securityContext": {},
        }  # fmt: skip
        if claim:
            spec["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]
        labels = {"app": name, "app.kubernetes.io/part-of": "shop"}
        count = 1 if claim else 2
        whole = {
            "replicas": count,
            "readyReplicas": count,
            "availableReplicas": count,
            "updatedReplicas": count,
        }
        fine = [
            {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable", "message": "ok",
             "lastUpdateTime": ago(200), "lastTransitionTime": ago(200)},
            {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable", "message": "ok",
             "lastUpdateTime": ago(200), "lastTransitionTime": ago(200)},
        ]  # fmt: skip
        template = {"metadata": {"labels": labels}, "spec": spec}
        common = {"replicas": count, "selector": {"matchLabels": {"app": name}}, "template": template}
        revision = {"annotations": {"deployment.kubernetes.io/revision": "3"}, "labels": labels}
        owner = f"{name}-5d9c7b"
        if kind == "Deployment":
            self.objects.append(made(
                kind, name, metadata={**revision, "generation": 3},
                spec={**common, "strategy": {"type": "RollingUpdate"}, "progressDeadlineSeconds": 600},
                status={"observedGeneration": 3, **whole, "conditions": fine},
            ))  # fmt: skip
            self.objects.append(made(
                "ReplicaSet", owner,
                metadata={**revision, "ownerReferences": [self._owner(kind, name)]},
                spec=deepcopy(common), status={"observedGeneration": 3, "replicas": count, "readyReplicas": count,
                                               "availableReplicas": count, "fullyLabeledReplicas": count},
            ))  # fmt: skip
        else:
            self.objects.append(made(
                kind, name, metadata={"labels": labels, "generation": 3},
                spec={**common, "serviceName": name, "podManagementPolicy": "OrderedReady",
                      "updateStrategy": {"type": "RollingUpdate"}},
                status={"observedGeneration": 3, **whole, "currentRevision": f"{name}-1", "updateRevision": f"{name}-1",
                        "collisionCount": 0},
            ))  # fmt: skip
        for number in range(count):
            maker = self._owner("ReplicaSet", owner) if kind == "Deployment" else self._owner(kind, name)
            called = f"{owner}-x{number}" if kind == "Deployment" else f"{name}-{number}"
            self.objects.append(
                self._pod(
                    called, name, labels, spec, maker, f"n{number + 1}", f"10.1.{len(name)}.{number + 5}"
                )
            )
        self._service(name, port, count, claim=claim)

    def _owner(self, kind: str, name: str) -> Json:
        api, plural, _ = KINDS[kind]
        return {
            "apiVersion": api, "kind": kind, "name": name, "uid": f"uid-{plural}-{name}", "controller": True,
            "blockOwnerDeletion": True,
        }  # fmt: skip

    def _pod(
        self, name: str, app: str, labels: Json, spec: Json, owner: Json, node: str, address: str
    ) -> Json:
        status = {
            "name": app, "ready": True, "started": True, "restartCount": 0, "image": spec["containers"][0]["image"],
            "imageID": "registry.example.org/shop@sha256:aa11", "containerID": "containerd://11",
            "state": {"running": {"startedAt": ago(200)}}, "lastState": {},
        }  # fmt: skip
        return made(
            "Pod", name, minutes=200, metadata={"labels": dict(labels), "ownerReferences": [owner]},
            spec={**deepcopy(spec), "nodeName": node},
            status={
                "phase": "Running", "conditions": conditions(True), "hostIP": "10.0.0.1", "podIP": address,
                "startTime": ago(200), "containerStatuses": [status], "qosClass": "Burstable",
            },
        )  # fmt: skip

    def _service(self, name: str, port: int, count: int, claim: str) -> None:
        self.objects.append(made(
            "Service", name, metadata={"labels": {"app": name}},
            spec={"type": "ClusterIP", "clusterIP": "None" if claim else "10.96.4.7", "selector": {"app": name},
                  "ports": [{"name": "http", "port": port, "targetPort": port, "protocol": "TCP"}],
                  "sessionAffinity": "None"},
            status={"loadBalancer": {}},
        ))  # fmt: skip
        self.objects.append(made(
            "EndpointSlice", f"{name}-abcde", metadata={"labels": {"kubernetes.io/service-name": name}},
            addressType="IPv4", ports=[{"name": "http", "port": port, "protocol": "TCP"}],
            endpoints=[
                {"addresses": [f"10.1.{len(name)}.{n + 5}"], "conditions": {"ready": True, "serving": True, "terminating": False},
                 "targetRef": {"kind": "Pod", "name": pod["metadata"]["name"], "namespace": NAMESPACE}}
                for n, pod in enumerate(self.pods(name)[:count])
            ],
        ))  # fmt: skip

    def _beside(self) -> None:
        add = self.objects.append
        add(
            made(
                "StorageClass", "standard", provisioner="rancher.io/local-path", volumeBindingMode="Immediate"
            )
        )
        add(made(
            "PersistentVolumeClaim", "data-redis-0",
            spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
                  "storageClassName": "standard", "volumeName": "pvc-1"},
            status={"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}},
        ))  # fmt: skip
        add(made("IngressClass", "nginx", spec={"controller": "k8s.io/ingress-nginx"}))
        add(made(
            "Ingress", "shop",
            spec={"ingressClassName": "nginx", "rules": [{"host": "shop.example.org", "http": {"paths": [
                {"path": "/", "pathType": "Prefix",
                 "backend": {"service": {"name": "frontend", "port": {"number": 8080}}}}]}}]},
            status={"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}},
        ))  # fmt: skip
        add(made(
            "NetworkPolicy", "cart",
            spec={"podSelector": {"matchLabels": {"app": "cart"}}, "policyTypes": ["Ingress", "Egress"],
                  "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "frontend"}}}],
                               "ports": [{"port": 7070, "protocol": "TCP"}]}],
                  "egress": [{"to": [{"podSelector": {"matchLabels": {"app": "redis"}}}]},
                             {"ports": [{"port": 53, "protocol": "UDP"}]}]},
        ))  # fmt: skip
        add(made(
            "HorizontalPodAutoscaler", "frontend",
            spec={"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "frontend"},
                  "minReplicas": 2, "maxReplicas": 5,
                  "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]},
            status={"currentReplicas": 2, "desiredReplicas": 2, "currentMetrics": None, "conditions": [
                {"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale", "message": "ok", "lastTransitionTime": ago(900)},
                {"type": "ScalingActive", "status": "True", "reason": "ValidMetricFound", "message": "ok", "lastTransitionTime": ago(900)},
                {"type": "ScalingLimited", "status": "True", "reason": "TooFewReplicas", "message": "ok", "lastTransitionTime": ago(900)}]},
        ))  # fmt: skip
        self.of("HorizontalPodAutoscaler")[0]["status"].pop("currentMetrics")
        add(made(
            "PodDisruptionBudget", "frontend",
            spec={"minAvailable": 2, "selector": {"matchLabels": {"app": "frontend"}}},
            status={"disruptionsAllowed": 0, "currentHealthy": 2, "desiredHealthy": 2, "expectedPods": 2,
                    "observedGeneration": 1},
        ))  # fmt: skip
        add(made(
            "CronJob", "report",
            spec={"schedule": "*/30 * * * *", "concurrencyPolicy": "Forbid", "suspend": False, "jobTemplate": {"spec": self._job_spec()}},
            status={"lastScheduleTime": ago(21), "lastSuccessfulTime": ago(20)},
        ))  # fmt: skip
        self.job("report-29555", minutes=21, failed=False)
        add(made("ConfigMap", "coredns", SYSTEM, data={"Corefile": COREFILE}))
        for number in (0, 1):
            pod = self._pod(f"coredns-77-{number}", "coredns", {"k8s-app": "kube-dns"},
                            {"containers": [container("coredns", 8181)]}, self._owner("ReplicaSet", "coredns-77"),
                            f"n{number + 1}", f"10.1.0.{number + 2}")  # fmt: skip
            pod["metadata"]["namespace"] = SYSTEM
            add(pod)
        # What happens in a cluster in which nothing is wrong.
        self.event("Pod", self.pods("frontend")[0]["metadata"]["name"], "Unhealthy",
                   'Readiness probe failed: Get "http://10.1.8.5:8080/healthz": dial tcp 10.1.8.5:8080: connect: connection refused',
                   minutes=199, count=1)  # fmt: skip
        self.event(
            "Pod", "cart-5d9c7b-old", "BackOff", "Back-off restarting failed container cart", minutes=25
        )

    @staticmethod
    def _job_spec() -> Json:
        return {
            "backoffLimit": 2,
            "template": {"metadata": {"labels": {"job": "report"}}, "spec": {
                "restartPolicy": "Never", "containers": [{"name": "report", "image": "registry.example.org/shop/report:2"}],
            }},
        }  # fmt: skip

    def job(
        self,
        name: str,
        *,
        minutes: float,
        failed: bool,
        reason: str = "BackoffLimitExceeded",
        owner: str = "report",
    ) -> Json:
        done = [
            {
                "type": "Complete",
                "status": "True",
                "lastProbeTime": ago(minutes - 1),
                "lastTransitionTime": ago(minutes - 1),
            }
        ]
        if failed:
            done = [{
                "type": "Failed", "status": "True", "reason": reason, "lastProbeTime": ago(minutes - 1),
                "message": "Job has reached the specified backoff limit", "lastTransitionTime": ago(minutes - 1),
            }]  # fmt: skip
        found = made(
            "Job", name, minutes=minutes,
            metadata={"ownerReferences": [self._owner("CronJob", owner)]} if owner else {},
            spec=self._job_spec() | {"selector": {"matchLabels": {"job": "report"}}},
            status={"startTime": ago(minutes), "conditions": done, **({"failed": 3} if failed else {"succeeded": 1})},
        )  # fmt: skip
        self.objects.append(found)
        return found

    # --- how it answers ---------------------------------------------------------------------------------

    def __call__(self, asked: Asked) -> Answer:
        path = asked.path
        if path.endswith("/log"):
            return self._log(asked)
        for kind, (api, plural, spaced) in KINDS.items():
            root = f"/api/{api}" if api == "v1" else f"/apis/{api}"
            if kind == "Event" and path.startswith("/apis/events.k8s.io/v1"):
                root = "/apis/events.k8s.io/v1"
            for namespace in (NAMESPACE, SYSTEM, "argocd") if spaced else ("",):
                place = f"{root}/namespaces/{namespace}/{plural}" if spaced else f"{root}/{plural}"
                if path == place:
                    return self._list(asked, kind, plural, namespace)
                if path.startswith(f"{place}/"):
                    return self._get(kind, plural, namespace, path.rpartition("/")[2])
        return refused(404, "NotFound", "the server could not find the requested resource")

    def _list(self, asked: Asked, kind: str, plural: str, namespace: str) -> Answer:
        if plural in self.refuses or f"{asked.path.split('/')[2]}:{plural}" in self.refuses:
            return _forbidden(plural, namespace)
        found = [
            o for o in self.objects if o["kind"] == kind and o["metadata"].get("namespace", "") == namespace
        ]
        for rule in filter(None, asked.one("labelSelector").split(",")):
            key, _, value = rule.partition("=")
            found = [o for o in found if o["metadata"].get("labels", {}).get(key) == value]
        if asked.one("fieldSelector") == "type=Warning":
            found = [o for o in found if o["type"] == "Warning"]
        if "PartialObjectMetadataList" in asked.headers.get("Accept", ""):
            found = [{"metadata": o["metadata"]} for o in found]
        else:
            found = [
                {k: v for k, v in o.items() if k not in {"apiVersion", "kind"}} for o in found
            ]  # as lists do
        if asked.path.startswith("/apis/events.k8s.io"):
            found = [_newer(o) for o in found]
        begin = int(asked.one("continue", "0"))
        end = begin + (self.page or len(found) or 1)
        meta = {"resourceVersion": "9000"} | ({"continue": str(end)} if end < len(found) else {})
        return told({"kind": f"{kind}List", "apiVersion": "v1", "metadata": meta, "items": found[begin:end]})

    def _get(self, kind: str, plural: str, namespace: str, name: str) -> Answer:
        if plural in self.refuses:
            return _forbidden(plural, namespace)
        found = next((o for o in self.of(kind) if o["metadata"]["name"] == name
                      and o["metadata"].get("namespace", "") == namespace), None)  # fmt: skip
        return told(found) if found is not None else refused(404, "NotFound", f'{plural} "{name}" not found')

    def _log(self, asked: Asked) -> Answer:
        if "pods/log" in self.refuses:
            return _forbidden("pods/log", NAMESPACE)
        pod, before = asked.path.split("/")[-2], asked.one("previous") == "true"
        if (pod, before) in self.logs:
            return Answer(self.logs[pod, before], 200, {"Content-Type": "text/plain"})
        said = f'previous terminated container "{asked.one("container")}" in pod "{pod}" not found'
        return refused(400, "BadRequest", said) if before else Answer("", 200, {"Content-Type": "text/plain"})


def _newer(event: Json) -> Json:
    """An event as events.k8s.io/v1 serves it."""
    names = {"involvedObject": "regarding", "message": "note", "count": "deprecatedCount",
             "firstTimestamp": "deprecatedFirstTimestamp", "lastTimestamp": "deprecatedLastTimestamp",
             "source": "deprecatedSource"}  # fmt: skip
    return {names.get(key, key): value for key, value in event.items()}


def refused(code: int, reason: str, message: str) -> Answer:
    status = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "reason": reason,
        "message": message,
        "code": code,
    }
    return told(status, code)


def _forbidden(plural: str, namespace: str) -> Answer:
    where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
    who = 'User "system:serviceaccount:ops:nexus"'
    return refused(403, "Forbidden", f'{plural} is forbidden: {who} cannot list resource "{plural}"{where}')


def whole(shop: Shop) -> Iterator[Json]:
    """Every object, for the schemas; those of other vendors have none here."""
    for one in shop.objects:
        if one["kind"] not in {"Application", "HelmRelease", "Kustomization"}:
            yield json.loads(json.dumps(one))


def at(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)
