"""What an alert's expression watches: which metrics, in which direction they hurt, from which level on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import promql_parser as promql

Direction = Literal["up", "down"]
Operator = Literal[">", ">=", "<", "<=", "==", "!="]

_COMPARES: dict[str, Operator] = {">": ">", ">=": ">=", "<": "<", "<=": "<=", "==": "==", "!=": "!="}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}

#: A metric, the way it goes, and whether only a part of it is meant.
_Found = tuple[str, Direction, bool]

#: Labels whose values say what became of it, so that the direction is that of a part and not of the metric.
_TELLING = frozenset((
    "code", "status", "status_code", "response_code", "http_code", "grpc_code", "response_flags",
    "result", "outcome", "reason", "state", "phase", "mode", "condition", "dimension", "type",
    "level", "success", "error", "action", "method",
))  # fmt: skip
_FLIPPED: dict[Direction, Direction] = {"up": "down", "down": "up"}
#: What keeps the direction of its argument: more of the metric is more of the result.
_KEEP = frozenset((
    "rate", "irate", "increase", "sum_over_time", "avg_over_time", "max_over_time", "min_over_time",
    "last_over_time", "quantile_over_time", "histogram_quantile", "predict_linear", "scalar",
    "clamp", "clamp_max", "clamp_min", "label_replace", "label_join", "ceil", "floor", "round",
    "sort", "sort_desc", "ln", "log2", "log10", "sqrt", "histogram_avg", "histogram_sum",
))  # fmt: skip
_KEEP_AGGREGATES = frozenset(("sum", "avg", "min", "max", "quantile", "topk", "bottomk"))
#: 0 and 1 stand for no and yes.
_STATES: dict[tuple[str, float], Direction] = {("==", 0.0): "down", ("==", 1.0): "up", ("!=", 0.0): "up"}


@dataclass(frozen=True)
class Watched:
    """One metric that an expression watches.

    threshold: what the compared side is held against; None where that is no plain number.
    part: only a part of the metric is watched, which a label picks by what it says of the state or outcome.
    """

    metric: str
    direction: Direction
    operator: str
    threshold: float | None
    part: bool = False


@dataclass(frozen=True)
class Compared:
    """A query whose value an alert holds against a number."""

    query: str
    operator: Operator
    threshold: float
    metrics: tuple[str, ...]


def compared(expression: str) -> Compared | None:
    """What an alert's expression compares with which number; None where it is not one query and one number.

    Conditions beside it (`and`, `unless`) are left out: whether the alert fires is told by its own state.

    Raises:
        ValueError: it is no PromQL.
    """
    node = promql.parse(expression)
    while True:
        if isinstance(node, promql.ParenExpr):
            node = node.expr
        elif isinstance(node, promql.BinaryExpr) and _operator(node) in {"and", "unless"}:
            node = node.lhs
        else:
            break
    if not isinstance(node, promql.BinaryExpr) or _operator(node) not in _COMPARES:
        return None
    left, right, operator = _number(node.lhs), _number(node.rhs), _operator(node)
    if (left is None) == (right is None):
        return None
    side, threshold = (node.lhs, right) if right is not None else (node.rhs, left)
    told = operator if right is not None else _MIRRORED.get(operator, operator)
    if threshold is None or not _has_metric(side):
        return None
    metrics = tuple(dict.fromkeys(name for name, _, _ in _metrics(side, "up")))
    return Compared(str(side.prettify()), _COMPARES[told], threshold, metrics)


def watched(expression: str) -> tuple[Watched, ...]:
    """The metrics of an alert's expression whose direction it tells, each once.

    Left out is what tells none: limits and sizes, conditions (`and`, `unless`), what only may not be absent
    or change, and a metric that is watched in both directions.

    Raises:
        ValueError: it is no PromQL.
    """
    found = tuple(dict.fromkeys(_conditions(promql.parse(expression))))
    told: dict[str, set[Direction]] = {}
    for one in found:
        told.setdefault(one.metric, set()).add(one.direction)
    return tuple(one for one in found if len(told[one.metric]) == 1)


def _conditions(node: promql.Expr) -> Iterator[Watched]:
    """What a condition watches, over `or`, and the first part of `and` and `unless`."""
    if isinstance(node, promql.ParenExpr):
        yield from _conditions(node.expr)
    elif isinstance(node, promql.BinaryExpr):
        operator = _operator(node)
        if operator in {"and", "unless"}:
            yield from _conditions(node.lhs)
        elif operator == "or":
            yield from _conditions(node.lhs)
            yield from _conditions(node.rhs)
        else:
            yield from _compared(node, operator)
    elif isinstance(node, promql.AggregateExpr | promql.Call):
        for part in _arguments(node):
            yield from _conditions(part)


def _compared(node: promql.BinaryExpr, operator: str) -> Iterator[Watched]:
    left, right = _number(node.lhs), _number(node.rhs)
    if left is not None and right is None:
        yield from _told(node.rhs, _MIRRORED.get(operator, operator), left)
    else:
        yield from _told(node.lhs, operator, right)


def _told(side: promql.Expr, operator: str, threshold: float | None) -> Iterator[Watched]:
    direction: Direction | None
    if operator in {">", ">="}:
        direction = "up"
    elif operator in {"<", "<="}:
        direction = "down"
    else:
        direction = _STATES.get((operator, threshold)) if threshold is not None else None
    if direction is None:
        return
    for metric, way, part in _metrics(side, direction):
        yield Watched(metric, way, operator, threshold, part)


def _metrics(node: promql.Expr, way: Direction) -> Iterator[_Found]:
    """The metrics below a node, each with the way it goes where the node goes `way`."""
    if isinstance(node, promql.VectorSelector):
        name = node.name or next((m.value for m in node.matchers.matchers if m.name == "__name__"), None)
        if name:
            yield name, way, any(m.name in _TELLING and m.value for m in node.matchers.matchers)
    elif isinstance(node, promql.MatrixSelector):
        yield from _metrics(node.vector_selector, way)
    elif isinstance(node, promql.SubqueryExpr | promql.ParenExpr):
        yield from _metrics(node.expr, way)
    elif isinstance(node, promql.UnaryExpr):
        yield from _metrics(node.expr, _FLIPPED[way])
    elif isinstance(node, promql.BinaryExpr):
        yield from _combined(node, way)
    elif isinstance(node, promql.AggregateExpr):
        yield from _aggregated(node, way)
    elif isinstance(node, promql.Call) and node.func.name in _KEEP:
        for part in _arguments(node):
            yield from _metrics(part, way)


def _combined(node: promql.BinaryExpr, way: Direction) -> Iterator[_Found]:
    operator = _operator(node)
    if operator in {"<", "<=", ">", ">=", "==", "!="}:
        for one in _compared(node, operator):
            yield one.metric, one.direction if way == "up" else _FLIPPED[one.direction], one.part
    elif operator == "-":
        if not _has_metric(node.rhs):
            yield from _metrics(node.lhs, way)
        yield from _metrics(node.rhs, _FLIPPED[way])
    elif operator in {"+", "or"}:
        yield from _metrics(node.lhs, way)
        yield from _metrics(node.rhs, way)
    elif _has_metric(node.lhs):  # a part of something, scaled, or one that only counts under a condition
        yield from _metrics(node.lhs, way)
    elif operator == "*":
        yield from _metrics(node.rhs, way)


def _aggregated(node: promql.AggregateExpr, way: Direction) -> Iterator[_Found]:
    if str(node.op) in _KEEP_AGGREGATES:
        yield from _metrics(node.expr, way)
    elif str(node.op) == "count":  # of those that meet a condition
        for one in _conditions(node.expr):
            yield one.metric, one.direction if way == "up" else _FLIPPED[one.direction], one.part


def _arguments(node: promql.AggregateExpr | promql.Call) -> tuple[promql.Expr, ...]:
    return (node.expr,) if isinstance(node, promql.AggregateExpr) else tuple(node.args)


def _has_metric(node: promql.Expr) -> bool:
    if isinstance(node, promql.VectorSelector | promql.MatrixSelector):
        return True
    if isinstance(node, promql.BinaryExpr):
        return _has_metric(node.lhs) or _has_metric(node.rhs)
    if isinstance(node, promql.AggregateExpr | promql.Call):
        return any(_has_metric(part) for part in _arguments(node))
    if isinstance(node, promql.ParenExpr | promql.SubqueryExpr | promql.UnaryExpr):
        return _has_metric(node.expr)
    return False


def _number(node: promql.Expr) -> float | None:
    """What a side without a metric amounts to, where that is a plain number."""
    if isinstance(node, promql.NumberLiteral):
        return float(node.val)
    if isinstance(node, promql.ParenExpr):
        return _number(node.expr)
    if isinstance(node, promql.UnaryExpr):
        value = _number(node.expr)
        return None if value is None else -value
    if isinstance(node, promql.BinaryExpr):
        left, right, operator = _number(node.lhs), _number(node.rhs), _operator(node)
        if left is None or right is None:
            return None
        if operator == "/" and right:
            return left / right
        return {"*": left * right, "+": left + right, "-": left - right}.get(operator)
    return None


def _operator(node: promql.BinaryExpr) -> str:
    return str(node.op)
