"""A made-up system of ten services for `benchmarks.matching`: its series, and the labels its alerts carry.

Half of it runs on Kubernetes, the rest on machines whose names say nothing: `payment` and `mailer` as units
of systemd, `search` in Docker, `stock-db` and `sessions` beside their exporters.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from incidents.catalogue import Endpoint, Service, ServiceKind
from tools.alerts.matching.learn import Series
from tools.alerts.matching.names import ServiceNames

Labels = Mapping[str, str]


class Place(NamedTuple):
    """Where a service runs: in a cluster as a workload of a kind, or on a machine of its own."""

    kind: str
    port: int
    host: str
    address: str


#: By service: the kind of workload, its port, and the node or machine with its address.
PLACES: Mapping[str, Place] = {
    "storefront": Place("deployment", 8080, "node-1", "10.1.0.11"),
    "checkout": Place("deployment", 8080, "node-2", "10.1.0.12"),
    "catalogue": Place("deployment", 8080, "node-1", "10.1.0.13"),
    "orders-db": Place("statefulset", 5432, "node-2", "10.1.0.14"),
    "events": Place("statefulset", 9092, "node-1", "10.1.0.15"),
    "payment": Place("unit", 8443, "ams-17", "10.0.5.17"),
    "mailer": Place("unit", 8025, "ams-18", "10.0.5.18"),
    "search": Place("container", 9200, "ams-19", "10.0.5.19"),
    "stock-db": Place("unit", 3306, "ams-20", "10.0.5.20"),
    "sessions": Place("unit", 6379, "ams-21", "10.0.5.21"),
}
STORES: Mapping[str, ServiceKind] = {
    "orders-db": ServiceKind.DATABASE, "stock-db": ServiceKind.DATABASE, "sessions": ServiceKind.DATABASE,
    "search": ServiceKind.DATABASE, "events": ServiceKind.QUEUE,
}  # fmt: skip
SERVICES = tuple(
    Service(
        name=name,
        kind=STORES.get(name, ServiceKind.SERVICE),
        endpoints=()
        if name in STORES
        else (Endpoint(name="alive", url=f"https://{name}.shop.example.com/alive"),),
    )
    for name in PLACES
)
NAMES = ServiceNames(SERVICES)
IN_CLUSTER = frozenset({"deployment", "statefulset"})
NODES = {"node-1": "10.0.0.11", "node-2": "10.0.0.12"}

#: Whose metrics a family's are, where it is one of the ten: the exporter's job, its port, the service.
STORE_FAMILIES: Mapping[str, tuple[str, int, str]] = {
    "pg": ("postgres-exporter", 9187, "orders-db"),
    "postgresql": ("postgres-exporter", 9187, "orders-db"),
    "mysql": ("mysqld-exporter", 9104, "stock-db"),
    "redis": ("redis-exporter", 9121, "sessions"),
    "elasticsearch": ("elasticsearch-exporter", 9114, "search"),
    "kafka": ("kafka-exporter", 9308, "events"),
}
HOST_FAMILIES: Mapping[str, tuple[str, int]] = {
    "node": ("node-exporter", 9100), "windows": ("windows-exporter", 9182), "smartctl": ("smartctl", 9633),
    "ipmi": ("ipmi-exporter", 9290), "namedprocess": ("process-exporter", 9256), "systemd": ("systemd", 9558),
    "netdata": ("netdata", 19999), "zfs": ("zfs-exporter", 9134), "ebpf": ("ebpf-exporter", 9435),
    "host": ("node-exporter", 9100), "disk": ("node-exporter", 9100), "instance": ("node-exporter", 9100),
}  # fmt: skip
APP_FAMILIES = frozenset({
    "http", "jvm", "go", "process", "grpc", "python", "ruby", "rest", "up", "django", "sidekiq", "puma",
    "hystrix", "spring", "tomcat", "nodejs", "rpc", "hikaricp", "logback", "erlang", "request",
    "requests",
})  # fmt: skip
#: Products that are none of the ten services.
INFRASTRUCTURE = frozenset({
    "ceph", "openstack", "cortex", "prometheus", "thanos", "cilium", "jaeger", "argocd", "promscale",
    "alertmanager", "loki", "tempo", "tempodb", "otelcol", "gitlab", "pve", "digitalocean", "aws",
    "azurerm", "stackdriver", "cloudflare", "karpenter", "keda", "certmanager", "vmware", "bigip",
    "junos", "ifoperstatus", "ifinerrors", "snmp", "apcupsd", "jenkins", "velero", "harbor", "vault",
    "consul", "nomad", "promtail", "gotk", "hubble", "pilot", "cloudwatch", "github", "speedtest",
    "wireguard", "litellm", "gluster", "minio", "metrics", "controller", "vector", "reloader",
})  # fmt: skip
ROUTED = {"istio", "envoy", "nginx", "haproxy", "traefik", "linkerd", "caddy"}
CLUSTER_FAMILIES = {"apiserver": "apiserver", "etcd": "etcd", "coredns": "coredns", "cluster": "apiserver"}
WORKLOADS = {
    "deployment": "deployment", "statefulset": "statefulset", "daemonset": "deployment",
    "horizontalpodautoscaler": "hpa",
    "scaledobject": "deployment", "scaledObject": "deployment", "replicaset": "replicaset",
    "poddisruptionbudget": "deployment", "job_name": "job", "cronjob": "deployment",
}  # fmt: skip


#: Labels by which a stranger's series name what they are about; they are filled with nothing's name.
NAMES_SOMEBODY = frozenset({
    "instance", "job", "pod", "node", "host", "hostname", "nodename", "server", "service",
    "service_name", "app", "application", "component", "container", "deployment", "statefulset",
    "daemonset", "job_name", "exported_namespace", "exported_service",
})  # fmt: skip


#: Labels that name the service itself, whichever exporter writes them.
TELLING = frozenset({
    "destination_canonical_service", "horizontalpodautoscaler", "scaledObject", "function_name",
    "dbinstance_identifier", "load_balancer", "target_group", "application_name", "kubernetes_pod_name",
    "exported_service",
})  # fmt: skip


class Filled(NamedTuple):
    """The labels of an alert, the service that they determine, and by which label."""

    labels: Labels
    service: str | None
    by: str


def pod_of(name: str) -> str:
    """The pod of a service in the cluster."""
    return f"{name}-7d9f8b6c5-x2k4q" if PLACES[name].kind == "deployment" else f"{name}-0"


def series() -> Series:
    """What this system's Prometheus tells of where things run."""
    inside = {name: place for name, place in PLACES.items() if place.kind in IN_CLUSTER}
    outside = {name: place for name, place in PLACES.items() if place.kind not in IN_CLUSTER}
    return {
        "targets": [*(one for name in PLACES for one in _targets(name)), *_exporters_alone()],
        "pods": [
            {"namespace": "shop", "pod": pod_of(name), "node": place.host, "pod_ip": place.address,
             "host_ip": NODES[place.host],
             "created_by_name": name if place.kind == "statefulset" else f"{name}-7d9f8b6c5"}
            for name, place in inside.items()
        ],
        "replicasets": [
            {"namespace": "shop", "replicaset": f"{name}-7d9f8b6c5", "owner_name": name}
            for name, place in inside.items() if place.kind == "deployment"
        ],
        "nodes": [{"node": node, "internal_ip": address} for node, address in NODES.items()],
        "hosts": [
            {"instance": f"{place.address}:9100", "nodename": place.host} for place in outside.values()
        ],
        "units": [
            {"instance": f"{place.address}:9100", "name": f"{name}.service"}
            for name, place in outside.items() if place.kind == "unit"
        ],
        "containers": [
            {"instance": f"{place.address}:8080", "name": f"shop-{name}-1"}
            for name, place in outside.items() if place.kind == "container"
        ],
        "claims": [
            {"namespace": "shop", "pod": pod_of(name), "persistentvolumeclaim": f"data-{name}-0"}
            for name in inside
        ],
    }  # fmt: skip


