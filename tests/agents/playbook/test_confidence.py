"""How sure the playbook is: the rule, for every standing that there is."""

from hypothesis import given
from hypothesis import strategies as st

from agents.playbook.diagnosis.confidence import Support, confidence
from incidents.findings import Confidence

standings = st.builds(
    Support, sources=st.integers(0, 4), settled=st.booleans(), alone=st.booleans(),
    contested=st.booleans(), faint=st.booleans(), guessed=st.booleans(),
)  # fmt: skip


@given(standings)
def test_high_needs_two_sources_and_an_alternative_ruled_out(standing: Support) -> None:
    if confidence(standing) is Confidence.HIGH:
        assert standing.sources >= 2
        assert standing.settled or standing.alone
        assert not any((standing.contested, standing.faint, standing.guessed))


def test_one_reason_is_medium_and_none_is_low() -> None:
    assert confidence(Support(sources=1)) is Confidence.LOW
    assert confidence(Support(sources=1, alone=True)) is Confidence.MEDIUM
    assert confidence(Support(sources=2)) is Confidence.MEDIUM
    assert confidence(Support(sources=2, settled=True)) is Confidence.HIGH


def test_what_is_contested_is_never_more_than_low() -> None:
    assert confidence(Support(sources=3, settled=True, alone=True, contested=True)) is Confidence.LOW


def test_what_is_faint_or_guessed_is_never_more_than_low() -> None:
    assert confidence(Support(sources=3, settled=True, alone=True, faint=True)) is Confidence.LOW
    assert confidence(Support(sources=3, settled=True, alone=True, guessed=True)) is Confidence.LOW
