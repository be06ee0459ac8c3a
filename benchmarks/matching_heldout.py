"""Which service public Prometheus rules find that nobody tuned the matching by, over another made-up system.

Run from the repository's root, with a folder of rule files (any public collection that
`benchmarks.matching` was not run over):

    python -m benchmarks.matching_heldout FOLDER [--show wrong|unknown]

The rule by which labels are made up was written before any of these files was looked at, and knows only what
exporters write (not which products exist): a metric's first word says who tells it. What is not a host
exporter, Kubernetes' own state, a probe, a store of this system, a mesh or gateway, or a runtime is a product
of somebody else, which stands in a namespace of its own and determines nothing: whatever service is found for
it is wrong. Labels are filled by their names alone.

On 2026-11-29, over the 3431 rules of cloudfoundry/prometheus-boshrelease,
openshift/cluster-monitoring-operator, sapcc/helm-charts, giantswarm/prometheus-rules,
bdossantos/prometheus-alert-rules, PixiBixi/prometheus-rules, rook/rook, strimzi/strimzi-kafka-operator and
ministryofjustice/cloud-platform-environments (templates as far as they are YAML without their directives):
681 are determined, of which 656 (96.3%) were right and 25 unknown at the first run; of the 2750 others 8 were
wrong (0.2% of all), each by an address or a job that holds the name of the service that was found. Two faults
were general: a workload's further name was not looked for where a mesh or an ingress tells it, nor
`namespace-name` where the catalogue knows the namespace. Since they are mended 665 are right (97.7%), and the
check is held out from them no more. What stays unknown has the namespace of somebody else written over it by
its rule.

The system is unlike that of `benchmarks.matching`: its names have cases, affixes and namespaces, its scrapers
name jobs as Prometheus Operator does, its machines have names, and two services share one.
"""

import argparse
import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks.matching import Outcome, Rule, labels_left, metric_of, report, rules_in
from benchmarks.matching_system import Filled
from incidents.catalogue import Endpoint, Service, ServiceKind
from tools.alerts.matching.learn import Series, learn
from tools.alerts.matching.match import Matcher
from tools.alerts.matching.names import ServiceNames

NOW = datetime(2026, 11, 29, 3, 45, tzinfo=UTC)


class Where(NamedTuple):
    """Where a service runs: its namespace and workload in the cluster, or a machine; with its address."""

    namespace: str
    workload: str
    kind: str
    host: str
    address: str


#: By the name in the catalogue, which is not always what its workload is called.
SYSTEM: Mapping[str, Where] = {
    "user-api": Where("accounts", "user-api", "deployment", "worker-a", "10.8.1.4"),
    "OrderService": Where("orders", "order-service", "deployment", "worker-b", "10.8.2.7"),
    "pricing-engine": Where("orders", "pricing-engine", "deployment", "worker-a", "10.8.1.9"),
    "web-frontend": Where("edge", "web-frontend", "deployment", "worker-b", "10.8.2.8"),
    "notifications": Where("comms", "notifications-worker", "deployment", "worker-a", "10.8.1.12"),
    "pg-users": Where("accounts", "pg-users", "statefulset", "worker-b", "10.8.2.20"),
    "cart-mongo": Where("orders", "cart-mongo", "statefulset", "worker-a", "10.8.1.21"),
    "broker": Where("comms", "broker", "statefulset", "worker-b", "10.8.2.22"),
    "session-cache": Where("edge", "session-cache", "statefulset", "worker-a", "10.8.1.23"),
    "legacy-erp": Where("", "legacy-erp", "unit", "erp01.corp.example.com", "172.20.4.11"),
    "print-spooler": Where("", "print-spooler", "unit", "shared02.corp.example.com", "172.20.4.12"),
    "fax-gateway": Where("", "fax-gateway", "unit", "shared02.corp.example.com", "172.20.4.12"),
}
STORES = {"pg-users": ServiceKind.DATABASE, "cart-mongo": ServiceKind.DATABASE, "broker": ServiceKind.QUEUE,
          "session-cache": ServiceKind.DATABASE}  # fmt: skip
