"""Who calls whom, read from telemetry where nobody has written it down."""

import polars as pl

from tools.analysis.edges import calls
from tools.analysis.model import Node, Topology
from tools.analysis.spans import related


def infer_topology(traces: pl.DataFrame, metrics: pl.DataFrame) -> Topology:
    """Services and their calls from parent and child spans and from the peers of edge series.

    Args:
        traces: traces schema; may have no rows.
        metrics: metrics schema; may have no rows.
    """
    called: dict[str, set[str]] = {}
    for service in [*traces["service"].unique(), *metrics["service"].unique()]:
        called.setdefault(service, set())
    for row in calls(related(traces)).iter_rows(named=True):
        called[row["caller"]].add(row["callee"])
    for caller, peer in metrics.filter(pl.col("peer") != "").select("service", "peer").unique().iter_rows():
        called[caller].add(peer)
        called.setdefault(peer, set())
    nodes = (
        Node(name=name, depends_on=tuple(sorted(called[name] - {name}))) for name in sorted(called) if name
    )
    return Topology(nodes=tuple(nodes))
