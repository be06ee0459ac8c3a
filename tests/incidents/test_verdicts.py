"""What a word for confidence was worth: counted from what people said, and nothing made up."""

from hypothesis import given
from hypothesis import strategies as st

from incidents.findings import Confidence
from incidents.verdicts import DiagnosisVerdict, Judgement, calibration
from tests.conformance.test_hindsight import verdict

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["INC-1", "INC-2", "INC-3"]), st.sampled_from(["ana", "ben"]),
        st.sampled_from(Judgement), st.sampled_from(Confidence),
    ),
    max_size=12,
)  # fmt: skip


def said(incident: str, by: str, word: Judgement, sure: Confidence, minutes: float) -> DiagnosisVerdict:
    return verdict(by, word, minutes, incident).model_copy(update={"confidence": sure, "key": sure.value})


def test_nothing_said_is_null_and_what_nobody_knows_counts_for_nothing() -> None:
    assert [one.share_right for one in calibration(())] == [None, None, None]
    (line,) = [one for one in calibration([verdict("ana", Judgement.DO_NOT_KNOW)]) if one.incidents]
    assert (line.do_not_know, line.share_right) == (1, None)


def test_of_several_people_the_latest_counts() -> None:
    both = [verdict("ben", Judgement.WRONG, 62), verdict("ana", Judgement.RIGHT, 61)]
    high = calibration(both)[2]
    assert (high.confidence, high.incidents, high.wrong, high.share_right) == (Confidence.HIGH, 1, 1, 0.0)


@given(ROWS)
def test_every_diagnosis_counts_once(rows: list[tuple[str, str, Judgement, Confidence]]) -> None:
    kept = [said(*row, minutes=60 + number) for number, row in enumerate(rows)]
    lines = calibration(kept)
    assert sum(line.incidents for line in lines) == len({(row[0], row[3]) for row in rows})
    for line in lines:
        known = line.right + line.partly + line.wrong
        assert line.incidents == known + line.do_not_know
        assert line.share_right == (line.right / known if known else None)
