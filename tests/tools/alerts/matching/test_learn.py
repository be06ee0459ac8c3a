"""What series tell of where services run, and which alerts find their service by it."""

from datetime import UTC, datetime

import pytest

from tests.tools.alerts.matching.cluster import SERIES
from tests.tools.alerts.matching.shop import NAMES
from tools.alerts.matching.learn import learn
from tools.alerts.matching.match import Matcher

NOW = datetime(2026, 11, 29, 3, 45, tzinfo=UTC)
MATCHER = Matcher(NAMES, learn(SERIES, NAMES, NOW))


@pytest.mark.parametrize(
    ("labels", "service"),
    [
        # a pod whose own labels say what its name does not
        ({"pod": "kart-7d9f8b6c5-x2x4z", "namespace": "bookshop", "job": "kube-state-metrics"}, "basket"),
        ({"instance": "10.1.0.7:8080", "job": "kubernetes-pods"}, "basket"),
        ({"instance": "10.1.0.7:9999", "job": "mysqld-exporter"}, "basket"),  # another port of the pod
        ({"instance": "10.1.0.9:9121", "job": "redis-exporter"}, "ledger-db"),
        (
            {"persistentvolumeclaim": "pv-17", "namespace": "finance", "job": "kubelet", "node": "node-3"},
            "ledger-db",
        ),
        ({"horizontalpodautoscaler": "keeps-up", "namespace": "bookshop"}, "basket"),
        ({"ingress": "public", "exported_namespace": "bookshop", "namespace": "ingress-nginx"}, "basket"),
        ({"instance": "https://cart.books.example.org/v1/health", "job": "blackbox"}, "basket"),
        ({"instance": "https://books.example.org/reading-list", "job": "blackbox"}, "storefront"),
        # machines that one service has for itself
        ({"instance": "vm-7:9100", "job": "node"}, "ledger"),
        ({"host": "vm-8"}, "ledger"),
        ({"instance": "10.0.5.1:9100", "job": "node"}, "storefront"),
        ({"instance": "vm-9:9100", "job": "node"}, "storefront"),
        ({"instance": "vm-10:9100", "job": "node"}, "ledger-db"),
        ({"instance": "vm-11:9100", "job": "node"}, "basket"),
    ],
)
def test_series_say_which_service_stands_there(labels: dict[str, str], service: str) -> None:
    match = MATCHER.match(labels, "alertmanager")
    assert match.service == service, match
    assert "03:45 UTC" in match.sentence or "an address" in match.sentence


@pytest.mark.parametrize(
    ("labels", "place", "services"),
    [
        ({"node": "node-3", "job": "kube-state-metrics"}, "host node-3", ("basket", "ledger-db")),
        ({"instance": "10.0.0.11:9100", "job": "node-exporter"}, "host node-3", ("basket", "ledger-db")),
        ({"zone": "eu-1a"}, "zone eu-1a", ("ledger",)),
        ({"topology_kubernetes_io_zone": "eu-1b"}, "zone eu-1b", ("basket", "ledger-db")),
        ({"job": "apiserver", "cluster": "prod"}, "cluster prod", ()),
        # what it stands on is known to be a node, and nothing of the catalogue stands there
        ({"node": "node-4", "job": "kubelet"}, "host node-4", ()),
    ],
)
def test_what_a_place_carries_is_listed(
    labels: dict[str, str], place: str, services: tuple[str, ...]
) -> None:
    match = MATCHER.match(labels, "alertmanager")
    assert (match.service, match.place, match.services) == (None, place, services)


def test_an_exporter_beside_others_owns_no_machine() -> None:
    match = MATCHER.match({"instance": "10.1.0.5:8080", "job": "kube-state-metrics"})
    assert match.service is None


def test_without_series_nothing_is_known() -> None:
    nothing = Matcher(NAMES, learn({}, NAMES, NOW))
    assert nothing.match({"instance": "10.1.0.7:8080", "job": "kubernetes-pods"}).service is None
