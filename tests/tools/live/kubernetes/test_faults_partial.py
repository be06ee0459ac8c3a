"""Objects of which parts are missing, as other versions and half-made objects are, break no rule."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from incidents.cluster import Finding
from tests.agents.stage import NOW
from tests.tools.live.kubernetes.broken import CASES
from tests.tools.live.kubernetes.broken_afresh import AFRESH
from tests.tools.live.kubernetes.shop import COREFILE, KINDS, SYSTEM, Json, Shop
from tools.live.cluster.faults import RULES, findings
from tools.live.cluster.neighbours import Event
from tools.live.cluster.objects import Workload
from tools.live.cluster.resources.infrastructure import (
    Claim,
    CronJob,
    DisruptionBudget,
    HorizontalAutoscaler,
    Job,
    Node,
    StorageClass,
)  # fmt: skip
from tools.live.cluster.resources.networking import (
    EndpointSlice,
    Ingress,
    IngressClass,
    NetworkPolicy,
    Service,
)
from tools.live.cluster.resources.pods import Pod
from tools.live.cluster.snapshot import Snapshot

EVERY = CASES | AFRESH
PLACES: dict[str, tuple[str, Any]] = {
    "Pod": ("pods", Pod), "Service": ("services", Service), "Event": ("events", Event), "Node": ("nodes", Node),
    "PersistentVolumeClaim": ("claims", Claim), "Deployment": ("workloads", Workload),
    "StatefulSet": ("workloads", Workload), "ReplicaSet": ("sets", Workload), "EndpointSlice": ("slices", EndpointSlice),
    "Ingress": ("ingresses", Ingress), "IngressClass": ("classes", IngressClass), "NetworkPolicy": ("policies", NetworkPolicy),
    "HorizontalPodAutoscaler": ("autoscalers", HorizontalAutoscaler), "PodDisruptionBudget": ("budgets", DisruptionBudget),
    "StorageClass": ("storage", StorageClass), "Job": ("jobs", Job), "CronJob": ("crons", CronJob),
}  # fmt: skip


#: Without these the API serves nothing.
_KEPT = {"name", "type"}


def snapshot(objects: list[Json], logs: dict[tuple[str, bool], str]) -> Snapshot:
    found: dict[str, list[Any]] = {place: [] for place, _ in PLACES.values()}
    resolvers = []
    for one in objects:
        place, model = PLACES.get(one["kind"], ("", None))
        if model is None:
            continue
        made = model.model_validate(one)
        if one["metadata"].get("namespace") == SYSTEM:
            resolvers.append(made)
        else:
            found[place].append(made)
    said = {(pod.meta.name, c.name): text for (name, _), text in logs.items() for pod in found["pods"]
            if pod.meta.name == name for c in (*pod.status.initial, *pod.status.containers)}  # fmt: skip
    return Snapshot(
        namespace="shop",
        at=NOW,
        resolvers=tuple(resolvers),
        resolving=COREFILE,
        logs=said,
        **{place: tuple(kept) for place, kept in found.items()},
    )


def cut(value: Any, draw: Any, *, top: bool = True) -> Any:
    """Parts of it are left out, or null."""
    if isinstance(value, dict):
        kept = {}
        for key, part in value.items():
            fate = draw(st.integers(0, 24)) if not (top and key in {"kind", "metadata"}) else 24
            if fate == 0 and key not in _KEPT:
                continue
            kept[key] = None if fate == 1 and key not in _KEPT else cut(part, draw, top=False)
        return kept
    if isinstance(value, list):
        return [cut(part, draw, top=False) for part in value if draw(st.integers(0, 20))]
    return value


@given(data=st.data(), name=st.sampled_from(sorted(EVERY)))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_rules_take_objects_of_which_parts_are_missing(data: st.DataObject, name: str) -> None:
    shop = Shop()
    EVERY[name].make(shop)
    objects = [cut(deepcopy(one), data.draw) for one in shop.objects if one["kind"] in KINDS]
    for one in objects:
        one["metadata"].setdefault("name", "x")
    try:
        seen = snapshot(objects, shop.logs)
    except ValidationError:
        return  # such a kind is told as not read
    found = findings(seen)
    assert all(isinstance(one, Finding) and one.sentence for one in found)
    assert found == findings(seen)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_says_nothing_of_nothing_and_of_a_shop_that_is_well(rule: Any) -> None:
    assert list(rule(Snapshot(namespace="shop", at=NOW))) == []
    assert list(rule(snapshot(Shop().objects, {}))) == []