#: Labels that stand on every series that has them.
USUAL = frozenset({"job", "instance", "namespace", "pod", "container", "service"})
#: The exporter that stands in the pod of each store, by the first words of its metrics.
EXPORTERS: Mapping[str, tuple[str, str]] = {
    "pg": ("postgres-exporter", "pg-users"), "postgres": ("postgres-exporter", "pg-users"),
    "mongodb": ("mongodb-exporter", "cart-mongo"), "rabbitmq": ("rabbitmq", "broker"),
    "redis": ("redis-exporter", "session-cache"),
}  # fmt: skip
HOSTS = frozenset({"node", "windows", "smartctl", "ipmi", "namedprocess", "systemd"})
STATE = frozenset({"kube", "container", "kubelet", "namespace"})
RUNTIMES = frozenset({"http", "jvm", "go", "process", "grpc", "python", "nodejs", "up", "tomcat", "spring"})
ROUTERS = frozenset({"istio", "envoy", "nginx", "haproxy", "traefik", "linkerd", "kong", "contour"})
CLUSTER = frozenset({"apiserver", "etcd", "coredns", "scheduler", "workqueue", "cluster"})

SERVICES = tuple(
    Service(
        name=name,
        kind=STORES.get(name, ServiceKind.SERVICE),
        namespaces=(at.namespace,) if at.namespace else (),
        workloads=(at.workload,) if at.workload != name else (),
        endpoints=()
        if name in STORES
        else (Endpoint(name="live", url=f"https://{at.workload}.corp.example.com/healthz"),),
    )
    for name, at in SYSTEM.items()
)
NAMES = ServiceNames(SERVICES)
ADDRESSES = {"worker-a": "10.9.0.1", "worker-b": "10.9.0.2"}


def pod_of(at: Where) -> str:
    """Its pod."""
    return f"{at.workload}-5d8c7f9b44-8kz2p" if at.kind == "deployment" else f"{at.workload}-1"


def targets() -> Iterator[Mapping[str, str]]:
    """`up` as Prometheus Operator and a file of machines label it."""
    for name, at in SYSTEM.items():
        if at.kind == "unit":
            port = 9400 + len(name)
            yield {"job": name, "instance": f"{at.host}:{port}"}
            continue
        own = {"namespace": at.namespace, "pod": pod_of(at), "service": at.workload}
        job = next((job for job, store in EXPORTERS.values() if store == name), at.workload)
        yield {"job": f"{at.namespace}/{job}", "instance": f"{at.address}:9000", "container": "main", **own}
    for host in ("worker-a", "worker-b"):
        yield {"job": "node-exporter", "instance": f"{ADDRESSES[host]}:9100"}
    for host in ("erp01.corp.example.com", "shared02.corp.example.com"):
        yield {"job": "windows", "instance": f"{host}:9182"}
    yield {"job": "kube-state-metrics", "instance": "10.8.1.99:8080", "namespace": "monitoring"}


def series() -> Series:
    """What the system's Prometheus tells of where things run."""
    inside = {name: at for name, at in SYSTEM.items() if at.kind != "unit"}
    return {
        "targets": list(targets()),
        "pods": [
            {"namespace": at.namespace, "pod": pod_of(at), "node": at.host, "pod_ip": at.address,
             "host_ip": ADDRESSES[at.host],
             "created_by_name": f"{at.workload}-5d8c7f9b44" if at.kind == "deployment" else at.workload}
            for at in inside.values()
        ],
        "replicasets": [
            {"namespace": at.namespace, "replicaset": f"{at.workload}-5d8c7f9b44", "owner_name": at.workload}
            for at in inside.values() if at.kind == "deployment"
        ],
        "nodes": [{"node": node, "internal_ip": address} for node, address in ADDRESSES.items()],
        "claims": [
            {"namespace": at.namespace, "pod": pod_of(at), "persistentvolumeclaim": f"data-{pod_of(at)}"}
            for at in inside.values()
        ],
    }  # fmt: skip


