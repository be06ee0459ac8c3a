"""Root-cause analysis without a model: pure functions over frames; `rank_suspects` weighs everything."""

from tools.analysis.changes import rank_changes
from tools.analysis.hosts import CLEAR
from tools.analysis.model import Node, NodeKind, RankedChange, Ranking, Symptom, SymptomKind, Topology
from tools.analysis.rank import rank_suspects
from tools.analysis.telemetry import LOGS_SCHEMA, METRICS_SCHEMA, TRACES_SCHEMA, Telemetry
from tools.analysis.topology import infer_topology

__all__ = [
    "CLEAR",
    "LOGS_SCHEMA",
    "METRICS_SCHEMA",
    "TRACES_SCHEMA",
    "Node",
    "NodeKind",
    "RankedChange",
    "Ranking",
    "Symptom",
    "SymptomKind",
    "Telemetry",
    "Topology",
    "infer_topology",
    "rank_changes",
    "rank_suspects",
]
