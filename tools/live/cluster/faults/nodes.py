"""Nodes that are not ready or run short."""

import re
from collections.abc import Iterator

from incidents.cluster import FaultKind, Finding
from tools.live.cluster.faults.wording import of_status, quote
from tools.live.cluster.objects import Condition
from tools.live.cluster.snapshot import Snapshot, is_over

#: Conditions, also of those that watch nodes, which are bad where they hold.
_BAD = re.compile(r"pressure|unavailable|deadlock|readonly|problem|corrupt|frequent|unhealthy", re.IGNORECASE)
_SHORT = {"MemoryPressure": "memory", "DiskPressure": "disk space", "PIDPressure": "process ids"}


def nodes(seen: Snapshot) -> Iterator[Finding]:
    """Each node that is ill, with whose pods are on it."""
    for node in seen.nodes:
        name = node.metadata.name
        on_it = [pod for pod in seen.pods if pod.spec.node_name == name and not is_over(pod)]
        concerns = seen.concerned(*on_it)
        for one in node.status.conditions:
            found = _ill(one)
            if found is not None:
                kind, why = found
                yield Finding(
                    kind=kind, object=f"node/{name}", sentence=f"the node {name} {why}", concerns=concerns,
                    evidence=(
                        of_status(f"node/{name}", f"{one.type} {one.status}, {one.reason}", one.message),
                    ),
                )  # fmt: skip


def _ill(one: Condition) -> tuple[FaultKind, str] | None:
    if one.type == "Ready" and one.status != "True":
        silent = one.status == "Unknown"
        return FaultKind.NODE_DOWN, "does not report any more" if silent else "is not ready"
    if one.status == "True" and _BAD.search(one.type):
        short = _SHORT.get(one.type)
        kind = FaultKind.NODE_PRESSURE if short else FaultKind.NODE_DOWN
        return kind, f"runs short of {short}" if short else f"has a fault ({quote(one.type, 60)})"
    if one.status == "False" and one.type != "Ready" and one.type.endswith("Ready"):
        return FaultKind.NODE_DOWN, f"has a fault (not {quote(one.type, 60)})"
    return None