def named(chosen: str) -> dict[str, str]:
    """The labels that name a workload of the cluster, by their names."""
    at = SYSTEM[chosen]
    return {
        "pod": pod_of(at), "pod_name": pod_of(at), "container": "main", "container_name": "main",
        "deployment": at.workload, "statefulset": at.workload, "daemonset": at.workload,
        "workload": at.workload, "replicaset": f"{at.workload}-5d8c7f9b44",
        "horizontalpodautoscaler": at.workload, "hpa": at.workload, "poddisruptionbudget": at.workload,
        "job_name": f"{at.workload}-29103840", "cronjob": at.workload,
        "persistentvolumeclaim": f"data-{pod_of(at)}", "service": at.workload, "created_by_name": at.workload,
        "app": at.workload, "label_app": at.workload, "owner_name": at.workload,
    }  # fmt: skip


def routed(chosen: str) -> dict[str, str]:
    """The labels by which meshes and gateways name what is behind them."""
    at = SYSTEM[chosen]
    host = f"{at.workload}.{at.namespace}.svc.cluster.local"
    return {
        "destination_workload": at.workload, "destination_service": host, "destination_app": at.workload,
        "destination_service_name": at.workload, "destination_canonical_service": at.workload,
        "exported_service": at.workload, "ingress": at.workload, "backend": f"{at.namespace}-{at.workload}",
        "proxy": at.workload, "upstream": f"{at.address}:9000", "deployment": at.workload,
        "envoy_cluster_name": f"outbound|80||{host}",
    }  # fmt: skip


def fill(rule: Rule) -> Filled:
    """One alert of a rule: its labels, and what they determine by the tables above."""
    names = tuple(SYSTEM)
    chosen = names[zlib.crc32(f"{rule.name}@{rule.file}".encode()) % len(names)]
    known, meant = _told(rule, chosen)
    kept, dropped = labels_left(rule)
    asked = rule.told | {name for name in known if _mentions(rule, name)}
    left = ((USUAL & known.keys()) | asked) - dropped if kept is None else set(kept)
    labels = {name: known.get(name) or _stranger(name) for name in sorted(left) if name}
    by = next((name for name in labels if name in meant and name in known), "")
    return Filled({"alertname": rule.name, **labels, **rule.own}, meant.get(by), by)


def _mentions(rule: Rule, label: str) -> bool:
    return re.search(rf"\b{label}\b|kube_{label.removesuffix('_name')}_", rule.expr) is not None


def _told(rule: Rule, chosen: str) -> tuple[dict[str, str], dict[str, str]]:
    """All labels of a rule's series, and which of them are whose own."""
    family = re.split(r"[_:]", metric_of(rule).casefold())[0]
    selects = re.search(r'\bjob\s*=~?\s*"([^"]+)"', rule.expr)
    if family in CLUSTER:
        return {"job": "apiserver", "instance": "10.9.0.1:6443", "namespace": "default"}, {}
    if family in EXPORTERS:
        return _of_store(*EXPORTERS[family])
    if family in HOSTS:
        return _of_host(chosen)
    inside = chosen if SYSTEM[chosen].kind != "unit" else "user-api"
    if family in STATE:
        return _of_state(family, rule, inside)
    if family in ("probe", "ssl"):
        url = f"https://{SYSTEM[chosen].workload}.corp.example.com/healthz"
        own = {"instance": url, "target": url}
        return {"job": "blackbox"} | own, {} if chosen in STORES else dict.fromkeys(own, chosen)
    if family in ROUTERS:
        own = routed(inside)
        return {"job": f"{family}/metrics", "instance": "10.8.9.9:9901", "namespace": "ingress"} | own, (
            dict.fromkeys(own, inside)
        )
    if family in RUNTIMES and selects is None:
        return _of_itself(chosen)
    return _of_somebody_else(re.sub(r"\W+", "-", selects[1]) if selects else family)


