"""Root-cause analysis without a model: pure functions over telemetry frames.

`rank_suspects` weighs everything; the `condense` functions answer one question of one role each.
"""

from tools.analysis.changes import rank_changes
from tools.analysis.condense import SeriesSummary, condense
from tools.analysis.logs import ErrorCount, LogSummary, TemplateSummary, condense_logs
from tools.analysis.model import Node, NodeKind, RankedChange, Ranking, Symptom, SymptomKind, Topology
from tools.analysis.rank import rank_suspects
from tools.analysis.telemetry import LOGS_SCHEMA, METRICS_SCHEMA, TRACES_SCHEMA, Telemetry
from tools.analysis.topology import infer_topology
from tools.analysis.traces import EdgeSummary, OperationSummary, TraceSummary, condense_traces

__all__ = [
    "LOGS_SCHEMA",
    "METRICS_SCHEMA",
    "TRACES_SCHEMA",
    "EdgeSummary",
    "ErrorCount",
    "LogSummary",
    "Node",
    "NodeKind",
    "OperationSummary",
    "RankedChange",
    "Ranking",
    "SeriesSummary",
    "Symptom",
    "SymptomKind",
    "Telemetry",
    "TemplateSummary",
    "Topology",
    "TraceSummary",
    "condense",
    "condense_logs",
    "condense_traces",
    "infer_topology",
    "rank_changes",
    "rank_suspects",
]
