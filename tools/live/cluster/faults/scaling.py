"""Autoscalers that cannot scale or have no room left, and budgets that hold up a drain."""

from collections.abc import Iterator
from datetime import timedelta

from incidents.cluster import FaultKind, Finding, Standing
from tools.live.cluster.faults.wording import of_status, quote
from tools.live.cluster.objects import Condition
from tools.live.cluster.resources.infrastructure import DisruptionBudget, HorizontalAutoscaler
from tools.live.cluster.snapshot import Snapshot, is_over, selects

#: Pods that have just begun have no metrics yet.
_WARM = timedelta(minutes=3)


def autoscalers(seen: Snapshot) -> Iterator[Finding]:
    """Each autoscaler by its conditions."""
    for one in seen.autoscalers:
        target = one.spec.scale_target_ref
        called = f"{target.kind.lower()}/{target.name}"
        if called not in seen.templates:  # what it was meant to size has its own name more often than not
            called = f"{target.kind.lower()}/{one.metadata.name}"
        for condition in one.status.conditions:
            found = _judged(seen, one, condition, called)
            if found is not None:
                yield found


def _judged(seen: Snapshot, one: HorizontalAutoscaler, condition: Condition, called: str) -> Finding | None:
    name, most = one.metadata.name, one.spec.max_replicas
    evidence = (
        of_status(
            f"horizontalpodautoscaler/{name}", f"{condition.type} {condition.status}, {condition.reason}",
            condition.message,
        ),
    )  # fmt: skip
    cannot = condition.status == "False" and condition.type in {"AbleToScale", "ScalingActive"}
    if cannot and condition.reason != "ScalingDisabled":
        if condition.since is not None and seen.at - condition.since < _WARM:
            return None
        text = condition.message.lower()
        missing = "missing request for" in text
        follows = "did not receive metrics for" in text or "unready" in text or "no ready pods" in text
        why = (
            f"{called} does not say how much it asks for: {quote(condition.message, 140)}"
            if missing
            else quote(condition.message or condition.reason, 180)
        )
        return Finding(
            kind=FaultKind.AUTOSCALER, object=f"horizontalpodautoscaler/{name}", evidence=evidence,
            sentence=f"the autoscaler {name} cannot scale {called}: {why}", concerns=(called,),
            standing=Standing.CONSEQUENCE if follows else Standing.CAUSE,
        )  # fmt: skip
    if (
        condition.type == "ScalingLimited"
        and condition.status == "True"
        and condition.reason == "TooManyReplicas"
    ):
        return Finding(
            kind=FaultKind.AUTOSCALER_FULL, object=f"horizontalpodautoscaler/{name}", evidence=evidence,
            sentence=f"the autoscaler {name} wants more than its maxReplicas of {most} for {called}",
            concerns=(called,), standing=Standing.SIGN,
        )  # fmt: skip
    return None


def budgets(seen: Snapshot) -> Iterator[Finding]:
    """Budgets that let none of their pods go from a node that is to be emptied."""
    cordoned = {one.metadata.name for one in seen.nodes if one.spec.unschedulable}
    for one in seen.budgets:
        if one.status.disruptions_allowed or not one.status.expected_pods or one.spec.selector is None:
            continue
        held = [
            pod for pod in seen.pods
            if pod.spec.node_name in cordoned and not is_over(pod)
            and selects(one.spec.selector, pod.meta.labels)
        ]  # fmt: skip
        if held:
            yield _holding(one, held[0].spec.node_name, seen.concerned(*held))


def _holding(one: DisruptionBudget, node: str, concerns: tuple[str, ...]) -> Finding:
    status = one.status
    return Finding(
        kind=FaultKind.BUDGET, object=f"poddisruptionbudget/{one.metadata.name}", concerns=concerns,
        sentence=f"the budget {one.metadata.name} lets no pod go from the node {node}, which is cordoned",
        evidence=(
            f"poddisruptionbudget/{one.metadata.name} allows 0 disruptions: {status.current_healthy} "
            f"healthy, {status.desired_healthy} wanted of {status.expected_pods}",
        ),
        standing=Standing.SIGN,
    )  # fmt: skip
