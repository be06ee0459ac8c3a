"""What runs where: a Prometheus and series in memory tell the same."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime

import pytest
from pydantic import HttpUrl

from incidents.errors import ToolFailed
from tests.tools.alerts.matching.cluster import SERIES
from tests.tools.alerts.matching.shop import NAMES
from tests.tools.live.fakes.server import Answer, Asked, Handler, serving, told
from tools.alerts.matching.topology import Thing
from tools.clock import VirtualClock
from tools.live.metrics.topology import live_topology
from tools.live.secrets import Secrets
from tools.live.settings import Prometheus
from tools.memory import MemoryTopology
from tools.ports import ServiceTopology

NOW = datetime(2026, 11, 29, 3, 45, tzinfo=UTC)
#: The metric by which a query is known.
METRICS = {
    "up": "targets", "target_info": "resources", "kube_pod_info": "pods", "kube_pod_labels": "pod_labels",
    "kube_replicaset_owner": "replicasets", "kube_job_owner": "jobs", "kube_node_info": "nodes",
    "kube_node_labels": "node_labels", "kube_pod_spec_volumes_persistentvolumeclaims_info": "claims",
    "kube_horizontalpodautoscaler_info": "autoscalers", "kube_ingress_path": "ingresses",
    "node_uname_info": "hosts", "node_systemd_unit_state": "units", "container_last_seen": "containers",
    "namedprocess_namegroup_num_procs": "processes",
}  # fmt: skip


def prometheus(fails: str = "") -> Handler:
    """The API of Prometheus for instant queries, over label sets."""

    def handle(asked: Asked) -> Answer:
        query = asked.one("query")
        name = METRICS[next(part for part in sorted(METRICS, key=len, reverse=True) if part in query)]
        if name == fails:
            return told({"status": "error", "errorType": "timeout", "error": "query timed out"})
        result = [{"metric": one, "value": [0, "1"]} for one in SERIES.get(name, ())]
        return told({"status": "success", "data": {"resultType": "vector", "result": result}})

    return handle


@asynccontextmanager
async def live(url: str) -> AsyncIterator[ServiceTopology]:
    spec = Prometheus(kind="prometheus", url=HttpUrl(url))
    async with aclosing(live_topology(spec, lambda: NAMES, Secrets({}), VirtualClock(NOW))) as port:
        yield port
    await asyncio.sleep(0)  # the loop closes the connections


@pytest.fixture(params=["prometheus", "memory"])
async def port(request: pytest.FixtureRequest) -> AsyncIterator[ServiceTopology]:
    if request.param == "memory":
        yield MemoryTopology(SERIES, NAMES, VirtualClock(NOW))
        return
    with serving(prometheus()) as server:
        async with live(server.url) as opened:
            yield opened


async def test_it_tells_what_runs_where(port: ServiceTopology) -> None:
    topology = await port.topology()
    assert topology.at == NOW
    assert topology.on(Thing.POD, "kart-7d9f8b6c5-x2x4z", "bookshop") == ("basket",)
    assert topology.on(Thing.HOST, "node-3") == ("basket", "ledger-db")
    assert topology.at_instance("10.1.0.9:9121") == ("ledger-db",)


async def test_a_part_that_is_not_answered_is_not_half_a_truth() -> None:
    with serving(prometheus(fails="pods")) as server:
        async with live(server.url) as port:
            with pytest.raises(ToolFailed):
                await port.topology()


async def test_units_are_asked_for_by_the_names_of_the_catalogue_alone() -> None:
    with serving(prometheus()) as server:
        async with live(server.url) as port:
            await port.topology()
    asked = next(one.one("query") for one in server.asked if "node_systemd_unit_state" in one.one("query"))
    assert (
        r'name=~".*storefront.*|.*basket.*|.*cart.*|.*ledger.*|.*ledger\\-db.*|.*orders\\-events.*"' in asked
    )
