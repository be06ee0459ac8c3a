"""What is known stays when a role or a later round does not know it."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from graph.diagnosis import merge
from graph.remembered import impact_known, refuted_by, remembering
from incidents.findings import Category, Confidence, Diagnosis
from incidents.reports import Impact, InvestigationReport
from tests.graph.test_diagnosis import HYPOTHESES, KEPT, REPORTS, SERVICES, guess, report

ONSET = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)

#: Every way to say that one does not know.
BLANK = st.sampled_from(
    [
        report(),
        report(guess("checkout", category="unknown").model_copy(update={"service": None})),
        report(guess("checkout", "E-0", category="unknown").model_copy(update={"service": None})),
        report(guess("checkout").model_copy(update={"service": None})),
    ]
)


def known(found: Diagnosis) -> int:
    """How many of its statements hold something."""
    said = (found.service, found.change, found.onset, found.mechanism, found.evidence or None)
    return sum(one is not None for one in said) + (found.category is not Category.UNKNOWN)


@given(REPORTS, st.lists(BLANK, max_size=4))
def test_reports_that_do_not_know_take_nothing_from_those_that_do(
    reports: dict[str, InvestigationReport], blanks: list[InvestigationReport]
) -> None:
    alone = merge(reports, KEPT, SERVICES)
    more = {f"blank {number}": one for number, one in enumerate(blanks)}
    for together in (merge(reports | more, KEPT, SERVICES), merge(more | reports, KEPT, SERVICES)):
        assert (together.service, together.category) == (alone.service, alone.category)
        assert together.change == alone.change
        assert together.confidence.rank >= alone.confidence.rank
        assert set(together.evidence) >= set(alone.evidence)


@given(st.lists(REPORTS, min_size=1, max_size=4), st.lists(BLANK, max_size=3))
def test_a_round_that_does_not_know_leaves_what_the_rounds_before_it_knew(
    rounds: list[dict[str, InvestigationReport]], blanks: list[InvestigationReport]
) -> None:
    so_far: Diagnosis | None = None
    for reports in rounds:
        refuted = refuted_by(reports.values(), KEPT)
        so_far = remembering(so_far, merge(reports, KEPT, SERVICES), refuted)
    assert so_far is not None
    silent = merge({str(number): one for number, one in enumerate(blanks)}, KEPT, SERVICES)
    after = remembering(so_far, silent, frozenset())
    assert (after.service, after.category, after.change) == (so_far.service, so_far.category, so_far.change)
    assert known(after) >= known(so_far)


@given(HYPOTHESES, HYPOTHESES)
def test_another_cause_that_is_known_replaces_the_one_before(one: object, other: object) -> None:
    before = merge({"a": InvestigationReport(summary="", checks=(), hypotheses=(one,))}, KEPT, SERVICES)
    found = merge({"a": InvestigationReport(summary="", checks=(), hypotheses=(other,))}, KEPT, SERVICES)
    if found.known:
        after = remembering(before, found)
        assert (after.service, after.category) == (found.service, found.category)


def test_who_does_not_say_where_speaks_for_the_one_place_that_is_named() -> None:
    nowhere = guess("checkout", "E-1").model_copy(update={"service": None})
    reports = {"a": report(nowhere), "b": report(nowhere), "c": report(guess("payment", "E-0"))}
    found = merge(reports, KEPT, SERVICES)
    assert found.service == "payment"
    assert found.known
    assert set(found.evidence) == {"E-0", "E-1"}


def test_a_change_that_narrows_an_unknown_cause_is_kept() -> None:
    seen = guess("web", "E-5", category="unknown", change="deploy-17", onset=ONSET)
    found = merge({"a": report(seen), "b": report()}, KEPT, SERVICES)
    assert (found.service, found.change, found.onset, found.evidence) == ("web", "deploy-17", ONSET, ("E-5",))
    assert not found.known


def test_what_is_refuted_does_not_come_back() -> None:
    before = merge({"a": report(guess("web", "E-0"))}, KEPT, SERVICES)
    out = report(guess("web", "E-1", ruled_out_by="its requests are as ever"))
    found = merge({"a": out}, KEPT, SERVICES)
    assert not remembering(before, found, refuted_by([out], KEPT)).known
    without_evidence = report(guess("web", "E-9", ruled_out_by="I do not believe it"))
    assert remembering(before, found, refuted_by([without_evidence], KEPT)).known


def test_of_a_cause_that_only_an_earlier_round_knew_the_doubt_is_told() -> None:
    before = merge({"a": report(guess("web", "E-0", change="deploy-17"))}, KEPT, SERVICES)
    after = remembering(before, merge({"a": report()}, KEPT, SERVICES))
    assert (after.service, after.change, after.confidence) == ("web", "deploy-17", Confidence.MEDIUM)
    assert after.disagreement is not None
    assert "did not find it again" in after.disagreement


_MAYBE = st.sampled_from([None, True, False])
IMPACTS = st.builds(
    Impact,
    users_affected=st.sampled_from(["unknown", "3 % of visitors"]),
    customers_affected=_MAYBE,
    api_affected=_MAYBE,
    data_at_risk=_MAYBE,
    data_breach_suspected=st.booleans(),
    user_data_affected=st.booleans(),
)


@given(IMPACTS, IMPACTS)
def test_an_impact_that_was_known_is_not_unknown_later(before: Impact, said: Impact) -> None:
    after = impact_known(said, before)
    for name in ("customers_affected", "api_affected", "data_at_risk"):
        if getattr(before, name) is not None:
            assert getattr(after, name) is not None
        if getattr(said, name) is True:
            assert getattr(after, name) is True
    assert after.data_breach_suspected == (before.data_breach_suspected or said.data_breach_suspected)
    assert after.user_data_affected == (before.user_data_affected or said.user_data_affected)
    if before.users_affected != "unknown":
        assert after.users_affected != "unknown"
