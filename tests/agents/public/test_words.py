"""What customers read: only sentences that are true of the state, whatever ids a role chooses."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from agents.public import PublicStand, permitted, public_words, sentences, stand_of
from agents.public.stand import Doing, Felt
from incidents.facts import Facts
from incidents.findings import Category, Confidence, Diagnosis, Window
from incidents.incident import Incident, Watch
from incidents.language import Language
from incidents.severity import Status
from incidents.shadow import Shadow
from incidents.verification import Recovery, Verification
from tests.agents.stage import NOW, ONSET, incident
from tests.incidents.texts.forms_of_words import wrong

IDS = [*sentences().impact, *sentences().action, "a hacker has the database", ""]
FAILING = Facts(at=NOW, error_ratio=0.43, customers_affected=True, quiet=False)
FOUND = Diagnosis(
    service="orders", category=Category.CODE, confidence=Confidence.MEDIUM, summary="s", evidence=("E",),
    onset=ONSET,
)  # fmt: skip
STANDS = st.builds(
    PublicStand,
    felt=st.sampled_from(Felt),
    doing=st.sampled_from(Doing),
    share=st.floats(0, 1),
    times=st.floats(1, 500),
    worst=st.one_of(st.none(), st.floats(0, 1)),
    began=st.one_of(st.none(), st.just(ONSET)),
    ended=st.one_of(st.none(), st.just(NOW)),
    ever_felt=st.booleans(),
    same=st.one_of(st.none(), st.just(ONSET)),
    moved=st.booleans(),
    at=st.just(NOW),
    language=st.sampled_from(Language),
)


@given(stand=STANDS, chosen=st.lists(st.sampled_from(IDS), max_size=8))
def test_whatever_is_chosen_only_what_is_true_is_said_and_the_state_always(
    stand: PublicStand, chosen: list[str]
) -> None:
    may = permitted(stand)
    words = public_words(stand, chosen)
    left = f"{words.impact} {words.current_action}"
    for identity in (stand.felt.value, stand.doing.value):
        assert may[identity] in left
    for text in sorted(may.values(), key=len, reverse=True):
        left = left.replace(text, "")
    assert not left.strip()


@given(stand=STANDS)
def test_every_state_has_its_sentences_without_a_gap_in_them(stand: PublicStand) -> None:
    words = public_words(stand)
    assert words.impact
    assert words.current_action
    assert "{" not in words.impact + words.current_action
    assert wrong(f"{words.impact} {words.current_action}", stand.language) == []


def test_a_role_orders_the_sentences_and_may_be_sorry() -> None:
    stand = stand_of(incident().evolve(facts=FAILING, diagnosis=FOUND), NOW)
    assert public_words(stand).impact.startswith("Up to 43 % of requests fail at the moment. It began at")
    assert public_words(stand, ["sorry", "began", "failing"]).impact.startswith("It began at")
    assert public_words(stand, ["sorry"]).current_action.startswith("We are sorry for the trouble.")


class TestStands:
    def told(self, case: Incident) -> tuple[Felt, Doing]:
        stand = stand_of(case, NOW)
        return stand.felt, stand.doing

    def watched(self, verdict: Recovery | None) -> Incident:
        judged = verdict and Verification(
            at=NOW, verdict=verdict, summary="s", window=Window(start=ONSET, end=NOW), readings=()
        )
        checks = (judged,) if judged is not None else ()
        watch = Watch(action="A1", started_at=ONSET, until=NOW + timedelta(minutes=30), checks=checks)
        return incident().evolve(facts=FAILING, diagnosis=FOUND, watch=watch, verification=judged)

    def test_no_fix_is_told_of_before_there_is_one(self) -> None:
        found = incident().evolve(facts=FAILING, diagnosis=FOUND)
        assert self.told(found) == (Felt.FAILING, Doing.FOUND)
        assert "fix" not in public_words(stand_of(found, NOW)).current_action

    def test_a_change_is_no_fix_before_it_is_seen_to_help(self) -> None:
        assert self.told(self.watched(None)) == (Felt.UNCHECKED, Doing.CHECKING)
        assert self.told(self.watched(Recovery.UNCHANGED)) == (Felt.FAILING, Doing.UNDO)
        assert self.told(self.watched(Recovery.RECOVERED)) == (Felt.SO_FAR, Doing.HELPED)

    def test_until_the_first_check_no_figure_is_told_not_even_a_new_one(self) -> None:
        settling = self.watched(None).evolve(facts=FAILING.model_copy(update={"at": NOW}))
        assert "%" not in public_words(stand_of(settling, NOW)).impact
        unharmed = FAILING.model_copy(update={"customers_affected": False, "error_ratio": 0.0})
        before = self.watched(Recovery.UNCHANGED).verification
        assert self.told(settling.evolve(verification=before)) == (Felt.UNCHECKED, Doing.CHECKING)
        assert self.told(settling.evolve(facts=unharmed)) == (Felt.INSIDE, Doing.CHECKING)
        slow = unharmed.model_copy(update={"latency_times": 5.5})
        assert self.told(settling.evolve(facts=slow)) == (Felt.UNCHECKED, Doing.CHECKING)

    def test_what_a_person_says_is_over_is_not_called_normal_where_it_was_measured_to_fail(self) -> None:
        said = incident().evolve(facts=FAILING, status=Status.RESOLVED)
        assert self.told(said) == (Felt.SAID_OVER, Doing.OVER)
        calm = said.evolve(facts=FAILING.model_copy(update={"customers_affected": False}))
        assert self.told(calm) == (Felt.NORMAL, Doing.OVER)

    def test_of_a_shadow_that_ended_by_its_alerts_nobody_is_quoted(self) -> None:
        shadow = Shadow(whole=True)
        over = incident().evolve(facts=FAILING, status=Status.RESOLVED, shadow=shadow)
        assert self.told(over) == (Felt.QUIET, Doing.OVER)
        for language in Language:
            told = public_words(stand_of(over.evolve(language=language), NOW)).impact
            assert not any(word in told for word in ("engineers", "Technikteam", "équipe"))
        seen = self.watched(Recovery.RECOVERED).evolve(status=Status.RESOLVED, shadow=shadow)
        assert self.told(seen) == (Felt.NORMAL, Doing.OVER)

    def test_nothing_is_said_to_work_again_before_the_end(self) -> None:
        watched = self.watched(Recovery.RECOVERED).evolve(mitigated_at=NOW, peak=FAILING)
        assert public_words(stand_of(watched, NOW)).impact == (
            "At the moment we measure nothing unusual. "
            f"The trouble began at {ONSET:%H:%M} UTC and has not been seen since 10:15 UTC. "
            "At its worst about 43 % of requests failed."
        )

    def test_at_the_end_it_is_said_from_when_until_when_and_how_bad(self) -> None:
        ended = self.watched(Recovery.RECOVERED).evolve(
            status=Status.RESOLVED, mitigated_at=NOW, peak=FAILING
        )
        assert public_words(stand_of(ended, NOW)).impact == (
            "The service works as usual again. "
            f"It began at {ONSET:%H:%M} UTC and was over by 10:15 UTC. "  # where what was judged begins
            "At its worst about 43 % of requests failed."
        )