def _targets(name: str) -> Iterator[Labels]:
    """The service itself, as a scraper of its platform labels it."""
    place = PLACES[name]
    if name in STORES:
        for job, port, service in dict.fromkeys(STORE_FAMILIES.values()):
            if service == name:
                yield {"job": job, "instance": f"{place.address}:{port}", **_in_pod(name)}
        return
    yield {"job": name, "instance": f"{place.address}:{place.port}", **_in_pod(name)}


def _exporters_alone() -> Iterator[Labels]:
    yield {
        "job": "kube-state-metrics",
        "instance": "10.1.0.99:8080",
        "namespace": "monitoring",
        "pod": "ksm-0",
    }
    for address in (*NODES.values(), *(one.address for one in PLACES.values() if one.kind not in IN_CLUSTER)):
        yield {"job": "node-exporter", "instance": f"{address}:9100"}


def _in_pod(name: str) -> Labels:
    if PLACES[name].kind not in IN_CLUSTER:
        return {}
    return {"namespace": "shop", "pod": pod_of(name), "container": name}


def fill(
    metric: str, expr: str, left: tuple[frozenset[str] | None, frozenset[str]], told: frozenset[str],
    own: Labels, chosen: Service,
) -> Filled:  # fmt: skip
    """The alert's labels, and what they determine.

    Args:
        metric: the first of the expression.
        expr: the expression.
        left: the labels that it leaves (None: all), and those that it drops.
        told: labels that the rule's texts use.
        own: labels that the rule itself gives.
        chosen: the service that fails, where the metric does not say which it is.
    """
    everything, meant = _of_family(metric, expr, chosen.name)
    kept, dropped = left
    asked = told | {
        name for name, value in everything.items() if isinstance(value, _Lazy) and _asks(expr, name)
    }
    usual = {name for name, value in everything.items() if not isinstance(value, _Lazy)}
    names = (usual | asked) - dropped if kept is None else set(kept)
    for name in names & TELLING:
        everything.setdefault(name, chosen.name)
        meant.setdefault(name, chosen.name)
    labels = {name: everything.get(name) or _stranger(name, chosen.name) for name in sorted(names) if name}
    by = next((name for name in labels if name in meant and name in everything), "")
    service = meant.get(by)
    return Filled({"alertname": "A", **labels, **own}, service, by)


