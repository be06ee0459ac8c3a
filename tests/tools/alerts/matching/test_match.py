"""Which service the labels of an alert mean, for senders of every kind."""

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.catalogue import Service
from tests.tools.alerts.matching.shop import NAMES, SERVICES
from tools.alerts.matching.match import Matcher
from tools.alerts.matching.names import Alias, ServiceNames
from tools.alerts.matching.topology import Thing, Topology, place_key

BESIDE = [parent / "shared" / "inputs" for parent in Path(__file__).parents]
INPUTS = next((folder for folder in BESIDE if folder.is_dir()), BESIDE[0])

Labels = dict[str, str]
MATCHER = Matcher(NAMES)
NO_SERVICE: list[Labels] = [
    {"job": "node-exporter", "instance": "10.9.8.7:9100"},
    {"job": "blackbox", "instance": "https://elsewhere.example.net/basket-case"},
    {"service": "kps-kube-state-metrics", "job": "kube-state-metrics", "pod": "other-6c8d9f7b5-x2x4z"},
    {"job": "monitoring/redis-exporter", "instance": "10.9.8.7:9121"},
    {"deployment": "basket", "namespace": "staging"},  # it runs in bookshop alone
    {"namespace": "staging", "service": "basket"},
    {"datname": "storefront"},  # a database of that name is not the service
    {"name": "basket", "job": "circuit-breakers"},  # many things have a name
    {"route": "/basket", "job": "till"},  # the path of a request
    {"queue_name": "basket", "job": "rabbitmq"},
    {"deployment": "till", "namespace": "finance"},  # of a namespace that ledger has, but not ledger
    {"deployment": "basket-cleaner", "namespace": "bookshop"},
    {"pod": "basketball-6c8d9f7b5-x2x4z"},
    {"tier": "stream-1"},  # counts for Datadog alone
    {"alertname": "HighLatency"},
    {},
]


