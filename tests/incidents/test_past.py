"""What looks like an incident of before: why, what was done, what people said, and nothing of the future."""

from datetime import date, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.action_items import ActionItem, ItemState
from incidents.incident import Incident
from incidents.past import CAUTION, PastIncident, Record, phrases, similar
from incidents.verdicts import DiagnosisVerdict, Judgement, key_of
from incidents.verification import Recovery
from tests.nexus import sample
from tests.nexus.sample import at

THEN, NOW = "INC-2026-10-12-001", "INC-2026-11-23-009"
LATE = at(600)


def then(identity: str = THEN, /, **changes: object) -> Incident:
    return sample.resolved().evolve(id=identity, **changes)


def now(**changes: object) -> Incident:
    return sample.opened(NOW, 300).evolve(**changes)


def verdict(judgement: Judgement, minutes: float = 60, by: str = "Dana") -> DiagnosisVerdict:
    found = sample.DIAGNOSIS
    return DiagnosisVerdict(
        incident=THEN, key=key_of(found), service=found.service, category=found.category,
        change=found.change, confidence=found.confidence, summary=found.summary, engine="playbook",
        judgement=judgement, by=by, person=by.lower(), at=at(minutes),
    )  # fmt: skip


def item(state: ItemState, minutes: float = 60) -> ActionItem:
    return ActionItem(
        id=f"{THEN}-P1", incident=THEN, action="Test the currency", owner="backend", due=date(2026, 12, 1),
        state=state, version=1, by="Dana", at=at(minutes),
    )  # fmt: skip


def only(
    *verdicts: DiagnosisVerdict, items: tuple[ActionItem, ...] = (), of: Incident | None = None
) -> PastIncident:
    record = Record(incident=of or then(), verdicts=verdicts, changed_items=items)
    (found,) = similar(now(), [record], LATE)
    return found


def test_the_same_alert_is_told_with_what_was_done_and_what_people_said() -> None:
    assert only(verdict(Judgement.RIGHT)).line == (
        "Seen before: INC-2026-10-12-001 on 23 Nov 2026 (the same alert, CheckoutErrorRatioHigh; the same "
        "service, checkout). Checkout was rolled back to 2026.11.1, and recovery held. People judged the "
        "cause right: Release 2026.11.2 of checkout fails every third request with KeyError: 'currency'."
    )
    assert "no cause" in CAUTION


@pytest.mark.parametrize(
    ("said", "judgement", "words"),
    [
        ([], None, "Nobody has judged the cause that was named: Release"),
        ([verdict(Judgement.PARTLY)], Judgement.PARTLY, "partly right: Release"),
        ([verdict(Judgement.DO_NOT_KNOW)], None, "Nobody has judged"),
        ([verdict(Judgement.RIGHT), verdict(Judgement.WRONG, 61, "Kim")], Judgement.WRONG, "then wrong"),
        ([verdict(Judgement.WRONG), verdict(Judgement.RIGHT, 61, "Kim")], Judgement.RIGHT, "right: Release"),
        ([verdict(Judgement.WRONG).model_copy(update={"key": "another"})], None, "Nobody has judged"),
    ],
)
def test_the_last_word_of_people_counts(
    said: list[DiagnosisVerdict], judgement: Judgement | None, words: str
) -> None:
    found = only(*said)
    assert found.judgement is judgement
    assert words in found.line


def test_a_cause_that_was_judged_wrong_is_repeated_nowhere() -> None:
    found = only(verdict(Judgement.WRONG))
    assert found.cause is None
    assert sample.DIAGNOSIS.summary not in found.model_dump_json() + found.line


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"verification": None}, "whether it held is not known"),
        ({"reopened": 1}, "it did not hold"),
        (
            {"verification": sample.VERIFICATION.model_copy(update={"verdict": Recovery.WORSE})},
            "it did not hold",
        ),
        (
            {"verification": sample.VERIFICATION.model_copy(update={"action": "A2"})},
            "whether it held is not known",
        ),
        ({"proposals": ()}, "No change was carried out then."),
    ],
)
def test_whether_it_held_is_told_only_as_it_was_seen(changes: dict[str, object], words: str) -> None:
    assert words in only(of=sample.resolved().evolve(id=THEN, **changes)).line


