"""Builds the topology out of series: what carries the same pod, instance or node stands together. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from tools.alerts.matching.conventions import ExporterKind, conventions, exporter_kind
from tools.alerts.matching.match import Matcher
from tools.alerts.matching.names import ServiceNames
from tools.alerts.matching.spellings import host_of
from tools.alerts.matching.topology import Thing, Topology, place_key, target_name

Labels = Mapping[str, str]
#: The labels of series, by the name under which `topology.yaml` asks for them.
Series = Mapping[str, Sequence[Labels]]
#: What says nothing of what runs, only where it was scraped.
_WHERE = frozenset({"instance", "node", "host_name", "nodename", "cluster", "zone"})


def learn(series: Series, names: ServiceNames, at: datetime) -> Topology:
    """The topology that series tell of.

    Args:
        series: their labels; what is not there is not known.
        names: of the catalogue's services; what belongs to none of them is left out.
        at: when the series were asked for.
    """
    return _Learner(series, names).topology(at)


class _Learner:
    def __init__(self, series: Series, names: ServiceNames) -> None:
        self._series = series
        self._matcher = Matcher(names)
        self._on: dict[str, set[str]] = defaultdict(set)
        self._nodes: dict[str, str] = {}
        self._pods: dict[tuple[str, str], str | None] = {}
        self._pod_addresses: set[str] = set()
        self._owners = dict(self._owned())

    def topology(self, at: datetime) -> Topology:
        self._learn_nodes()
        self._learn_pods()
        self._learn_targets()
        self._learn_hosts()
        self._learn_objects()
        self._learn_zones()
        services = {key: tuple(sorted(on)) for key, on in self._on.items()}
        return Topology(at=at, services=services, nodes=self._nodes)

    def _each(self, name: str) -> Sequence[Labels]:
        return self._series.get(name, ())

    def _put(self, service: str | None, thing: Thing, name: str | None, namespace: str = "") -> None:
        if service and name:
            self._on[place_key(thing, name, namespace)].add(service)

    def _owned(self) -> Iterator[tuple[tuple[str, str], str]]:
        """Of replica sets and jobs the workload that made them."""
        for series, label in (("replicasets", "replicaset"), ("jobs", "job_name")):
            for one in self._each(series):
                if (owner := one.get("owner_name", "<none>")) != "<none>":
                    yield (one.get("namespace", ""), one.get(label, "")), owner

    def _learn_nodes(self) -> None:
        for one in (*self._each("nodes"), *self._each("pods")):
            if node := one.get("node"):
                names = (node, one.get("internal_ip"), one.get("host_ip"))
                self._nodes |= {host_of(name): node for name in names if name}

    def _learn_pods(self) -> None:
        labels = {(one.get("namespace", ""), one.get("pod", "")): one for one in self._each("pod_labels")}
        for one in self._each("pods"):
            pod = (one.get("namespace", ""), one.get("pod", ""))
            owner = one.get("created_by_name", "")
            told = {
                "namespace": pod[0],
                "pod": pod[1],
                "workload": self._owners.get((pod[0], owner), owner),
                **{name: value for name, value in labels.get(pod, {}).items() if name.startswith("label_")},
            }
            service = self._pods[pod] = self._matcher.match(told).service
            address = one.get("pod_ip", "")
            self._put(service, Thing.POD, pod[1], pod[0])
            self._put(service, Thing.NAMESPACE, pod[0])
            self._put(service, Thing.HOST, one.get("node"))
            if address and address != one.get("host_ip"):
                self._pod_addresses.add(address)
                self._put(service, Thing.INSTANCE, address)

    def _learn_targets(self) -> None:
        for one in (*self._each("targets"), *self._each("resources")):
            service = self._service_of(one)
            instance = one.get("instance", "")
            if not service or not instance:
                continue
            if "://" in instance:
                self._put(service, Thing.TARGET, target_name(instance))
                continue
            self._put(service, Thing.INSTANCE, instance)
            host = host_of(instance)
            if "pod" not in one and host not in self._pod_addresses:
                self._put(service, Thing.HOST, self._nodes.get(host, host))
            self._put_around(service, one)

    def _put_around(self, service: str, labels: Labels) -> None:
        named = {plain: value for plain, (_, value) in conventions().plain_labels(labels).items()}
        for rule in conventions().places:
            for label in rule.labels:
                if label != "instance" and (value := named.get(label)):
                    name = self._nodes.get(host_of(value), host_of(value)) if rule.place == "host" else value
                    self._put(service, Thing(rule.place), name)

    def _service_of(self, labels: Labels) -> str | None:
        """By what runs there: its pod, else its own labels; never by the machine's name."""
        pod = (labels.get("namespace", ""), labels.get("pod", ""))
        if self._pods.get(pod):
            return self._pods[pod]
        kind = exporter_kind(labels.get("job", ""))
        if kind in (ExporterKind.HOST, ExporterKind.AGGREGATORS):
            return None
        return self._matcher.match({k: v for k, v in labels.items() if k not in _WHERE}).service

    def _learn_hosts(self) -> None:
        """Of machines without a cluster: units of systemd, containers of Docker, processes."""
        for series in ("units", "containers", "processes"):
            for one in self._each(series):
                told = {name: value for name, value in one.items() if name not in _WHERE and name != "job"}
                host = host_of(one.get("instance", ""))
                self._put(self._matcher.match(told).service, Thing.HOST, self._nodes.get(host, host))
        for one in self._each("hosts"):
            host, name = host_of(one.get("instance", "")), one.get("nodename", "")
            if host and name and host not in self._nodes:
                both = self._on[place_key(Thing.HOST, host)] | self._on[place_key(Thing.HOST, name)]
                self._on[place_key(Thing.HOST, host)] = self._on[place_key(Thing.HOST, name)] = both

    def _learn_objects(self) -> None:
        """Of Kubernetes: what belongs to a workload or leads to one."""
        for one in self._each("claims"):
            pod = (one.get("namespace", ""), one.get("pod", ""))
            self._put(self._pods.get(pod), Thing.CLAIM, one.get("persistentvolumeclaim"), pod[0])
        for one in self._each("autoscalers"):
            told = {"namespace": one.get("namespace", ""), "workload": one.get("scaletargetref_name", "")}
            service = self._matcher.match(told).service
            self._put(service, Thing.WORKLOAD, one.get("horizontalpodautoscaler"), told["namespace"])
        for (namespace, name), owner in self._owners.items():
            service = self._matcher.match({"namespace": namespace, "workload": owner}).service
            self._put(service, Thing.WORKLOAD, name, namespace)
        for one in self._each("ingresses"):
            space = one.get("exported_namespace", one.get("namespace", ""))
            service = self._matcher.match(
                {"namespace": space, "service": one.get("service_name", "")}
            ).service
            self._put(service, Thing.WORKLOAD, one.get("ingress"), space)
            self._put(service, Thing.TARGET, target_name(f"{one.get('host', '')}{one.get('path', '')}"))

    def _learn_zones(self) -> None:
        for one in self._each("node_labels"):
            zone = next((value for name, value in one.items() if name.endswith("io_zone")), None)
            for service in self._on.get(place_key(Thing.HOST, one.get("node", "")), ()):
                self._put(service, Thing.ZONE, zone)
