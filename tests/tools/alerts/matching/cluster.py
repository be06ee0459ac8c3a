"""What a small Prometheus of a cluster and of two virtual machines tells, as label sets by query."""

from collections.abc import Mapping, Sequence

Series = Mapping[str, Sequence[Mapping[str, str]]]

SERIES: Series = {
    "targets": [
        {"job": "kube-state-metrics", "instance": "10.1.0.5:8080", "namespace": "monitoring", "pod": "ksm-0"},
        {
            "job": "node-exporter",
            "instance": "10.0.0.11:9100",
            "namespace": "monitoring",
            "pod": "node-exporter-x2x4z",
        },
        {
            "job": "kubernetes-pods",
            "instance": "10.1.0.7:8080",
            "namespace": "bookshop",
            "pod": "kart-7d9f8b6c5-x2x4z",
        },
        {"job": "redis-exporter", "instance": "10.1.0.9:9121", "namespace": "finance", "pod": "ledger-db-0"},
        {"job": "node", "instance": "vm-7:9100", "zone": "eu-1a"},
        {"job": "ledger", "instance": "vm-7:8080", "zone": "eu-1a"},
        {"job": "storefront", "instance": "10.0.5.1:8080"},
        {"job": "blackbox", "instance": "https://books.example.org/reading-list", "service": "storefront"},
    ],
    "resources": [
        {
            "job": "finance/accounts",
            "instance": "5f3c",
            "service_name": "accounts",
            "service_namespace": "finance",
            "host_name": "vm-8",
        }
    ],
    "pods": [
        {
            "namespace": "bookshop",
            "pod": "kart-7d9f8b6c5-x2x4z",
            "node": "node-3",
            "pod_ip": "10.1.0.7",
            "host_ip": "10.0.0.11",
            "created_by_kind": "ReplicaSet",
            "created_by_name": "kart-7d9f8b6c5",
        },
        {
            "namespace": "finance",
            "pod": "ledger-db-0",
            "node": "node-3",
            "pod_ip": "10.1.0.9",
            "host_ip": "10.0.0.11",
            "created_by_kind": "StatefulSet",
            "created_by_name": "ledger-db",
        },
        {
            "namespace": "bookshop",
            "pod": "till-1",
            "node": "node-4",
            "pod_ip": "10.1.0.8",
            "host_ip": "10.0.0.12",
        },
    ],
    "pod_labels": [
        {"namespace": "bookshop", "pod": "kart-7d9f8b6c5-x2x4z", "label_app_kubernetes_io_name": "cart"}
    ],
    "replicasets": [
        {
            "namespace": "bookshop",
            "replicaset": "kart-7d9f8b6c5",
            "owner_kind": "Deployment",
            "owner_name": "kart",
        }
    ],
    "nodes": [{"node": "node-3", "internal_ip": "10.0.0.11"}, {"node": "node-4", "internal_ip": "10.0.0.12"}],
    "node_labels": [{"node": "node-3", "label_topology_kubernetes_io_zone": "eu-1b"}],
    "claims": [{"namespace": "finance", "pod": "ledger-db-0", "persistentvolumeclaim": "pv-17"}],
    "autoscalers": [
        {
            "namespace": "bookshop",
            "horizontalpodautoscaler": "keeps-up",
            "scaletargetref_kind": "Deployment",
            "scaletargetref_name": "cart",
        }
    ],
    "ingresses": [
        {
            "namespace": "monitoring",
            "exported_namespace": "bookshop",
            "ingress": "public",
            "host": "cart.books.example.org",
            "path": "/v1",
            "service_name": "cart",
        }
    ],
    "hosts": [
        {"instance": "10.0.5.1:9100", "nodename": "vm-9"},
        {"instance": "10.0.0.11:9100", "nodename": "node-3"},
    ],
    "units": [{"instance": "vm-10:9100", "name": "ledger-db.service"}],
    "containers": [
        {
            "instance": "vm-11:8080",
            "name": "bookshop-cart-1",
            "container_label_com_docker_compose_service": "cart",
        }
    ],
}