def _of_family(metric: str, expr: str, chosen: str) -> tuple[dict[str, str], dict[str, str]]:
    """All labels of a metric's series, and which of them determine which service."""
    family = metric.split(":")[0].split("_")[0].casefold()
    place = PLACES[chosen]
    if family in CLUSTER_FAMILIES:
        return {"job": CLUSTER_FAMILIES[family], "instance": "10.0.0.2:6443", "cluster": "prod"}, {}
    if family in STORE_FAMILIES:
        job, port, name = STORE_FAMILIES[family]
        known = {"job": job, "instance": f"{PLACES[name].address}:{port}", **_in_pod(name)}
        return {**known, "datname": "app", "topic": "invoices"}, dict.fromkeys(
            ("instance", "pod", "container"), name
        )
    if family in HOST_FAMILIES:
        return _of_host(*HOST_FAMILIES[family], chosen, expr)
    if family in ("kube", "kubelet", "container", "namespace") or metric.startswith("node_namespace"):
        return _of_kubernetes(family, chosen)
    if family in ("probe", "ssl"):
        url = f"https://{chosen}.shop.example.com/alive"
        return {"job": "blackbox", "instance": url}, ({"instance": chosen})
    if family in ROUTED:
        return _routed(family, chosen)
    if family in APP_FAMILIES and 'job="' not in expr and "job=~" not in expr:
        known = {
            "job": chosen,
            "instance": f"{place.address}:{place.port}",
            "service": chosen,
            **_in_pod(chosen),
        }
        if chosen in STORES:
            known |= {"job": "kubernetes-pods", "service": "kubernetes-pods"}
        sure = ("instance", "pod", "container", *(() if chosen in STORES else ("job", "service")))
        return known, dict.fromkeys(sure, chosen)
    if (
        family not in INFRASTRUCTURE
    ):  # a product with which the service is made: its exporter stands beside it
        known = {"job": family, "instance": f"{place.address}:9999", **_in_pod(chosen)}
        return known, dict.fromkeys(("instance", "pod", "container"), chosen)
    return {
        "job": family,
        "instance": f"{family}-0.infra.example.com:9999",
        "namespace": family,
        "pod": f"{family}-0",
    }, {}