@pytest.mark.parametrize(
    ("labels", "service"),
    [
        ({"job": "basket", "instance": "10.1.1.1:8080"}, "basket"),
        ({"job": "bookshop/basket"}, "basket"),
        ({"service": "Basket"}, "basket"),
        ({"service": "bookshop-basket-svc"}, None),  # without a namespace the beginning may be anything
        ({"service": "bookshop-basket-svc", "namespace": "bookshop"}, "basket"),
        ({"app": "cart-v2"}, "basket"),
        ({"service": "prometheus-node-exporter", "pod": "basket-6c8d9f7b5-x2x4z", "job": "x"}, "basket"),
        ({"pod": "basket-6c8d9f7b5-x2x4z", "container": "istio-proxy"}, "basket"),
        ({"pod": "ledger-db-0", "namespace": "finance"}, "ledger-db"),
        ({"exported_pod": "basket-6c8d9f7b5-x2x4z", "pod": "ksm-0", "exported_namespace": "bookshop",
          "namespace": "monitoring"}, "basket"),
        ({"exported_service": "basket", "service": "storefront"}, "basket"),
        ({"exported_job": "ledger-close", "job": "pushgateway"}, None),
        ({"cronjob": "ledger-close", "namespace": "finance"}, "ledger"),
        ({"job_name": "ledger-close-28473920", "namespace": "finance"}, "ledger"),
        ({"daemonset": "ledger-agent"}, "ledger"),
        ({"horizontalpodautoscaler": "basket-hpa"}, "basket"),
        ({"persistentvolumeclaim": "data-ledger-db-0"}, "ledger-db"),
        ({"persistentvolumeclaim": "basket-data"}, "basket"),
        ({"service.name": "accounts", "service.namespace": "finance"}, "ledger"),
        ({"service_name": "accounts", "service_namespace": "hr"}, None),
        ({"resource.service.name": "storefront"}, "storefront"),
        ({"destination_service": "basket.bookshop.svc.cluster.local", "app": "storefront"}, "basket"),
        ({"destination_service_name": "basket", "source_workload": "storefront"}, "basket"),
        ({"destination_workload": "ledger-batch", "destination_namespace": "finance"}, "ledger"),
        ({"ingress": "ledger-batch", "exported_namespace": "finance"}, "ledger"),
        ({"envoy_cluster_name": "outbound|8080||basket.bookshop.svc.cluster.local"}, "basket"),
        ({"service": "bookshop-basket-8080@kubernetes", "job": "traefik"}, None),
        ({"backend": "bookshop-basket-8080"}, "basket"),
        ({"backend": "bookshop-basket"}, "basket"),
        ({"backend": "finance-basket"}, None),
        ({"upstream": "basket:8080", "instance": "edge-1:9113"}, "basket"),
        ({"proxy": "basket", "server": "basket-2", "instance": "lb-1:8404"}, "basket"),
        ({"ingress": "basket", "namespace": "ingress-nginx"}, "basket"),
        ({"name": "basket.service", "instance": "10.1.1.1:9100", "job": "node"}, "basket"),
        ({"name": "basket@2.service", "job": "node"}, "basket"),
        ({"name": "bookshop-basket-1", "job": "cadvisor"}, "basket"),
        ({"name": "basket", "job": "cadvisor"}, "basket"),
        ({"name": "bookshop_basket_1"}, "basket"),
        ({"container_label_com_docker_compose_service": "basket"}, "basket"),
        ({"com_docker_swarm_service_name": "bookshop_basket.1.x7y8z9abcdef"}, "basket"),
        ({"instance": "https://books.example.org/basket/alive", "job": "blackbox"}, "basket"),
        ({"instance": "https://books.example.org/", "job": "blackbox"}, "storefront"),
        ({"target": "https://api.example.net/ledger/health"}, "ledger"),
        ({"instance": "basket-3.prod.example.org:9100", "job": "node-exporter"}, "basket"),
        ({"instance": "storefront02:9100", "job": "windows"}, "storefront"),
        ({"instance": "db-7.ledger.example.org:9100", "job": "node"}, "ledger-db"),
        ({"instance": "10.1.1.1:5499"}, "ledger-db"),
        ({"topic": "orders-events", "job": "kafka-exporter"}, "orders-events"),
        ({"squad": "order-stream", "service": "storefront"}, "orders-events"),
        ({"TargetGroup": "targetgroup/basket/6d0ecf831eec9f09"}, "basket"),
        ({"alertname": "KubeQuotaExceeded", "namespace": "finance", "job": "kube-state-metrics"}, "ledger"),
        ({"owner_kind": "ReplicaSet", "owner_name": "basket-7d9f8c6b5"}, "basket"),
        ({"replicaset": "basket-6c8d9f7b5", "namespace": "bookshop"}, "basket"),
        ({"exported_instance": "basket:8080", "instance": "push:9091", "job": "pushgateway"}, "basket"),
        ({"authority": "basket.bookshop.svc.cluster.local:8080", "direction": "outbound"}, "basket"),
        ({"exported_service": "bookshop-basket-8080@kubernetes", "job": "traefik"}, "basket"),
        ({"exported_ingress": "basket", "ingress_class": "nginx"}, "basket"),
        ({"backend": "default/be_edge_http:bookshop:basket"}, "basket"),
        ({"backend": "basket_backend"}, "basket"),
        ({"proxy": "bk_basket"}, "basket"),
        ({"service": "basket-backend"}, None),  # of what runs it may be another
        ({"target": "basket.bookshop.svc:8080/alive", "job": "blackbox"}, "basket"),
        ({"com_docker_swarm_service_name": "books_storefront"}, "storefront"),
        ({"container": "books_storefront"}, None),  # a container's name says of no stack
        ({"dimension_ServiceName": "storefront", "job": "yace"}, "storefront"),
        ({"AutoScalingGroupName": "storefront-asg"}, "storefront"),
        ({"kubernetes_name": "basket", "job": "kubernetes-service-endpoints"}, "basket"),
        ({"windows_service": "storefront", "job": "windows"}, "storefront"),
        ({"name": "basket", "job": "argocd-metrics", "namespace": "argocd",
          "dest_namespace": "bookshop"}, "basket"),
        ({"exported_name": "basket", "kind": "HelmRelease", "exported_namespace": "bookshop"}, "basket"),
        ({"topic": "mails", "consumergroup": "storefront"}, "storefront"),
        ({"topic": "orders-events", "consumergroup": "storefront"}, "orders-events"),
    ],
)  # fmt: skip
def test_labels_mean_a_service(labels: Labels, service: str | None) -> None:
    match = MATCHER.match(labels, "alertmanager")
    assert match.service == service, match
    if service is not None:
        assert match.sentence.startswith(f"{service}: by the label ")


@pytest.mark.parametrize("labels", NO_SERVICE)
def test_what_names_no_service_stays_unknown(labels: Labels) -> None:
    assert MATCHER.match(labels, "alertmanager").service is None


def test_a_label_may_count_for_one_sender_alone() -> None:
    assert MATCHER.match({"tier": "stream-1"}, "datadog").service == "orders-events"


def test_what_the_sender_names_counts_before_the_workload() -> None:
    assert MATCHER.match({"deployment": "storefront"}, "pagerduty", sent="basket").service == "basket"
    told_twice = MATCHER.match({"subject": "basket"}, "cloudevents", sent="basket")
    assert (told_twice.service, told_twice.rule) == ("basket", "sender")
    taken_from = MATCHER.match({"job": "node-exporter", "deployment": "storefront"}, sent="node-exporter")
    assert taken_from.rule == "workload", "what a rule judges is not the sender's own word"


