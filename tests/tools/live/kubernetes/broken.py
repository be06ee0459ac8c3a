"""Ways to break the shop, each as the API shows it, and what must be named then: of whom, which kind, in what words."""

from collections.abc import Callable
from typing import NamedTuple

from incidents.cluster import FaultKind
from tests.tools.live.kubernetes.shop import COREFILE, Json, Shop, ago, made


class Broken(NamedTuple):
    """A fault and what must be named: the service, the kind, and words of sentence and evidence."""

    make: Callable[[Shop], None]
    service: str
    kind: FaultKind
    words: tuple[str, ...]


CASES: dict[str, Broken] = {}


def broken(
    service: str, kind: FaultKind, *words: str
) -> Callable[[Callable[[Shop], None]], Callable[[Shop], None]]:
    def kept(make: Callable[[Shop], None]) -> Callable[[Shop], None]:
        CASES[make.__name__] = Broken(make, service, kind, words)
        return make

    return kept


def each(shop: Shop, name: str, reason: str, message: str, **more: object) -> None:
    for pod in shop.pods(name):
        shop.event("Pod", pod["metadata"]["name"], reason, message, **more)  # type: ignore[arg-type]


# --- images, configuration, crashes ---------------------------------------------------------------------------


@broken("cart", FaultKind.IMAGE, "cart:1.5.0-typo", "no such image or tag", "NotFound")
def image_of_no_such_tag(shop: Shop) -> None:
    image = "registry.example.org/shop/cart:1.5.0-typo"
    said = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {image}: not found'
    shop.stand("cart", image=image, imageID="", restartCount=0, state={
        "waiting": {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{image}"'}})  # fmt: skip
    each(shop, "cart", "Failed", f'Failed to pull image "{image}": rpc error: code = NotFound desc = {said}')


@broken("cart", FaultKind.IMAGE, "refuses the credentials")
def image_of_a_private_registry(shop: Shop) -> None:
    image = "private.example.org/cart:1"
    said = f'failed to pull image "{image}": failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized'
    shop.stand(
        "cart",
        image=image,
        imageID="",
        restartCount=0,
        state={"waiting": {"reason": "ErrImagePull", "message": said}},
    )


@broken("cart", FaultKind.IMAGE, "its name is none")
def image_name_that_is_none(shop: Shop) -> None:
    said = 'Failed to apply default image tag "Shop/cart::1": couldn\'t parse image name "Shop/cart::1": invalid reference format'
    shop.stand(
        "cart",
        image="Shop/cart::1",
        restartCount=0,
        state={"waiting": {"reason": "InvalidImageName", "message": said}},
    )


@broken("cart", FaultKind.CRASH, "exit 1", "KeyError: 'PRICE_LIST'")
def crash_of_the_main_container(shop: Shop) -> None:
    shop.crash(
        "cart",
        "starting\nTraceback (most recent call last):\n  File \"cart.py\", line 3\nKeyError: 'PRICE_LIST'\n",
    )


@broken("cart", FaultKind.OUT_OF_MEMORY, "256Mi", "OOMKilled")
def out_of_memory(shop: Shop) -> None:
    shop.crash("cart", "warming the cache\n", code=137, reason="OOMKilled")


@broken("cart", FaultKind.NOT_STARTED, "cannot start", "/app/crat", "StartError")
def command_that_is_not_there(shop: Shop) -> None:
    said = (
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
        'unable to start container process: error during container init: exec: "/app/crat": stat /app/crat: '
        "no such file or directory"
    )
    for one in shop.spec("cart"):
        one["containers"][0]["command"] = ["/app/crat"]
    ended = {
        "exitCode": 128,
        "reason": "StartError",
        "message": said,
        "startedAt": "1970-01-01T00:00:00Z",
        "finishedAt": ago(1),
    }
    shop.stand("cart", restartCount=4, lastState={"terminated": ended}, state={
        "waiting": {"reason": "CrashLoopBackOff", "message": "back-off 1m20s restarting failed container=cart"}})  # fmt: skip


@broken("cart", FaultKind.ARCHITECTURE, "another processor", "exec format error")
def image_for_another_processor(shop: Shop) -> None:
    shop.crash("cart", "exec /app/cart: exec format error\n", code=255)


@broken("cart", FaultKind.PORT_TAKEN, "port that it listens on is taken", "address already in use")
def sidecar_on_the_same_port(shop: Shop) -> None:
    shop.crash("cart", "listen tcp :7070: bind: address already in use\n")


@broken("cart", FaultKind.ENDS, "ends by itself")
def main_container_that_is_done(shop: Shop) -> None:
    shop.crash("cart", "nothing to do, bye\n", code=0, reason="Completed")


@broken("cart", FaultKind.CREDENTIALS, "credentials that it was given are refused", "WRONGPASS")
def wrong_password_in_a_secret(shop: Shop) -> None:
    shop.crash(
        "cart",
        "connecting to redis:6379\nredis: WRONGPASS invalid username-password pair or user is disabled.\n",
    )


@broken("cart", FaultKind.INIT_CRASH, "init container migrate", "exit 3", "migration 17 failed")
def init_container_that_fails(shop: Shop) -> None:
    initial(shop, "cart", "migrate")
    ended = {"exitCode": 3, "reason": "Error", "startedAt": ago(3), "finishedAt": ago(2)}
    shop.stand("cart", state={"waiting": {"reason": "PodInitializing"}}, restartCount=0)
    shop.stand("cart", initial=True, restartCount=5, lastState={"terminated": ended}, state={
        "waiting": {"reason": "CrashLoopBackOff", "message": "back-off 2m40s restarting failed container=migrate"}})  # fmt: skip
    for pod in shop.pods("cart"):
        shop.logs[pod["metadata"]["name"], True] = "migration 17 failed: relation exists\n"


@broken("cart", FaultKind.INIT_CRASH, "init container wait does not end")
def init_container_that_waits(shop: Shop) -> None:
    initial(shop, "cart", "wait")
    shop.stand("cart", state={"waiting": {"reason": "PodInitializing"}}, restartCount=0)
    shop.stand("cart", initial=True, restartCount=0, state={"running": {"startedAt": ago(40)}})


def initial(shop: Shop, name: str, called: str) -> None:
    for spec in shop.spec(name):
        spec["initContainers"] = [
            {"name": called, "image": "registry.example.org/shop/tool:1", "resources": {}}
        ]
    for pod in shop.pods(name):
        pod["status"]["initContainerStatuses"] = [{
            "name": called, "ready": False, "restartCount": 0, "image": "registry.example.org/shop/tool:1",
            "imageID": "", "state": {}, "lastState": {},
        }]  # fmt: skip


@broken("cart", FaultKind.CONFIG_MISSING, "the ConfigMap cart-settings does not exist")
def config_map_that_is_not_there(shop: Shop) -> None:
    shop.stand("cart", restartCount=0, state={
        "waiting": {"reason": "CreateContainerConfigError", "message": 'configmap "cart-settings" not found'}})  # fmt: skip


@broken("cart", FaultKind.CONFIG_MISSING, "ConfigMap cart-settings has no key rates")
def key_that_is_not_there(shop: Shop) -> None:
    said = "couldn't find key rates in ConfigMap shop/cart-settings"
    shop.stand(
        "cart", restartCount=0, state={"waiting": {"reason": "CreateContainerConfigError", "message": said}}
    )


@broken("cart", FaultKind.SECRET_MISSING, "the Secret cart-db does not exist")
def secret_that_is_not_there(shop: Shop) -> None:
    shop.stand("cart", restartCount=0, state={
        "waiting": {"reason": "CreateContainerConfigError", "message": 'secret "cart-db" not found'}})  # fmt: skip


@broken(
    "cart", FaultKind.SECRET_MISSING, "volume of the pod cannot be mounted", "Secret cart-tls does not exist"
)
def mounted_secret_that_is_not_there(shop: Shop) -> None:
    shop.starting("cart")
    each(
        shop, "cart", "FailedMount", 'MountVolume.SetUp failed for volume "tls" : secret "cart-tls" not found'
    )


# --- probes ---------------------------------------------------------------------------------------------------


@broken("cart", FaultKind.PROBE_WRONG, "readiness probe of container cart is wrong", "404", "/health")
def readiness_probe_of_a_wrong_path(shop: Shop) -> None:
    for one in shop.spec("cart"):
        one["containers"][0]["readinessProbe"]["httpGet"]["path"] = "/health"
    shop.stand("cart", state={"running": {"startedAt": ago(9)}})
    each(shop, "cart", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404",
         field_path="spec.containers{cart}", count=50)  # fmt: skip


@broken("cart", FaultKind.PROBE_WRONG, "it asks port 7071", "listens on 7070")
def readiness_probe_of_a_wrong_port(shop: Shop) -> None:
    for one in shop.spec("cart"):
        one["containers"][0]["readinessProbe"]["httpGet"]["port"] = 7071
    shop.stand("cart", state={"running": {"startedAt": ago(9)}})
    each(
        shop,
        "cart",
        "Unhealthy",
        'Readiness probe failed: Get "http://10.1.4.5:7071/healthz": dial tcp 10.1.4.5:7071: connect: connection refused',
        new=True,
    )


@broken("cart", FaultKind.PROBE_WRONG, "liveness probe", "only 1 s to begin")
def liveness_probe_without_patience(shop: Shop) -> None:
    for one in shop.spec("cart"):
        one["containers"][0]["livenessProbe"] |= {
            "initialDelaySeconds": 0,
            "periodSeconds": 1,
            "failureThreshold": 1,
        }
    shop.crash("cart", "started\n", code=143)
    each(
        shop,
        "cart",
        "Unhealthy",
        'Liveness probe failed: Get "http://10.1.4.5:7070/healthz": dial tcp 10.1.4.5:7070: connect: connection refused',
    )


@broken("cart", FaultKind.PROBE_FAILS, "its readiness probe fails", "statuscode: 503")
def readiness_probe_that_fails(shop: Shop) -> None:
    shop.stand("cart", state={"running": {"startedAt": ago(9)}})
    each(shop, "cart", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")


@broken("cart", FaultKind.PROBE_WRONG, "the program that it runs is not in the image")
def exec_probe_of_no_program(shop: Shop) -> None:
    for one in shop.spec("cart"):
        one["containers"][0]["readinessProbe"] = {"exec": {"command": ["grpc_health_probe"]}, "periodSeconds": 10,
                                                  "timeoutSeconds": 1, "successThreshold": 1, "failureThreshold": 3}  # fmt: skip
    shop.stand("cart", state={"running": {"startedAt": ago(9)}})
    each(
        shop,
        "cart",
        "Unhealthy",
        'Readiness probe errored and resulted in unknown state: rpc error: code = Unknown desc = failed to exec in container: exec: "grpc_health_probe": executable file not found in $PATH',
    )


# --- scheduling -----------------------------------------------------------------------------------------------


@broken("cart", FaultKind.NODE_SELECTOR, "disk=ssd", "fits no node")
def node_selector_that_fits_none(shop: Shop) -> None:
    for one in shop.spec("cart"):
        one["nodeSelector"] = {"disk": "ssd"}
    shop.unscheduled(
        "cart",
        "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
    )


@broken("cart", FaultKind.TAINT, "does not tolerate dedicated: gpu")
def taint_that_is_not_tolerated(shop: Shop) -> None:
    for node in shop.of("Node"):
        node["spec"]["taints"] = [{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}]
    shop.unscheduled(
        "cart",
        "0/2 nodes are available: 2 node(s) had untolerated taint {dedicated: gpu}. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
    )


@broken("cart", FaultKind.AFFINITY, "(anti-)affinity to pods leaves none")
def anti_affinity_that_leaves_none(shop: Shop) -> None:
    shop.unscheduled(
        "cart",
        "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.",
    )


@broken("cart", FaultKind.RESOURCES, "memory: it asks for 64 GiB, the largest node has 16 GiB")
def more_memory_than_any_node_has(shop: Shop) -> None:
    for one in shop.spec("cart"):
        one["containers"][0]["resources"] = {"requests": {"memory": "64Gi", "cpu": "100m"}}
    shop.unscheduled(
        "cart",
        "0/2 nodes are available: 2 Insufficient memory. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.",
    )


@broken("cart", FaultKind.NODE_SELECTOR, "bound to the node n9, which does not exist")
def node_that_does_not_exist(shop: Shop) -> None:
    for pod in shop.pods("cart"):
        pod["metadata"]["creationTimestamp"] = ago(9)
        pod["spec"]["nodeName"] = "n9"
        pod["status"] = {"phase": "Pending", "qosClass": "Burstable"}
    shop.without("cart")


@broken("cart", FaultKind.UNSCHEDULED, "the scheduler bin-packer has not looked at it")
def scheduler_that_is_not_there(shop: Shop) -> None:
    for pod in shop.pods("cart"):
        pod["metadata"]["creationTimestamp"] = ago(9)
        pod["spec"]["schedulerName"] = "bin-packer"
        pod["spec"].pop("nodeName")
        pod["status"] = {"phase": "Pending", "qosClass": "Burstable"}
    shop.without("cart")


# --- storage --------------------------------------------------------------------------------------------------


def unbound(shop: Shop, **spec: object) -> None:
    claim = shop.one("PersistentVolumeClaim", "data-redis-0")
    claim["metadata"]["creationTimestamp"] = ago(30)
    claim["spec"] = {k: v for k, v in claim["spec"].items() if k != "volumeName"} | spec
    claim["status"] = {"phase": "Pending"}
    shop.unscheduled(
        "redis",
        "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
    )


@broken("redis", FaultKind.STORAGE_CLASS, "there is no storage class fast")
def storage_class_that_is_not_there(shop: Shop) -> None:
    unbound(shop, storageClassName="fast")
    shop.event(
        "PersistentVolumeClaim",
        "data-redis-0",
        "ProvisioningFailed",
        'storageclass.storage.k8s.io "fast" not found',
    )


@broken("redis", FaultKind.CLAIM_UNBOUND, "data-redis-0 has no volume", "no volume fits")
def claim_that_no_volume_fits(shop: Shop) -> None:
    unbound(shop, storageClassName="")
    shop.event(
        "PersistentVolumeClaim",
        "data-redis-0",
        "FailedBinding",
        "no persistent volumes available for this claim and no storage class is set",
    )


@broken("redis", FaultKind.CLAIM_MISSING, "data-redis-1", "does not exist")
def claim_that_is_not_there(shop: Shop) -> None:
    for one in shop.spec("redis"):
        one["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data-redis-1"}}]
    shop.unscheduled(
        "redis",
        '0/2 nodes are available: persistentvolumeclaim "data-redis-1" not found. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
    )


@broken("redis", FaultKind.VOLUME, "in use on another node", "Multi-Attach")
def volume_of_another_node(shop: Shop) -> None:
    shop.starting("redis")
    each(
        shop,
        "redis",
        "FailedAttachVolume",
        'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) redis-old',
    )


# --- admission ------------------------------------------------------------------------------------------------


def refusing(shop: Shop, message: str) -> None:
    shop.unmade("cart")
    for one in shop.of("ReplicaSet", "cart-"):
        one["status"]["conditions"] = [{
            "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message, "lastTransitionTime": ago(9)}]  # fmt: skip
        shop.event("ReplicaSet", one["metadata"]["name"], "FailedCreate", f"Error creating: {message}")


@broken("cart", FaultKind.QUOTA, "the quota small is used up", "requests.memory")
def quota_that_is_used_up(shop: Shop) -> None:
    refusing(
        shop,
        'pods "cart-5d9c7b-zz" is forbidden: exceeded quota: small, requested: requests.memory=128Mi, used: requests.memory=1Gi, limited: requests.memory=1Gi',
    )


@broken("cart", FaultKind.QUOTA, "wants each container to say what it needs", "must specify limits.cpu")
def quota_that_wants_limits(shop: Shop) -> None:
    refusing(
        shop, 'pods "cart-5d9c7b-zz" is forbidden: failed quota: small: must specify limits.cpu for: cart'
    )


@broken("cart", FaultKind.LIMIT_RANGE, "a LimitRange refuses them", "maximum cpu usage per Container is 500m")
def limit_range_that_is_exceeded(shop: Shop) -> None:
    refusing(
        shop, 'pods "cart-5d9c7b-zz" is forbidden: maximum cpu usage per Container is 500m, but limit is 2'
    )


@broken("cart", FaultKind.WEBHOOK_REFUSES, "webhook policy.example.org refuses them", "no team label")
def webhook_that_refuses(shop: Shop) -> None:
    refusing(shop, 'admission webhook "policy.example.org" denied the request: no team label')


@broken("cart", FaultKind.WEBHOOK_DOWN, "webhook inject.example.org does not answer", "connection refused")
def webhook_that_does_not_answer(shop: Shop) -> None:
    refusing(
        shop,
        'Internal error occurred: failed calling webhook "inject.example.org": failed to call webhook: Post "https://inject.ops.svc:443/mutate?timeout=10s": dial tcp 10.96.8.1:443: connect: connection refused',
    )


@broken("cart", FaultKind.SERVICE_ACCOUNT, "the service account cart does not exist")
def service_account_that_is_not_there(shop: Shop) -> None:
    refusing(
        shop,
        'pods "cart-5d9c7b-" is forbidden: error looking up service account shop/cart: serviceaccount "cart" not found',
    )


@broken("cart", FaultKind.ADMISSION, "pod security restricted:latest refuses them")
def pod_security_that_refuses(shop: Shop) -> None:
    refusing(
        shop,
        'pods "cart-5d9c7b-zz" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "cart" must set securityContext.allowPrivilegeEscalation=false)',
    )


@broken("cart", FaultKind.RIGHT_MISSING, "its service account lacks a right", "cannot list resource")
def service_account_without_a_right(shop: Shop) -> None:
    shop.crash(
        "cart",
        'configmaps is forbidden: User "system:serviceaccount:shop:default" cannot list resource "configmaps" in API group "" in the namespace "shop"\n',
    )


# --- services, ingress, policies, names -----------------------------------------------------------------------


@broken(
    "cart", FaultKind.SELECTOR, "the service cart picks no pod", "app=carts", "deployment/cart gives app=cart"
)
def service_with_a_wrong_selector(shop: Shop) -> None:
    shop.one("Service", "cart")["spec"]["selector"] = {"app": "carts"}
    shop.of("EndpointSlice", "cart")[0]["endpoints"] = []


@broken("cart", FaultKind.SERVICE_PORT, "leads to 7071", "listen on 7070")
def service_with_a_wrong_port(shop: Shop) -> None:
    shop.one("Service", "cart")["spec"]["ports"][0]["targetPort"] = 7071


@broken("cart", FaultKind.SERVICE_PORT, "leads to web", "listen on 7070 (http)")
def service_with_a_port_of_no_such_name(shop: Shop) -> None:
    shop.one("Service", "cart")["spec"]["ports"][0]["targetPort"] = "web"
    shop.of("EndpointSlice", "cart")[0]["endpoints"] = []


@broken("cart", FaultKind.SERVICE_PORT, "calls port 7070 of the service cart, which has 7071")
def service_with_another_port_than_is_called(shop: Shop) -> None:
    shop.one("Service", "cart")["spec"]["ports"][0]["port"] = 7071


@broken("cart", FaultKind.SERVICE_MISSING, "there is no service cart", "deployment/frontend")
def service_that_is_not_there(shop: Shop) -> None:
    shop.objects.remove(shop.one("Service", "cart"))
    shop.objects.remove(shop.of("EndpointSlice", "cart")[0])


@broken("cart", FaultKind.SCALED_TO_ZERO, "deployment/cart is scaled to 0")
def workload_of_no_pods(shop: Shop) -> None:
    shop.unmade("cart")
    shop.one("Deployment", "cart")["spec"]["replicas"] = 0
    shop.of("ReplicaSet", "cart-")[0]["spec"]["replicas"] = 0


@broken("frontend", FaultKind.INGRESS_CLASS, "nothing serves the ingress shop", "no ingress class ngnix")
def ingress_of_no_such_class(shop: Shop) -> None:
    shop.one("Ingress", "shop")["spec"]["ingressClassName"] = "ngnix"


@broken("frontend", FaultKind.INGRESS_BACKEND, "the ingress shop leads to nothing", "has no port 80")
def ingress_to_a_wrong_port(shop: Shop) -> None:
    path = shop.one("Ingress", "shop")["spec"]["rules"][0]["http"]["paths"][0]
    path["backend"]["service"]["port"]["number"] = 80


@broken("cart", FaultKind.NETWORK_POLICY, "lets nobody call deployment/cart")
def network_policy_that_lets_nobody_in(shop: Shop) -> None:
    shop.one("NetworkPolicy", "cart")["spec"] = {
        "podSelector": {"matchLabels": {"app": "cart"}},
        "policyTypes": ["Ingress"],
    }


@broken("cart", FaultKind.NETWORK_POLICY, "lets deployment/frontend not call deployment/cart")
def network_policy_for_somebody_else(shop: Shop) -> None:
    rule = shop.one("NetworkPolicy", "cart")["spec"]["ingress"][0]
    rule["from"][0]["podSelector"]["matchLabels"] = {"app": "web"}


@broken("cart", FaultKind.NETWORK_POLICY, "keeps deployment/cart from resolving names")
def network_policy_without_names(shop: Shop) -> None:
    shop.one("NetworkPolicy", "cart")["spec"]["egress"] = [
        {
            "to": [{"podSelector": {"matchLabels": {"app": "redis"}}}],
            "ports": [{"port": 6379, "protocol": "TCP"}],
        }
    ]


@broken("cart", FaultKind.DNS, "cluster resolves no names", "CrashLoopBackOff")
def resolver_that_is_down(shop: Shop) -> None:
    for pod in shop.of("Pod", "coredns"):
        pod["status"]["containerStatuses"][0] |= {
            "ready": False,
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
        }
        next(c for c in pod["status"]["conditions"] if c["type"] == "Ready")["status"] = "False"


@broken("cart", FaultKind.DNS, "configuration refuses names of services")
def resolver_that_denies(shop: Shop) -> None:
    bad = '    template ANY ANY svc.cluster.local { match "^cart\\.shop\\.svc" rcode NXDOMAIN }\n'
    shop.one("ConfigMap", "coredns")["data"]["Corefile"] = COREFILE.replace(
        "    forward", bad + "    forward"
    )


@broken("cart", FaultKind.DNS, "asks 8.8.8.8 for names")
def pod_that_asks_another_resolver(shop: Shop) -> None:
    for one in shop.spec("cart"):
        one |= {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["8.8.8.8"]}}


@broken("cart", FaultKind.DNS, "a name is not resolved", "redis.shop.svc")
def name_that_is_not_resolved(shop: Shop) -> None:
    shop.crash("cart", "dial tcp: lookup redis.shop.svc on 10.96.0.10:53: no such host\n")


# --- nodes, scaling, jobs -------------------------------------------------------------------------------------


def ill(shop: Shop, kind: str, status: str, reason: str, message: str) -> None:
    found: list[Json] = shop.one("Node", "n1")["status"]["conditions"]
    next(one for one in found if one["type"] == kind).update(
        status=status, reason=reason, message=message, lastTransitionTime=ago(6)
    )


@broken(
    "cart", FaultKind.NODE_DOWN, "the node n1 does not report any more", "Kubelet stopped posting node status"
)
def node_that_is_silent(shop: Shop) -> None:
    ill(shop, "Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")


@broken("cart", FaultKind.NODE_PRESSURE, "the node n1 runs short of disk space")
def node_short_of_disk(shop: Shop) -> None:
    ill(shop, "DiskPressure", "True", "KubeletHasDiskPressure", "kubelet has disk pressure")


@broken("cart", FaultKind.EVICTED, "evicted the pod", "low on resource: memory")
def pod_that_was_evicted(shop: Shop) -> None:
    pod = shop.pods("cart")[0]
    pod["status"] = {
        "phase": "Failed", "reason": "Evicted", "startTime": ago(200), "qosClass": "Burstable",
        "message": "The node was low on resource: memory. Threshold quantity: 100Mi, available: 40Mi. Container cart was using 900Mi, request is 128Mi, has larger consumption of memory.",
        "conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet",
                        "message": "The node was low on resource: memory.", "lastProbeTime": None, "lastTransitionTime": ago(5)}],
    }  # fmt: skip
    shop.one("Deployment", "cart")["status"]["availableReplicas"] = 1


@broken("cart", FaultKind.TURNED_AWAY, "its node turned the pod away (OutOfmemory)")
def pod_that_its_node_turned_away(shop: Shop) -> None:
    said = "Pod was rejected: Node didn't have enough resource: memory, requested: 134217728, used: 17000000000, capacity: 17000000000"
    shop.pods("cart")[0]["status"] = {
        "phase": "Failed", "reason": "OutOfmemory", "message": said, "startTime": ago(6), "qosClass": "Burstable"}  # fmt: skip
    shop.one("Deployment", "cart")["status"]["availableReplicas"] = 1


@broken("cart", FaultKind.STUCK_ENDING, "the pod was to end by")
def pod_that_does_not_end(shop: Shop) -> None:
    pod = shop.pods("cart")[0]
    pod["metadata"] |= {"deletionTimestamp": ago(15), "deletionGracePeriodSeconds": 30}


@broken("cart", FaultKind.SANDBOX, "there is no address left for it", "FailedCreatePodSandBox")
def network_without_addresses(shop: Shop) -> None:
    shop.starting("cart")
    each(
        shop,
        "cart",
        "FailedCreatePodSandBox",
        'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "77": plugin type="aws-cni" name="aws-cni" failed (add): add cmd: failed to assign an IP address to container: no available IP addresses',
    )


@broken(
    "cart",
    FaultKind.NOT_READY,
    "container cart runs and is not ready",
    "readiness probe: HTTP /healthz on port 7070",
)
def container_that_is_not_ready_and_says_nothing(shop: Shop) -> None:
    shop.stand("cart", state={"running": {"startedAt": ago(50)}})


@broken("frontend", FaultKind.AUTOSCALER, "cannot scale deployment/frontend", "pods.metrics.k8s.io")
def autoscaler_without_metrics(shop: Shop) -> None:
    one = shop.one("HorizontalPodAutoscaler", "frontend")["status"]["conditions"][1]
    one |= {"status": "False", "reason": "FailedGetResourceMetric", "lastTransitionTime": ago(40),
            "message": "the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)"}  # fmt: skip


@broken("frontend", FaultKind.AUTOSCALER, "does not say how much it asks for", "missing request for cpu")
def autoscaler_of_no_requests(shop: Shop) -> None:
    one = shop.one("HorizontalPodAutoscaler", "frontend")["status"]["conditions"][1]
    one |= {"status": "False", "reason": "FailedGetResourceMetric", "lastTransitionTime": ago(40),
            "message": "the HPA was unable to compute the replica count: failed to get cpu utilization: missing request for cpu in container frontend of Pod frontend-5d9c7b-x0"}  # fmt: skip


@broken("frontend", FaultKind.AUTOSCALER_FULL, "wants more than its maxReplicas of 5")
def autoscaler_at_its_most(shop: Shop) -> None:
    one = shop.one("HorizontalPodAutoscaler", "frontend")["status"]["conditions"][2]
    one |= {
        "reason": "TooManyReplicas",
        "message": "the desired replica count is more than the maximum replica count",
    }


@broken("frontend", FaultKind.BUDGET, "lets no pod go from the node n1")
def budget_that_holds_up_a_drain(shop: Shop) -> None:
    shop.one("Node", "n1")["spec"]["unschedulable"] = True


@broken("", FaultKind.JOB, "job report-29556 failed", "BackoffLimitExceeded")
def job_that_failed(shop: Shop) -> None:
    shop.job("report-29556", minutes=4, failed=True)


@broken("", FaultKind.JOB, "job report-29556 failed", "is gone")
def job_that_failed_and_is_gone(shop: Shop) -> None:
    shop.event(
        "Job",
        "report-29556",
        "BackoffLimitExceeded",
        "Job has reached the specified backoff limit",
        minutes=4,
        count=1,
    )


@broken("", FaultKind.CRON_JOB, "cron job report (0 25 * * *) makes no job", "unparseable schedule")
def cron_job_of_no_schedule(shop: Shop) -> None:
    shop.one("CronJob", "report")["spec"]["schedule"] = "0 25 * * *"
    shop.event(
        "CronJob",
        "report",
        "UnparseableSchedule",
        'unparseable schedule: "0 25 * * *" : end of range (25) above maximum (23): 25',
    )


def grown(shop: Shop) -> Json:
    """A Secret whose last-applied note holds its value, as `kubectl apply` leaves it."""
    note = '{"apiVersion":"v1","data":{"password":"aHVudGVyMg=="},"kind":"Secret"}'
    return made(
        "Secret", "cart-db", minutes=4000, type="Opaque", data={"password": "aHVudGVyMg=="},
        metadata={"annotations": {"kubectl.kubernetes.io/last-applied-configuration": note}},
    )  # fmt: skip
