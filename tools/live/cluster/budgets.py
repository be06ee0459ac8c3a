"""Whose pods a disruption budget protects, and when it lets none be evicted. Pure."""

import math
from collections.abc import Mapping
from typing import Any

from tools.live.cluster.neighbours import Budget
from tools.live.cluster.objects import Template


def protects(budget: Budget, template: Template) -> bool:
    """Whether a budget is of the pods of a template; an empty selector is of all pods."""
    selector = budget.spec.selector
    if selector is None:
        return False
    labels = (template.get("metadata") or {}).get("labels") or {}
    plain = all(labels.get(name) == value for name, value in selector.labels.items())
    return plain and all(_fits(rule, labels) for rule in selector.rules)


def asks(budget: Budget) -> str:
    """What it asks, as it is written: `minAvailable 2`."""
    least, gone = budget.spec.least, budget.spec.gone
    return f"minAvailable {least}" if least is not None else f"maxUnavailable {gone}"


def holds_all(budget: Budget, replicas: int) -> bool:
    """Whether with so many replicas none may be evicted, even while all can be used."""
    least, gone = budget.spec.least, budget.spec.gone
    if least is not None:
        return _count(least, replicas) >= replicas
    return gone is not None and _count(gone, replicas) == 0


def _count(said: int | str, replicas: int) -> int:
    """A number, or a share of the replicas, which the server rounds up."""
    if isinstance(said, int):
        return said
    share = said.removesuffix("%")
    return math.ceil(int(share) * replicas / 100) if share.isdecimal() and len(share) < 5 else 0


def _fits(rule: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value, values = labels.get(str(rule.get("key", ""))), rule.get("values") or ()
    match rule.get("operator"):
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case _:
            return False