def test_what_is_not_known_is_named_so_that_it_can_be_confirmed() -> None:
    match = MATCHER.match({"deployment": "till", "job": "kube-state-metrics", "namespace": "shops"})
    assert (match.service, match.named) == (None, "till")
    confirmed = Matcher(ServiceNames(SERVICES, [Alias(name="till", service="storefront")]))
    found = confirmed.match({"deployment": "till", "job": "kube-state-metrics", "namespace": "shops"})
    assert found.service == "storefront"
    assert "confirmed" in found.sentence


def test_the_same_name_in_two_namespaces_is_two_services() -> None:
    names = ServiceNames(
        [
            Service(name="eu-api", aliases=("api",), namespaces=("eu",)),
            Service(name="us-api", aliases=("api",), namespaces=("us",)),
        ]
    )
    assert Matcher(names).match({"deployment": "api", "namespace": "us"}).service == "us-api"
    assert Matcher(names).match({"job": "eu/api"}).service == "eu-api"
    assert Matcher(names).match({"app": "api"}).service is None


def test_backends_know_what_labels_do_not_say() -> None:
    known = Topology(
        services={
            place_key(Thing.POD, "x-6c8d9f7b5-x2x4z", "bookshop"): ("basket",),
            place_key(Thing.INSTANCE, "10.1.1.1:8080"): ("basket",),
            place_key(Thing.HOST, "vm-7"): ("ledger",),
            place_key(Thing.HOST, "node-3"): ("basket", "storefront"),
        },
        nodes={"node-3": "node-3", "10.1.1.9": "node-3"},
    )
    matcher = Matcher(NAMES, known)
    assert matcher.match({"pod": "x-6c8d9f7b5-x2x4z", "namespace": "bookshop"}).service == "basket"
    assert matcher.match({"instance": "10.1.1.1:8080", "job": "kubernetes-pods"}).service == "basket"
    assert matcher.match({"instance": "vm-7:9100", "job": "node"}).service == "ledger"
    on_node = matcher.match({"instance": "10.1.1.9:9100", "job": "node-exporter"})
    assert (on_node.service, on_node.place) == (None, "host node-3")
    assert on_node.services == ("basket", "storefront")


WORDS = ("basket", "storefront", "ledger-db", "till", "node-exporter", "kube-state-metrics", "blackbox",
         "shop/basket", "basket-6c8d9f7b5-x2x4z", "10.1.1.1:9100",
         "https://basket.example.org/", "-")  # fmt: skip
LABELS = ("job", "service", "pod", "instance", "deployment", "container", "namespace", "exported_service",
          "node", "ingress", "name", "topic", "target", "service.name", "cluster", "x")  # fmt: skip
SETS = st.dictionaries(st.sampled_from(LABELS), st.sampled_from(WORDS) | st.text(max_size=30), max_size=8)


@given(SETS, st.randoms())
def test_the_order_of_labels_does_not_matter_and_no_service_is_made_up(
    labels: Labels, random: Random
) -> None:
    shuffled = list(labels.items())
    random.shuffle(shuffled)
    match = MATCHER.match(labels, "any")
    assert match == MATCHER.match(dict(shuffled), "any")
    assert match.service is None or match.service in NAMES.all
    assert match.sentence


@given(
    SETS,
    st.sampled_from(["node-exporter", "kube-state-metrics", "x/blackbox", "mysqld_exporter", "cadvisor"]),
)
def test_an_exporter_never_wins(labels: Labels, exporter: str) -> None:
    """Neither as a service of its own, nor over what the other labels say, even if the catalogue lists it."""
    bare = {name: value for name, value in labels.items() if name not in ("job", "service")}
    listed = ServiceNames([*SERVICES, Service(name=exporter.rsplit("/", 1)[-1])])
    alone, told = (
        Matcher(listed).match(bare),
        Matcher(listed).match({**bare, "job": exporter, "service": exporter}),
    )
    if alone.service is not None and "instance" not in bare and "namespace" not in bare:
        assert told.service == alone.service


GIVEN_LABELS = INPUTS / "labels" / "labels.json"


@pytest.mark.skipif(not GIVEN_LABELS.is_file(), reason="the given label sets are not beside this checkout")
def test_the_given_label_sets_are_one_service() -> None:
    names = ServiceNames([Service(name=n) for n in ("web", "checkout", "payment", "catalogue", "mailer")])
    cases = json.loads(GIVEN_LABELS.read_text())
    found = {
        str(case["labels"]): Matcher(names).match(case["labels"], "alertmanager").service for case in cases
    }
    assert found == {str(case["labels"]): case["service"] for case in cases}