def _of_store(job: str, store: str) -> tuple[dict[str, str], dict[str, str]]:
    at = SYSTEM[store]
    own = {"instance": f"{at.address}:9000", "pod": pod_of(at), "service": at.workload}
    return {"job": f"{at.namespace}/{job}", "namespace": at.namespace} | own, dict.fromkeys(own, store)


def _of_host(chosen: str) -> tuple[dict[str, str], dict[str, str]]:
    at = SYSTEM[chosen]
    alone = sum(other.host == at.host for other in SYSTEM.values()) == 1
    own = {"instance": f"{ADDRESSES.get(at.host, at.host)}:9100", "nodename": at.host}
    job = "windows" if at.kind == "unit" else "node-exporter"
    return {"job": job} | own, dict.fromkeys(own, chosen) if alone else {}


def _of_state(family: str, rule: Rule, inside: str) -> tuple[dict[str, str], dict[str, str]]:
    """What tells of the cluster has a pod and a container itself, which stand where a rule asks for none."""
    scraper = {
        "job": "kube-state-metrics", "instance": "10.8.1.99:8080", "namespace": SYSTEM[inside].namespace,
        "pod": "ksm-0", "container": "kube-state-metrics", "service": "kube-state-metrics",
    }  # fmt: skip
    own = {name: value for name, value in named(inside).items() if _mentions(rule, name) or name in rule.told}
    if family == "container":
        scraper |= {"job": "kubelet", "instance": "10.9.0.1:10250", "service": "kubelet"}
        own |= {"pod": pod_of(SYSTEM[inside])}
    says_nothing = {"container", "container_name"}  # the container's name is the same everywhere
    return scraper | own, {name: inside for name in own if name not in says_nothing}


def _of_itself(chosen: str) -> tuple[dict[str, str], dict[str, str]]:
    at = SYSTEM[chosen]
    if at.kind == "unit":
        own = {"job": chosen, "instance": f"{at.host}:{9400 + len(chosen)}"}
        return own, dict.fromkeys(own, chosen)
    own = {"instance": f"{at.address}:9000", "pod": pod_of(at), "service": at.workload}
    job = next((job for job, store in EXPORTERS.values() if store == chosen), at.workload)
    known = {"job": f"{at.namespace}/{job}", "namespace": at.namespace, "container": "main"}
    return known | own, dict.fromkeys(own, chosen)


def _of_somebody_else(product: str) -> tuple[dict[str, str], dict[str, str]]:
    return {
        "job": product, "instance": f"10.7.7.7:{9000 + len(product)}", "namespace": f"{product}-system",
        "pod": f"{product}-0", "container": product, "service": product,
    }, {}  # fmt: skip


def _stranger(name: str) -> str:
    """A value that tells nothing of who fails."""
    return {"cluster": "eu-prod", "namespace": "other-system", "node": "worker-z"}.get(name, "z9")


def outcomes(folder: Path) -> list[Outcome]:
    """What every rule's alert finds."""
    matcher = Matcher(NAMES, learn(series(), NAMES, NOW))
    every = ((rule, fill(rule)) for rule in rules_in(folder))
    return [Outcome(rule, made, matcher.match(made.labels, "alertmanager")) for rule, made in every]


def main() -> int:
    """Read the folder's rules and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--show", choices=("right", "wrong", "unknown"))
    asked = parser.parse_args()
    found = outcomes(asked.folder) if asked.folder.is_dir() else []
    if not found:
        print(f"skipped: there are no alerting rules in {asked.folder}")  # noqa: T201
        return 0
    return 0 if report(found, asked.show) else 1


if __name__ == "__main__":
    raise SystemExit(main())
