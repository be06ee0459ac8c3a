"""Machines among the parts: what reports of its resources alone, and answers no requests."""

from collections.abc import Mapping

import polars as pl

from incidents.findings import Channel
from tools.analysis.model import Node, NodeKind, Topology
from tools.analysis.signals import Signal

#: Chance deviations of a service reach up to this.
CLEAR = 0.2
#: One part that deviates is its own trouble, two or more may have their host in common.
_SEVERAL = 2
_SHOWN = 5

#: Families of what answers requests.
_SERVING = ("traffic", "latency", "errors", "success")
#: Families of what a machine tells of itself.
_RESOURCES = ("saturation", "network", "up")


def hosts(series: pl.DataFrame, topology: Topology) -> frozenset[str]:
    """Parts that are machines, by what they report: resources of their own, no requests, nobody's edge.

    A catalogue has no word for them: they stand there as external, like whatever the team did not write.

    Args:
        series: what `deviations` returns.
        topology: who calls whom, and what runs on what.
    """
    kinds = topology.kinds()
    own = series.filter(pl.col("peer") == "")
    serving = set(series["peer"]) | set(own.filter(pl.col("family").is_in(_SERVING))["service"])
    reporting = own.filter(pl.col("family").is_in(_RESOURCES))
    below = set(reporting.filter(pl.col("side") == "host")["service"])
    told = set(reporting["service"])
    return frozenset(
        name
        for name in told - serving
        if kinds.get(name) is NodeKind.EXTERNAL
        or (name in below and kinds.get(name, NodeKind.SERVICE) is NodeKind.SERVICE)
    )


def with_hosts(topology: Topology, found: frozenset[str]) -> Topology:
    """The topology with these parts as hosts, those that it does not know among them."""
    known = tuple(
        node.model_copy(update={"kind": NodeKind.HOST}) if node.name in found else node
        for node in topology.nodes
    )
    new = sorted(found - {node.name for node in topology.nodes})
    return Topology(nodes=(*known, *(Node(name=name, kind=NodeKind.HOST) for name in new)))


def as_their_own(series: pl.DataFrame, found: frozenset[str]) -> pl.DataFrame:
    """What hosts report of the machine is of themselves; what a service reports of its own machine is not."""
    mine = pl.col("service").is_in(sorted(found)) & (pl.col("side") == "host")
    return series.with_columns(side=pl.when(mine).then(pl.lit("own")).otherwise("side"))


def shared_troubles(scores: Mapping[str, float], topology: Topology) -> list[Signal]:
    """What runs on a host that deviates, if several parts of it deviate: the host is what they share.

    Where nobody has written down what runs on which host, anything may run on any.

    Args:
        scores: how much speaks for each part by itself, without those that another part explains.
        topology: who calls whom, and what runs on what.
    """
    names = {node.name for node in topology.nodes if node.kind is NodeKind.HOST}
    callers = topology.callers()
    placed = any(callers.get(name) for name in names)
    services = [node.name for node in topology.nodes if node.name not in names]
    found = []
    for host in sorted(names & set(scores)):
        upon = callers.get(host, ()) if placed else services
        off = [name for name in upon if scores.get(name, 0.0) >= CLEAR]
        if len(off) >= _SEVERAL:
            where = "that run on it" if placed else "that may run on it"
            text = f"{len(off)} of {len(upon)} parts {where} deviate: {', '.join(off[:_SHOWN])}"
            found.append(Signal(host, Channel.TOPOLOGY, "network", len(off) / len(upon), text))
    return found