@pytest.mark.parametrize(
    ("state", "word"),
    [(ItemState.OPEN, "open"), (ItemState.DOING, "under way"), (ItemState.DONE, "done")],
)
def test_the_item_that_was_meant_to_prevent_it_is_named(state: ItemState, word: str) -> None:
    found = only(items=(item(state),), of=then(backlog=()))
    assert found.prevented == (
        f"This happened before: the action item “Test the currency” of {THEN}, due 1 Dec 2026, was meant to "
        f"prevent it and is {word}.",
    )


def test_what_people_dropped_was_not_meant_to_prevent_it() -> None:
    assert only(items=(item(ItemState.DROPPED),), of=then(backlog=())).prevented == ()


def test_a_service_alone_is_no_likeness() -> None:
    other = sample.alert().model_copy(update={"title": "DiskFull on checkout", "fingerprint": "x"})
    assert similar(now(), [Record(incident=then(title=other.title, alerts=(other,)))], LATE) == ()


def test_the_same_alert_has_other_figures_each_time_and_another_fingerprint() -> None:
    def alert(title: str, fingerprint: str) -> Incident:
        told = sample.alert().model_copy(update={"title": title, "fingerprint": fingerprint})
        return then(title=title, alerts=(told,))

    mine = alert("12% of requests fail (4711)", "a").evolve(id=NOW, opened_at=at(300))
    assert similar(mine, [Record(incident=alert("38% of requests fail (0815)", "b"))], LATE)
    assert phrases(mine)[0] == "requests fail"


def test_what_is_open_merged_or_younger_is_not_of_before() -> None:
    young = then("INC-2026-11-23-010", opened_at=at(301), ended_at=at(350))
    open_one, merged = sample.opened(THEN), then(merged_into=NOW)
    assert similar(now(), [Record(incident=one) for one in (young, open_one, merged, now())], LATE) == ()


MINUTES = st.integers(0, 500)


@given(
    ended=MINUTES, judged=MINUTES, changed=MINUTES, asked=MINUTES,
    judgement=st.sampled_from(Judgement), state=st.sampled_from(ItemState),
)  # fmt: skip
def test_nothing_of_later_is_known(
    ended: int, judged: int, changed: int, asked: int, judgement: Judgement, state: ItemState
) -> None:
    """What comes out at a moment is what would come out if nothing later had been kept."""
    moment: datetime = at(asked)
    old = then(opened_at=at(-1000), ended_at=at(ended))
    whole = Record(
        incident=old, verdicts=(verdict(judgement, judged),), changed_items=(item(state, changed),)
    )
    without = Record(
        incident=old,
        verdicts=tuple(one for one in whole.verdicts if one.at <= moment),
        changed_items=tuple(one for one in whole.changed_items if one.at is not None and one.at <= moment),
    )
    mine = now(opened_at=at(-1))
    found = similar(mine, [whole], moment)
    assert found == similar(mine, [without] if ended <= asked else [], moment)
    assert bool(found) == (ended <= asked)


@given(st.lists(st.integers(1, 99), max_size=8, unique=True), st.randoms())
def test_the_order_in_which_they_are_told_does_not_matter(days: list[int], shuffled: Random) -> None:
    records = [
        Record(incident=then(f"INC-2026-01-01-{one:03}", opened_at=at(-1000), ended_at=at(-one)))
        for one in days
    ]
    first = similar(now(), records, LATE)
    shuffled.shuffle(records)
    assert similar(now(), records, LATE) == first
    assert [one.ended_at for one in first] == sorted((at(-one) for one in days), reverse=True)[:3]
