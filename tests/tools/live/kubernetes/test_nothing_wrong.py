"""What happens every day in clusters in which nothing is wrong is named nowhere."""

from collections.abc import Callable
from copy import deepcopy

import pytest

from tests.tools.live.kubernetes.shop import Json, Shop, ago, conditions, container, made
from tests.tools.live.kubernetes.test_faults_named import named, probes

USUAL: list[Callable[[Shop], None]] = []


def usual(make: Callable[[Shop], None]) -> Callable[[Shop], None]:
    USUAL.append(make)
    return make


def _more(shop: Shop, name: str, number: int, **status: object) -> Json:
    pod = deepcopy(shop.pods(name)[0])
    pod["metadata"] |= {"name": f"{pod['metadata']['name']}-{number}", "uid": f"u-{number}"}
    pod["status"] |= status
    shop.objects.append(pod)
    return pod


@usual
def a_default_that_denies_and_policies_that_allow(shop: Shop) -> None:
    shop.objects.append(
        made("NetworkPolicy", "default-deny", spec={"podSelector": {}, "policyTypes": ["Ingress"]})
    )
    for name, peer in (("frontend", {"namespaceSelector": {"matchLabels": {"team": "edge"}}}),
                       ("redis", {"podSelector": {"matchLabels": {"app": "cart"}}})):  # fmt: skip
        shop.objects.append(made("NetworkPolicy", name, spec={
            "podSelector": {"matchLabels": {"app": name}}, "policyTypes": ["Ingress"], "ingress": [{"from": [peer]}]}))  # fmt: skip


@usual
def a_service_for_a_leader_that_there_is_not(shop: Shop) -> None:
    shop.objects.append(made("Service", "postgres-replica", spec={
        "type": "ClusterIP", "clusterIP": "10.96.9.9", "selector": {"cluster": "pg", "role": "replica"},
        "ports": [{"name": "pg", "port": 5432, "targetPort": 5432, "protocol": "TCP"}], "sessionAffinity": "None"}))  # fmt: skip


@usual
def a_port_for_metrics_that_no_container_declares(shop: Shop) -> None:
    shop.one("Service", "cart")["spec"]["ports"].append(
        {"name": "metrics", "port": 9090, "targetPort": 9090, "protocol": "TCP"}
    )


@usual
def containers_that_declare_no_port(shop: Shop) -> None:
    for one in shop.spec("cart"):
        one["containers"][0].pop("ports")


@usual
def pods_that_were_evicted_long_ago(shop: Shop) -> None:
    _more(shop, "cart", 7, phase="Failed", reason="Evicted", message="The node was low on resource: memory.", startTime=ago(4000),
          containerStatuses=[], conditions=[{"type": "DisruptionTarget", "status": "True", "lastProbeTime": None, "lastTransitionTime": ago(3000)}])  # fmt: skip


@usual
def a_container_that_ran_out_of_memory_yesterday(shop: Shop) -> None:
    one = shop.pods("cart")[0]["status"]["containerStatuses"][0]
    one |= {
        "restartCount": 1,
        "lastState": {
            "terminated": {
                "exitCode": 137,
                "reason": "OOMKilled",
                "startedAt": ago(3000),
                "finishedAt": ago(1500),
            }
        },
    }


@usual
def a_rolling_update_that_has_just_begun(shop: Shop) -> None:
    pod = _more(
        shop,
        "cart",
        8,
        phase="Pending",
        startTime=ago(0.3),
        conditions=conditions(False, "ContainersNotReady", "x", 0.3),
    )
    pod["metadata"]["creationTimestamp"] = ago(0.3)
    pod["status"]["containerStatuses"][0] |= {
        "ready": False,
        "started": False,
        "state": {"waiting": {"reason": "ContainerCreating"}},
    }
    other = _more(
        shop,
        "cart",
        9,
        phase="Running",
        startTime=ago(0.6),
        conditions=conditions(False, "ContainersNotReady", "x", 0.6),
    )
    other["metadata"]["creationTimestamp"] = ago(0.6)
    other["status"]["containerStatuses"][0] |= {
        "ready": False,
        "started": True,
        "state": {"running": {"startedAt": ago(0.5)}},
    }
    last = _more(shop, "cart", 10)
    last["metadata"] |= {"deletionTimestamp": ago(0.2), "deletionGracePeriodSeconds": 30}