def _of_host(job: str, port: int, chosen: str, expr: str) -> tuple[dict[str, str], dict[str, str]]:
    place = PLACES[chosen]
    address = NODES.get(place.host, place.address)
    known = {"job": job, "instance": f"{address}:{port}", "nodename": place.host}
    alone = place.kind not in IN_CLUSTER
    meant = dict.fromkeys(("instance", "nodename"), chosen) if alone else {}
    if "systemd_unit" in expr and place.kind == "unit":
        known["name"] = f"{chosen}.service"
        meant["name"] = chosen
    if "namedprocess" in expr:
        known["groupname"] = chosen
        meant["groupname"] = chosen
    return known, meant


def _of_kubernetes(family: str, chosen: str) -> tuple[dict[str, str], dict[str, str]]:
    """Of kube-state-metrics, the kubelet and cAdvisor: about a workload of the cluster."""
    name = chosen if PLACES[chosen].kind in IN_CLUSTER else "catalogue"
    scraper = {"kubelet": "kubelet", "container": "cadvisor"}.get(family, "kube-state-metrics")
    known = {
        "job": scraper,
        "service": scraper,
        "instance": "10.1.0.99:8080",
        "namespace": "shop",
        "cluster": "prod",
    }
    meant = {"pod": name, "container": name, "persistentvolumeclaim": name}
    named = {"pod": pod_of(name), "container": name, "persistentvolumeclaim": f"data-{name}-0"}
    for label, form in WORKLOADS.items():
        named[label] = {
            "hpa": f"{name}-hpa",
            "job": f"{name}-28473920",
            "replicaset": f"{name}-7d9f8b6c5",
        }.get(form, name)
        meant[label] = name
    return known | _lazily(named), meant


def _routed(family: str, chosen: str) -> tuple[dict[str, str], dict[str, str]]:
    known = {"job": f"{family}-metrics", "instance": "edge-1.infra.example.com:9113"}
    named = {
        "destination_workload": chosen, "destination_service": f"{chosen}.shop.svc.cluster.local",
        "destination_canonical_service": chosen, "destination_service_name": chosen,
        "exported_service": chosen, "ingress": chosen, "proxy": chosen, "backend": chosen,
        "upstream": f"{chosen}:8080",
        "envoy_cluster_name": f"outbound|8080||{chosen}.shop.svc.cluster.local", "server": f"{chosen}-1",
    }  # fmt: skip
    if family == "traefik":
        named["service"] = f"{chosen}@kubernetes"
    return known | _lazily(named), dict.fromkeys(named, chosen)


def _asks(expr: str, label: str) -> bool:
    """Whether series carry a label: the expression or the name of kube-state-metrics' metric says it."""
    return bool(re.search(rf"\b{label}\b|kube_{label.removesuffix('_name')}_", expr))


class _Lazy(str):
    """A value that the series carry only where the rule asks for the label."""


def _lazily(named: Labels) -> dict[str, str]:
    return {name: _Lazy(value) for name, value in named.items()}


def _stranger(name: str, chosen: str) -> str:
    """A value of a label that tells nothing of who fails: another service's name where any word can be."""
    usual = {"cluster": "prod", "region": "eu-1", "zone": "eu-1a", "namespace": "infra", "le": "0.5"}
    if name in usual or name in NAMES_SOMEBODY:
        return usual.get(name, "x17")
    other = next(service for service in PLACES if service != chosen and service not in STORES)
    return f"/{other}" if name in ("handler", "path", "uri", "route") else other
