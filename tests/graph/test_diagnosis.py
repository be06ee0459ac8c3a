"""Many reports become one diagnosis."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.diagnosis import merge
from incidents.findings import (
    Category,
    Channel,
    Confidence,
    Evidence,
    EvidenceStatus,
    Hypothesis,
    Reason,
    Suspect,
)
from incidents.reports import InvestigationReport

SERVICES = ("web", "checkout", "payment")
_TOOLS = (
    ("logs", EvidenceStatus.OK),
    ("metrics", EvidenceStatus.OK),
    ("logs", EvidenceStatus.OK),
    ("traces", EvidenceStatus.EMPTY),
    ("suspects", EvidenceStatus.OK),
    ("changes", EvidenceStatus.OK),
)
KEPT = {
    f"E-{number}": Evidence(
        id=f"E-{number}",
        incident="INC-1",
        tool=tool,
        query="{}",
        role="r",
        at=datetime(2026, 3, 12, tzinfo=UTC),
        status=status,
        summary="",
        size=0,
        digest="",
    )
    for number, (tool, status) in enumerate(_TOOLS)
}


def guess(service: str = "checkout", *evidence: str, confidence: str = "high", **more: object) -> Hypothesis:
    given_fields = {"service": service, "category": "deployment", "confidence": confidence}
    return Hypothesis.model_validate({**given_fields, "summary": service, "evidence": evidence, **more})


def suspect(service: str, *channels: str) -> Suspect:
    reasons = tuple(Reason(channel=Channel(channel), text="it deviates", score=1) for channel in channels)
    return Suspect(service=service, score=1, reasons=reasons)


def report(*hypotheses: Hypothesis) -> InvestigationReport:
    return InvestigationReport(summary="", checks=(), hypotheses=hypotheses)


def test_a_hypothesis_without_evidence_that_exists_and_holds_data_does_not_count() -> None:
    for cited in ((), ("E-9",), ("E-3",)):
        found = merge({"a": report(guess("checkout", *cited))}, KEPT, SERVICES)
        assert found.category is Category.UNKNOWN
        assert not found.known


def test_a_service_outside_the_catalogue_cannot_become_the_diagnosis() -> None:
    assert not merge({"a": report(guess("moon", "E-0", "E-1"))}, KEPT, SERVICES).known


@pytest.mark.parametrize(
    ("cited", "rival_out", "most"),
    [
        (("E-0", "E-2"), True, Confidence.MEDIUM),  # twice the same channel
        (("E-0", "E-1"), False, Confidence.MEDIUM),
        (("E-0", "E-1"), True, Confidence.HIGH),
    ],
)
def test_high_confidence_needs_two_channels_and_a_rival_that_was_ruled_out(
    cited: tuple[str, ...], rival_out: bool, most: Confidence
) -> None:
    rivals = [guess("web", "E-0", ruled_out_by="its own latency is as usual")] if rival_out else []
    assert merge({"a": report(guess("checkout", *cited), *rivals)}, KEPT, SERVICES).confidence is most


@pytest.mark.parametrize(
    ("cited", "read_in", "most"),
    [
        (("E-4",), "metrics traces", Confidence.HIGH),
        (("E-4",), "metrics metrics topology", Confidence.MEDIUM),  # who calls whom measures nothing
        (("E-4",), "", Confidence.MEDIUM),
        (("E-4", "E-0"), "logs", Confidence.MEDIUM),  # it was made of what is cited already
        (("E-4", "E-0"), "metrics", Confidence.HIGH),
        (("E-0",), "metrics traces", Confidence.MEDIUM),  # what nobody cites counts for nothing
    ],
)
def test_the_ranking_counts_as_each_channel_whose_reasons_it_gives(
    cited: tuple[str, ...], read_in: str, most: Confidence
) -> None:
    rival = guess("web", "E-0", ruled_out_by="its own latency is as usual")
    ranked = [suspect("checkout", *read_in.split()), suspect("web", "metrics", "logs", "changes")]
    reports = {"a": report(guess("checkout", *cited), rival)}
    assert merge(reports, KEPT, SERVICES, ranked).confidence is most


def test_the_cause_that_more_roles_found_wins_and_the_others_are_named() -> None:
    found = merge(
        {
            "a": report(guess("web", "E-0")),
            "b": report(guess("checkout", "E-1")),
            "c": report(guess("checkout", "E-0")),
        },
        KEPT,
        SERVICES,
    )
    assert found.service == "checkout"
    assert found.evidence == ("E-1", "E-0")
    assert [other.service for other in found.alternatives] == ["web"]
    assert found.disagreement == "a saw another cause first"


@pytest.mark.parametrize(
    ("one", "others", "wins"),
    [
        ("high", ("medium", "medium"), "payment"),  # 3 against 4
        ("high", ("medium",), "checkout"),  # 3 against 2
        ("high", ("low", "low"), "checkout"),  # 3 against 2
        ("medium", ("low",), "checkout"),  # 2 against 1
        ("medium", ("low", "low", "low"), "payment"),  # 2 against 3
        ("high", ("low", "low", "low", "low"), "payment"),  # 3 against 4
    ],
)
def test_voices_weigh_by_their_confidence(one: str, others: tuple[str, ...], wins: str) -> None:
    reports = {"a": report(guess("checkout", "E-0", confidence=one))}
    reports |= {
        f"b{number}": report(guess("payment", "E-1", confidence=confidence))
        for number, confidence in enumerate(others)
    }
    assert merge(reports, KEPT, SERVICES).service == wins


@pytest.mark.parametrize("first", ["checkout", "payment"])
def test_equal_weight_goes_to_whom_the_ranking_suspects_more(first: str) -> None:
    reports = {
        "a": report(guess("checkout", "E-0", confidence="high")),
        "b": report(guess("payment", "E-1", confidence="high")),
    }
    ranked = [Suspect(service=name, score=1.0) for name in sorted(SERVICES, key=lambda one: one != first)]
    assert merge(reports, KEPT, SERVICES, ranked).service == first


def test_equal_weight_goes_to_more_evidence() -> None:
    reports = {
        "a": report(guess("checkout", "E-0", confidence="high")),
        "b": report(guess("payment", "E-1", "E-2", confidence="high")),
    }
    assert merge(reports, KEPT, SERVICES).service == "payment"


@pytest.mark.parametrize(
    ("for_it", "apart", "confidence"),
    [(1, 0, "high"), (2, 1, "high"), (1, 1, "medium"), (2, 2, "medium"), (1, 2, "medium")],
)
def test_who_is_not_outvoted_may_be_sure(for_it: int, apart: int, confidence: str) -> None:
    rival = guess("web", "E-0", ruled_out_by="its own spans are as usual")
    reports = {f"a{n}": report(guess("checkout", "E-0", "E-1"), rival) for n in range(for_it)}
    reports |= {f"b{n}": report(guess("payment", "E-2", confidence="low")) for n in range(apart)}
    found = merge(reports, KEPT, SERVICES)
    assert (found.service, found.confidence) == ("checkout", confidence)


def test_a_cause_that_was_ruled_out_is_kept_but_not_chosen() -> None:
    out = guess("web", "E-0", "E-1", ruled_out_by="its resources are as usual")
    found = merge({"a": report(out, guess("checkout", "E-1"))}, KEPT, SERVICES)
    assert found.service == "checkout"
    assert out in found.alternatives


def test_not_to_know_is_no_disagreement_and_narrows_the_component() -> None:
    blank = guess("checkout", "E-0", category="unknown")
    assert (
        merge({"a": report(guess("checkout", "E-0")), "b": report(blank)}, KEPT, SERVICES).disagreement
        is None
    )
    found = merge({"a": report(blank), "b": report(blank)}, KEPT, SERVICES)
    assert (found.service, found.category) == ("checkout", Category.UNKNOWN)


HYPOTHESES = st.builds(
    guess,
    st.sampled_from([*SERVICES, "moon"]),
    st.sampled_from([*KEPT, "E-9"]),
    st.sampled_from([*KEPT, "E-9"]),
    confidence=st.sampled_from(["low", "medium", "high"]),
    category=st.sampled_from([category.value for category in Category]),
)
REPORTS = st.dictionaries(st.sampled_from("abcd"), st.builds(report, HYPOTHESES, HYPOTHESES), max_size=4)


@given(REPORTS)
def test_the_diagnosis_rests_on_what_exists_whatever_was_said(
    reports: dict[str, InvestigationReport],
) -> None:
    found = merge(reports, KEPT, SERVICES)
    if found.known:
        assert found.service in SERVICES
        assert all(KEPT[identity].status is EvidenceStatus.OK for identity in found.evidence)
        if found.confidence is Confidence.HIGH:
            assert len({KEPT[identity].tool for identity in found.evidence}) >= 2


@given(REPORTS)
def test_the_order_of_the_roles_does_not_choose_the_cause(reports: dict[str, InvestigationReport]) -> None:
    there, back = merge(reports, KEPT, SERVICES), merge(dict(reversed(reports.items())), KEPT, SERVICES)
    assert (there.service, there.category) == (back.service, back.category)