@usual
def a_node_that_is_emptied_for_an_upgrade(shop: Shop) -> None:
    shop.one("PodDisruptionBudget", "frontend")["status"] |= {"disruptionsAllowed": 1, "desiredHealthy": 1}
    shop.one("Node", "n2")["spec"] |= {
        "unschedulable": True,
        "taints": [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}],
    }


@usual
def a_claim_that_waits_for_its_first_pod(shop: Shop) -> None:
    shop.objects.append(
        made("StorageClass", "lazy", provisioner="ebs.csi.aws.com", volumeBindingMode="WaitForFirstConsumer")
    )
    shop.objects.append(made("PersistentVolumeClaim", "scratch", spec={"accessModes": ["ReadWriteOnce"], "storageClassName": "lazy",
                             "resources": {"requests": {"storage": "1Gi"}}}, status={"phase": "Pending"}))  # fmt: skip
    shop.event(
        "PersistentVolumeClaim",
        "scratch",
        "WaitForFirstConsumer",
        "waiting for first consumer to be created before binding",
    )


@usual
def jobs_that_failed_and_were_made_good(shop: Shop) -> None:
    shop.job("report-29000", minutes=90, failed=True)
    shop.job("import", minutes=9000, failed=True, owner="")
    shop.event(
        "Job",
        "report-28999",
        "BackoffLimitExceeded",
        "Job has reached the specified backoff limit",
        minutes=55,
        count=1,
    )


@usual
def a_cron_job_that_rests(shop: Shop) -> None:
    shop.one("CronJob", "report")["spec"]["suspend"] = True


@usual
def a_worker_that_nobody_calls_and_a_job_that_is_done(shop: Shop) -> None:
    shop._workload(
        "Deployment",
        "worker",
        9000,
        env=[
            ("QUEUE", "amqp://mq.example.org:5672"),
            ("MODE", "fast:1"),
            ("IMAGE", "redis-exporter:7"),
            ("BUCKET", "s3://reports"),
        ],
    )
    shop.objects = [
        o
        for o in shop.objects
        if not (o["kind"] in {"Service", "EndpointSlice"} and o["metadata"]["name"].startswith("worker"))
    ]
    _more(
        shop,
        "worker",
        11,
        phase="Succeeded",
        conditions=conditions(False, "PodCompleted", "", 100),
        containerStatuses=[],
    )


@usual
def an_autoscaler_that_is_off_at_zero(shop: Shop) -> None:
    shop._workload("Deployment", "batch", 9100)
    shop.unmade("batch")
    shop.one("Deployment", "batch")["spec"]["replicas"] = 0
    shop.of("ReplicaSet", "batch-")[0]["spec"]["replicas"] = 0
    for one in list(shop.objects):
        if one["kind"] in {"Service", "EndpointSlice"} and one["metadata"]["name"].startswith("batch"):
            shop.objects.remove(one)


@usual
def agents_on_the_network_of_their_node(shop: Shop) -> None:
    for one in shop.spec("cart"):
        one |= {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}


@usual
def a_probe_that_failed_once_while_it_began(shop: Shop) -> None:
    for pod in shop.pods("cart"):
        shop.event(
            "Pod",
            pod["metadata"]["name"],
            "Unhealthy",
            "Readiness probe failed: HTTP probe failed with statuscode: 503",
            minutes=6,
            count=1,
        )


@usual
def a_sidecar_that_is_an_init_container(shop: Shop) -> None:
    for spec in shop.spec("cart"):
        spec["initContainers"] = [container("proxy", 15001) | {"restartPolicy": "Always"}]
    for pod in (one for one in shop.pods("cart") if one["status"]["containerStatuses"]):
        one = deepcopy(pod["status"]["containerStatuses"][0]) | {"name": "proxy"}
        pod["status"]["initContainerStatuses"] = [one]


@usual
def an_ingress_of_the_default_class_and_one_of_the_old_note(shop: Shop) -> None:
    shop.one("IngressClass", "nginx")["metadata"]["annotations"] = {
        "ingressclass.kubernetes.io/is-default-class": "true"
    }
    shop.one("Ingress", "shop")["spec"].pop("ingressClassName")


@pytest.mark.parametrize("make", USUAL, ids=lambda make: make.__name__)
async def test_what_is_usual_is_named_nowhere(make: Callable[[Shop], None]) -> None:
    shop = Shop()
    make(shop)
    found = await probes(shop)
    assert named(found) == []
    assert all(probe.healthy for probe in found.values())


async def test_all_of_it_at_once_is_named_nowhere() -> None:
    shop = Shop()
    for make in USUAL:
        make(shop)
    assert named(await probes(shop)) == []
