"""What a team's own alert rules hold for bad is bad: in levels, in the ranking and in recovery."""

from datetime import datetime

import polars as pl
import pytest

from incidents.verification import Limit, Recovery, Signal, SignalKind
from tests.tools.telemetry.scenes import FAULT, Told, frame, looked_at, usual
from tools.analysis import METRICS_SCHEMA
from tools.telemetry.alert_rules import AlertRule
from tools.telemetry.facts import measure, watched_since
from tools.telemetry.observe import ranking
from tools.telemetry.recovery import verdict_of
from tools.telemetry.service_state import states
from tools.toolbox.phrases import say_state
from tools.toolset import Sources

PILE = AlertRule(
    name="JobsPileUp", query="queue_jobs", limit=Limit(operator=">", number=50), metrics=("queue_jobs",)
)
LOW = AlertRule(
    name="BufferLow", query="buffer_left", limit=Limit(operator="<", number=10), metrics=("buffer_left",)
)


def seen_by(rule: AlertRule, before: float, since: float) -> Sources:
    """A quiet shop, and the values of a rule about two instances of payment, of which one changes."""
    rows = frame(lambda service, metric, at: usual(metric, at))
    moments = rows["time"].unique().sort().to_list()

    def value(n: int, at: datetime) -> float:
        return since if n == 0 and at >= FAULT else before

    told = [
        (at, "payment", f"payment-{n}", rule.series, "", value(n, at), "") for at in moments for n in range(2)
    ]
    extra = pl.DataFrame(told, schema=METRICS_SCHEMA, orient="row")
    return looked_at(pl.concat([rows, extra]).sort("time"), rules=Told(rule))


@pytest.mark.parametrize(
    ("rule", "before", "since", "said"),
    [
        (PILE, 48.0, 52.0, "JobsPileUp: 52, the team's alert rule says bad is > 50"),
        (LOW, 11.0, 9.0, "BufferLow: 9, the team's alert rule says bad is < 10"),
    ],
)
async def test_a_rule_that_breaks_makes_its_service_a_suspect(
    rule: AlertRule, before: float, since: float, said: str
) -> None:
    sources = seen_by(rule, before, since)
    seen, ranked = await ranking(sources)
    first = ranked.suspects[0]
    assert (first.service, first.onset) == ("payment", FAULT)
    assert [reason.text for reason in first.reasons] == [said]
    payment = next(state for state in states(seen) if state.service == "payment")
    assert payment.deviates
    assert said in say_state(payment)
    assert (await measure(sources)).affected == ("payment",)


async def test_what_a_rule_allows_is_no_news_however_unusual() -> None:
    _, ranked = await ranking(seen_by(PILE, 1.0, 49.0))
    assert not ranked.suspects


async def test_what_a_rule_watches_is_watched_in_recovery() -> None:
    sources = seen_by(LOW, 11.0, 9.0)
    watched = next(one for one in await watched_since(sources, "payment") if one.limit is not None)
    assert watched.must_recover
    assert (watched.metric, watched.falls, watched.limit) == ("rule:BufferLow", True, LOW.limit)


@pytest.mark.parametrize(
    ("operator", "number", "before", "after", "verdict"),
    [
        (">", 50, 80.0, 50.0, Recovery.RECOVERED),
        (">", 50, 80.0, 60.0, Recovery.UNCHANGED),
        (">", 50, 60.0, 90.0, Recovery.WORSE),
        ("<", 10, 2.0, 10.0, Recovery.RECOVERED),
        ("<", 10, 8.0, 2.0, Recovery.WORSE),
        ("==", 0, 0.0, 0.0, Recovery.UNCHANGED),
        ("==", 0, 0.0, 1.0, Recovery.RECOVERED),
        (">=", 1, 1.0, 0.0, Recovery.RECOVERED),
    ],
)
def test_recovered_is_what_the_rule_no_longer_holds_for_bad(
    operator: str, number: float, before: float, after: float, verdict: Recovery
) -> None:
    limit = Limit.model_validate({"operator": operator, "number": number})
    signal = Signal(
        service="db", metric="rule:X", kind=SignalKind.SATURATION, falls=limit.falls, limit=limit, opened=True
    )
    assert verdict_of(signal, None, before, after, 9) is verdict
    assert verdict_of(signal, None, before, None, 9) is Recovery.UNKNOWN
