"""The alert rules that a Prometheus, or the ruler of Mimir or Loki, evaluates: `/api/v1/rules`."""

from collections import Counter
from datetime import timedelta

from pydantic import Field

from incidents.errors import Declined, ToolFailed
from incidents.value import Value
from incidents.verification import Limit
from tools.extras import install_command, missing_extras
from tools.live.http import NOT_LET_IN, Backend, Rejected, Reply
from tools.telemetry.alert_rules import AlertRule
from tools.wording import plain

#: More rules than these are not kept; nobody has written them by hand.
_MOST = 5_000


class _Rule(Reply):
    name: str
    query: str = ""
    duration: float = 0.0
    labels: dict[str, str] = Field(default={})
    type: str = "alerting"


class _Group(Reply):
    rules: tuple[_Rule, ...] = ()


class _Groups(Reply):
    groups: tuple[_Group, ...] = ()


class _Rules(Reply):
    data: _Groups


class LearntRules(Value):
    """The rules that were understood, and in a few words why others were not, with how many."""

    understood: tuple[AlertRule, ...] = ()
    others: dict[str, int] = Field(default={})

    @property
    def said(self) -> str:
        """`37 of 40 alert rules are understood (2 compare no number; 1 is written in several)`."""
        left = sum(self.others.values())
        if not self.understood and not left:
            return "no alert rules"
        why = "; ".join(f"{count}: {reason}" for reason, count in self.others.items())
        return f"{len(self.understood)} of {len(self.understood) + left} alert rules are understood" + (
            f" ({why})" if why else ""
        )


async def learn_rules(backend: Backend) -> LearntRules:
    """Ask which alert rules there are and read their expressions.

    Returns:
        Nothing understood where the address has no rules (what only stores series answers with a refusal).

    Raises:
        Declined: it does not let anybody read them, which is not that there are none.
        ToolFailed: it does not answer, or the extra `rules` is missing.
    """
    if missing_extras(["rules"]):
        raise ToolFailed(f"alert rules are not read: {install_command('rules')}")
    try:
        answer = backend.read(_Rules, await backend.ask("GET", "/api/v1/rules", query={"type": "alert"}))
    except Rejected as refused:
        if refused.status in NOT_LET_IN:
            raise Declined(f"the alert rules may not be read: {refused}") from None
        return LearntRules(others={})
    return read_rules([rule for group in answer.data.groups for rule in group.rules][:_MOST])


def read_rules(told: list[_Rule]) -> LearntRules:
    """The rules whose expression holds one query against one number; of one name the first."""
    from tools.live.metrics.rule_expressions import compared  # noqa: PLC0415 - an extra

    understood: dict[str, AlertRule] = {}
    others: Counter[str] = Counter()
    for rule in (one for one in told if one.type == "alerting"):
        try:
            found = compared(rule.query)
        except ValueError:
            others["no PromQL that can be read"] += 1
            continue
        if found is None:
            others["nothing is held against a number"] += 1
        elif rule.name in understood:
            others["of the name of another"] += 1
        else:
            understood[rule.name] = AlertRule(
                name=plain(rule.name, 120),
                query=found.query,
                limit=Limit(operator=found.operator, number=found.threshold),
                metrics=found.metrics,
                lasts=timedelta(seconds=max(rule.duration, 0)),
                severity=rule.labels.get("severity"),
                labels={name: value for name, value in rule.labels.items() if "{{" not in value},
            )
    return LearntRules(understood=tuple(understood.values()), others=dict(others))
