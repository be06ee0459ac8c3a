"""Machines among the parts, and what runs on them."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from incidents.findings import Category
from tools.analysis import (
    METRICS_SCHEMA,
    Node,
    NodeKind,
    Ranking,
    Symptom,
    Telemetry,
    Topology,
    rank_suspects,
)
from tools.analysis.hosts import hosts, with_hosts
from tools.analysis.series import deviations

START = datetime(2026, 5, 4, 9, tzinfo=UTC)
ALERT = START + timedelta(minutes=14)
ONSET = ALERT - timedelta(minutes=2)
CALLS = {"shop": ("cart", "search", "offers"), "cart": (), "search": (), "offers": ()}


def sampled(levels: dict[tuple[str, str, str], tuple[float, float]]) -> pl.DataFrame:
    """Ten-second samples of (part, metric, unit): (usual, since the onset)."""
    rows = []
    for step in range(6 * 16):
        at = START + timedelta(seconds=10 * step)
        for (part, metric, unit), (usual, faulty) in levels.items():
            value = (faulty if at >= ONSET else usual) * (1 + 0.01 * (step % 3))
            rows.append((at, part, "", metric, "", value, unit))
    return pl.DataFrame(rows, schema=METRICS_SCHEMA, orient="row")


def served(slow: dict[str, float]) -> dict[tuple[str, str, str], tuple[float, float]]:
    waits = max(slow.values(), default=0.0)
    found = {}
    for part in CALLS:
        usual = 0.1 if part == "shop" else 0.02
        more = slow.get(part, 0.0) + (waits if part == "shop" else 0.0)
        found[part, "request_rate", "per_second"] = (20.0, 20.0)
        found[part, "latency_p50", "seconds"] = (usual, usual + more)
    return found


def ranked(slow: dict[str, float], busy: dict[str, float], placed: bool = True) -> Ranking:
    """Parts that are slower by so many seconds, machines whose processors are busy to that share."""
    machines = {(name, "cpu_utilization", "ratio"): (0.3, busy.get(name, 0.3)) for name in ("box-1", "box-2")}
    runs = {"cart": "box-1", "search": "box-1", "offers": "box-2", "shop": "box-2"} if placed else {}
    nodes = (
        *(
            Node(name=name, depends_on=(*called, *([runs[name]] if placed else [])))
            for name, called in CALLS.items()
        ),
        *(Node(name=name, kind=NodeKind.EXTERNAL) for name in ("box-1", "box-2")),
    )
    empty = Telemetry.empty()
    observed = Telemetry(metrics=sampled(served(slow) | machines), logs=empty.logs, traces=empty.traces)
    return rank_suspects(observed, None, Topology(nodes=nodes), Symptom(service="shop", at=ALERT), ())


@pytest.mark.parametrize("placed", [True, False], ids=["what runs where is written down", "it is not"])
def test_a_machine_that_deviates_with_several_parts_stands_before_them(placed: bool) -> None:
    ranking = ranked({"cart": 0.3, "search": 0.2}, {"box-1": 0.95}, placed)
    first = ranking.suspects[0]
    assert (first.service, first.category) == ("box-1", Category.INFRASTRUCTURE)


def test_one_part_that_keeps_its_machine_busy_stands_before_it() -> None:
    ranking = ranked({"cart": 0.6}, {"box-1": 0.7})
    assert ranking.suspects[0].service == "cart"
    assert "box-1" in [one.service for one in ranking.suspects]


def test_a_machine_that_is_as_ever_explains_nothing() -> None:
    ranking = ranked({"cart": 0.3, "search": 0.2}, {})
    assert [one.service for one in ranking.suspects[:2]] == ["cart", "search"]
    assert "box-1" not in [one.service for one in ranking.suspects]


@pytest.mark.parametrize(
    ("kind", "metrics", "is_host"),
    [
        (NodeKind.EXTERNAL, {"cpu_utilization": "ratio"}, True),
        (NodeKind.EXTERNAL, {"up": "count"}, True),
        (NodeKind.SERVICE, {"node_load1": "count"}, True),
        (NodeKind.SERVICE, {"cpu_utilization": "ratio"}, False),  # a worker that takes no requests
        (NodeKind.DATABASE, {"node_load1": "count"}, False),
        (NodeKind.EXTERNAL, {"cpu_utilization": "ratio", "request_rate": "per_second"}, False),
        (NodeKind.EXTERNAL, {"error_ratio": "ratio"}, False),
    ],
)
def test_a_machine_is_told_by_what_it_reports(kind: NodeKind, metrics: dict[str, str], is_host: bool) -> None:
    series = deviations(sampled({("it", name, unit): (1, 1) for name, unit in metrics.items()}), None, ALERT)
    topology = Topology(nodes=(Node(name="it", kind=kind),))
    found = hosts(series, topology)
    assert found == (frozenset({"it"}) if is_host else frozenset())
    assert (with_hosts(topology, found).kinds()["it"] is NodeKind.HOST) == is_host
