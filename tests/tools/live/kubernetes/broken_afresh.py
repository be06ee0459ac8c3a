"""Further ways to break the shop, written when the rules were done and without a look at them."""

from collections.abc import Callable
from copy import deepcopy

from incidents.cluster import FaultKind
from tests.tools.live.kubernetes.broken import Broken, each, initial
from tests.tools.live.kubernetes.shop import Shop, ago, conditions

AFRESH: dict[str, Broken] = {}


def broken(
    service: str, kind: FaultKind, *words: str
) -> Callable[[Callable[[Shop], None]], Callable[[Shop], None]]:
    def kept(make: Callable[[Shop], None]) -> Callable[[Shop], None]:
        AFRESH[make.__name__] = Broken(make, service, kind, words)
        return make

    return kept


@broken("cart", FaultKind.IMAGE, "refuses the credentials", "regcred")
def pull_secret_that_is_not_there(shop: Shop) -> None:
    image = "private.example.org/cart:1.4.0"
    shop.stand("cart", image=image, imageID="", restartCount=0, state={
        "waiting": {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{image}": ErrImagePull: failed to pull and unpack image "{image}": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed'}})  # fmt: skip
    each(
        shop,
        "cart",
        "FailedToRetrieveImagePullSecret",
        "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.",
    )


@broken("cart", FaultKind.PROBE_WRONG, "8081", "7070")
def grpc_probe_of_a_wrong_port(shop: Shop) -> None:
    for one in shop.spec("cart"):
        one["containers"][0]["readinessProbe"] = {
            "grpc": {"port": 8081, "service": ""},
            "periodSeconds": 10,
            "timeoutSeconds": 1,
            "successThreshold": 1,
            "failureThreshold": 3,
        }
    shop.stand("cart", state={"running": {"startedAt": ago(9)}})
    each(
        shop,
        "cart",
        "Unhealthy",
        'Readiness probe failed: timeout: failed to connect service "10.1.4.5:8081" within 1s: context deadline exceeded',
        field_path="spec.containers{cart}",
    )


@broken(
    "cart",
    FaultKind.CRASH,
    "PRICE_SERVICE_ADDR",
    "exit 2",
    "revision 4 of",
    "COUPONS",
    "pod/cart-5d9c7b-x0, of a template before, is ready",
)
def rollout_whose_new_pod_crashes_while_the_old_ones_serve(shop: Shop) -> None:
    old = shop.one("ReplicaSet", "cart-5d9c7b")
    new = deepcopy(old)
    new["metadata"] |= {
        "name": "cart-66f",
        "uid": "uid-cart-66f",
        "creationTimestamp": ago(12),
        "annotations": {"deployment.kubernetes.io/revision": "4"},
    }
    new["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "COUPONS", "value": "on"}]
    new["spec"]["replicas"], new["status"] = (
        1,
        {"replicas": 1, "observedGeneration": 1, "fullyLabeledReplicas": 1},
    )
    pod = deepcopy(shop.pods("cart")[0])
    pod["metadata"] |= {"name": "cart-66f-zz", "uid": "uid-cart-66f-zz", "creationTimestamp": ago(12)}
    pod["metadata"]["ownerReferences"][0] |= {"name": "cart-66f", "uid": "uid-cart-66f"}
    pod["status"] |= {
        "startTime": ago(12),
        "conditions": conditions(False, "ContainersNotReady", "containers with unready status: [cart]", 12),
    }
    pod["status"]["containerStatuses"][0] |= {
        "ready": False, "started": False, "restartCount": 6,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container=cart"}},
        "lastState": {"terminated": {"exitCode": 2, "reason": "Error", "startedAt": ago(3), "finishedAt": ago(3)}}}  # fmt: skip
    shop.objects += [new, pod]
    shop.logs["cart-66f-zz", True] = (
        'panic: environment variable "PRICE_SERVICE_ADDR" not set\n\ngoroutine 1 [running]:\nmain.mustMapEnv(...)\n\t/src/main.go:214\nmain.main()\n\t/src/main.go:98 +0x2f5\n'
    )
    shop.one("Deployment", "cart")["metadata"]["generation"] = 4
    shop.one("Deployment", "cart")["status"] |= {
        "observedGeneration": 4,
        "replicas": 3,
        "updatedReplicas": 1,
        "unavailableReplicas": 1,
    }


@broken("redis", FaultKind.CLAIM_UNBOUND, "volume node affinity conflict")
def volume_in_another_zone(shop: Shop) -> None:
    shop.unscheduled(
        "redis",
        "0/2 nodes are available: 1 node(s) had volume node affinity conflict, 1 node(s) were unschedulable. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
    )


@broken("cart", FaultKind.NODE_DOWN, "the node n1 does not report any more")
def node_that_is_lost_with_its_pods(shop: Shop) -> None:
    node = shop.one("Node", "n1")
    for one in node["status"]["conditions"]:
        one |= {
            "status": "Unknown",
            "reason": "NodeStatusUnknown",
            "message": "Kubelet stopped posting node status.",
            "lastTransitionTime": ago(12),
        }
    node["spec"]["taints"] = [
        {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "timeAdded": ago(12)}
    ]
    for pod in [
        p
        for p in shop.of("Pod")
        if p["spec"].get("nodeName") == "n1" and p["metadata"]["namespace"] == "shop"
    ]:
        pod["metadata"] |= {"deletionTimestamp": ago(6.5), "deletionGracePeriodSeconds": 30}
        pod["status"]["conditions"] = conditions(False, minutes=12)
    shop.one("Deployment", "cart")["status"] |= {"availableReplicas": 1, "readyReplicas": 1}


@broken("redis", FaultKind.PROBE_FAILS, "liveness probe", "timed out")
def liveness_command_that_takes_too_long(shop: Shop) -> None:
    for one in shop.spec("redis"):
        one["containers"][0]["livenessProbe"] = {
            "exec": {"command": ["redis-cli", "ping"]},
            "initialDelaySeconds": 20,
            "periodSeconds": 10,
            "timeoutSeconds": 1,
            "successThreshold": 1,
            "failureThreshold": 3,
        }
    shop.crash(
        "redis", "1:M 12 Mar 2026 10:19:01 * DB loaded from append only file: 41.2 seconds\n", code=137
    )
    each(
        shop,
        "redis",
        "Unhealthy",
        'Liveness probe failed: command timed out: "redis-cli ping" timed out after 1s',
        new=True,
    )


@broken("cart", FaultKind.DNS, "init container wait-for-payments does not end", "payments")
def init_container_that_waits_for_a_service_that_is_not_there(shop: Shop) -> None:
    initial(shop, "cart", "wait-for-payments")
    shop.stand("cart", state={"waiting": {"reason": "PodInitializing"}}, restartCount=0)
    shop.stand("cart", initial=True, restartCount=0, state={"running": {"startedAt": ago(40)}})
    for pod in shop.pods("cart"):
        shop.logs[pod["metadata"]["name"], False] = (
            "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n** server can't find payments.shop.svc.cluster.local: NXDOMAIN\n\nwaiting for payments\n"
            * 3
        )


@broken("frontend", FaultKind.AUTOSCALER, 'deployments.apps "front-end" not found')
def autoscaler_of_no_such_workload(shop: Shop) -> None:
    one = shop.one("HorizontalPodAutoscaler", "frontend")
    one["spec"]["scaleTargetRef"]["name"] = "front-end"
    one["status"]["conditions"] = [
        {"type": "AbleToScale", "status": "False", "reason": "FailedGetScale", "lastTransitionTime": ago(40),
         "message": "the HPA controller was unable to get the target's current scale: deployments.apps \"front-end\" not found"}]  # fmt: skip


@broken("redis", FaultKind.QUOTA, "the quota storage is used up", "requests.storage")
def quota_that_refuses_the_claim_of_a_stateful_set(shop: Shop) -> None:
    shop.unmade("redis")
    shop.objects.remove(shop.one("PersistentVolumeClaim", "data-redis-0"))
    shop.event(
        "StatefulSet",
        "redis",
        "FailedCreate",
        'create Claim data-redis-0 for Pod redis-0 in StatefulSet redis failed error: persistentvolumeclaims "data-redis-0" is forbidden: exceeded quota: storage, requested: requests.storage=100Gi, used: requests.storage=40Gi, limited: requests.storage=50Gi',
    )


@broken("cart", FaultKind.NOT_STARTED, "runAsNonRoot")
def image_that_wants_to_be_root(shop: Shop) -> None:
    shop.stand(
        "cart",
        restartCount=0,
        state={
            "waiting": {
                "reason": "CreateContainerConfigError",
                "message": 'container has runAsNonRoot and image will run as root (pod: "cart-5d9c7b-x0_shop(1f)", container: cart)',
            }
        },
    )


# --- a second ten ---------------------------------------------------------------------------------------------


@broken("cart", FaultKind.NODE_DOWN, "the nodes are cordoned", "n1, n2")
def nodes_that_are_all_cordoned(shop: Shop) -> None:
    for node in shop.of("Node"):
        node["spec"] |= {
            "unschedulable": True,
            "taints": [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}],
        }
    shop.objects.remove(shop.one("PodDisruptionBudget", "frontend"))
    shop.unscheduled(
        "cart",
        "0/2 nodes are available: 2 node(s) were unschedulable. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
    )


@broken("cart", FaultKind.PROBE_FAILS, "liveness probe", "500")
def liveness_probe_that_meets_an_error(shop: Shop) -> None:
    shop.crash("cart", "GET /healthz 500 queue is stuck\n", code=137)
    each(shop, "cart", "Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500", count=18)


@broken("", FaultKind.IMAGE, "registry.example.org/shop/report:3", "no such image or tag")
def cron_job_whose_image_is_not_there(shop: Shop) -> None:
    job = shop.job("report-29556", minutes=20, failed=False)
    job["status"] = {"active": 1, "startTime": ago(20)}
    pod = deepcopy(shop.pods("cart")[0])
    image = "registry.example.org/shop/report:3"
    pod["metadata"] |= {"name": "report-29556-q", "uid": "u-q", "labels": {"job-name": "report-29556"}, "creationTimestamp": ago(20),
                        "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "report-29556", "uid": "u-j", "controller": True}]}  # fmt: skip
    pod["spec"]["containers"][0] |= {"name": "report", "image": image}
    pod["status"] |= {
        "phase": "Pending",
        "conditions": conditions(False, "ContainersNotReady", "containers with unready status: [report]", 20),
    }
    pod["status"]["containerStatuses"][0] |= {"name": "report", "image": image, "imageID": "", "ready": False, "started": False,
        "state": {"waiting": {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{image}": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "{image}": not found'}}}  # fmt: skip
    shop.objects.append(pod)


@broken("cart", FaultKind.SELECTOR, "cart-svc", "app.kubernetes.io/name=cart-v2")
def service_of_another_name_that_picks_by_other_labels(shop: Shop) -> None:
    service, piece = shop.one("Service", "cart"), shop.of("EndpointSlice", "cart")[0]
    service["metadata"]["name"] = "cart-svc"
    service["spec"]["selector"] = {"app.kubernetes.io/name": "cart-v2", "app.kubernetes.io/part-of": "shop"}
    piece["metadata"]["labels"]["kubernetes.io/service-name"] = "cart-svc"
    piece["endpoints"] = []
    for one in shop.spec("frontend"):
        one["containers"][0]["env"][0]["value"] = "cart-svc:7070"


@broken("cart", FaultKind.QUOTA, "the quota pods is used up")
def quota_that_only_events_tell_of(shop: Shop) -> None:
    shop.unmade("cart")
    shop.event(
        "ReplicaSet",
        "cart-5d9c7b",
        "FailedCreate",
        'Error creating: pods "cart-5d9c7b-abcde" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=10, limited: pods=10',
        new=True,
    )


@broken("cart", FaultKind.CONFIG_MISSING, "has no key app.yaml")
def mounted_key_that_is_not_there(shop: Shop) -> None:
    shop.starting("cart")
    each(
        shop,
        "cart",
        "FailedMount",
        'MountVolume.SetUp failed for volume "settings" : references non-existent config key: app.yaml',
    )


@broken("cart", FaultKind.IMAGE, "is not on the node, and may not be pulled")
def image_that_may_not_be_pulled(shop: Shop) -> None:
    shop.stand(
        "cart",
        restartCount=0,
        imageID="",
        state={
            "waiting": {
                "reason": "ErrImageNeverPull",
                "message": 'Container image "registry.example.org/shop/cart:1.4.0" is not present with pull policy of Never',
            }
        },
    )


@broken("cart", FaultKind.NOT_STARTED, "cannot start", "not a directory")
def mount_over_a_file(shop: Shop) -> None:
    said = 'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error mounting "/var/lib/kubelet/pods/1/volumes/kubernetes.io~configmap/settings" to rootfs at "/app/app.yaml": not a directory: unknown'
    shop.stand("cart", restartCount=3, state={"waiting": {"reason": "RunContainerError", "message": said}},
               lastState={"terminated": {"exitCode": 128, "reason": "StartError", "message": said, "startedAt": "1970-01-01T00:00:00Z", "finishedAt": ago(1)}})  # fmt: skip


@broken("redis", FaultKind.VOLUME, "Could not attach volume")
def volume_that_the_cloud_does_not_attach(shop: Shop) -> None:
    shop.starting("redis")
    each(
        shop,
        "redis",
        "FailedAttachVolume",
        'AttachVolume.Attach failed for volume "pvc-1" : rpc error: code = Internal desc = Could not attach volume "vol-0a" to node "i-01": context deadline exceeded',
    )


@broken("cart", FaultKind.CRASH, "read-only file system")
def container_that_may_not_write(shop: Shop) -> None:
    shop.crash("cart", "open /app/cache/index: read-only file system\nexiting\n")
