"""How far proposals can be trusted, as people judged them."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from incidents.action import ActionKind
from incidents.intervals import ENOUGH
from incidents.trust import Proposed, trust
from incidents.verdicts import Judgement

ROLLBACK = ActionKind.ROLLBACK


def proposed(judgement: Judgement | None = None, **known: object) -> Proposed:
    return Proposed.model_validate({"service": "checkout", "kind": ROLLBACK, "judgement": judgement, **known})


def test_right_is_what_people_called_right_and_nothing_else() -> None:
    said = [Judgement.RIGHT, Judgement.PARTLY, Judgement.WRONG, Judgement.DO_NOT_KNOW, None]
    (line,) = trust(proposed(one) for one in said)
    assert (line.proposed, line.judged, line.right, line.wrong, line.enough) == (5, 3, 1, 1, False)


def test_what_nobody_judged_has_no_share() -> None:
    (line,) = trust([proposed(held=True), proposed(held=False)])
    assert (line.low, line.high, line.held, line.failed) == (None, None, 1, 1)


def test_how_much_earlier_is_told_in_the_middle() -> None:
    minutes = [1, 4, 30]
    (line,) = trust(proposed(ahead=timedelta(minutes=n)) for n in minutes)
    assert line.ahead_seconds == 240


def test_what_stood_in_shadow_is_apart_from_what_was_asked() -> None:
    lines = trust(
        [proposed(where="shadow"), proposed(), proposed(where="backtest"), proposed(where="shadow")]
    )
    assert [(one.where, one.proposed) for one in lines] == [("live", 1), ("shadow", 2), ("backtest", 1)]


@given(st.lists(st.tuples(st.sampled_from(["web", "checkout"]), st.sampled_from([*Judgement, None]))))
def test_nothing_is_counted_twice_and_the_share_lies_in_its_interval(
    said: list[tuple[str, Judgement | None]],
) -> None:
    lines = trust(proposed(one, service=service) for service, one in said)
    assert sum(line.proposed for line in lines) == len(said)
    for line in lines:
        assert line.right + line.wrong <= line.judged <= line.proposed
        assert line.enough is (line.judged >= ENOUGH)
        if line.low is not None and line.high is not None:
            assert 0 <= line.low <= line.right / line.judged <= line.high <= 1
