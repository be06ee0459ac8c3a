"""What looks like an incident of before: why, what was done, what people said, and nothing of the future."""

from datetime import date, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.action_items import ActionItem, ItemState
from incidents.findings import Category
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
        f"Seen before: INC-2026-10-12-001 on 23 Nov 2026, “{sample.resolved().title}” (the same alert; the "
        "same service, checkout). Checkout was rolled back to 2026.11.1, and recovery held. People judged "
        "the cause right: Release 2026.11.2 of checkout fails every third request with KeyError: 'currency'."
    )
    assert "not having the same cause" in CAUTION


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
    [
        (ItemState.OPEN, "still open"),
        (ItemState.DOING, "under way"),
        (ItemState.DONE, "done on 23 Nov 2026, and it came again"),
    ],
)
def test_the_item_that_was_meant_to_prevent_it_is_named(state: ItemState, word: str) -> None:
    found = only(items=(item(state),), of=then(backlog=()))
    assert found.prevented == (f"“Test the currency” (due 1 Dec 2026) was meant to prevent this: {word}.",)


def test_of_many_items_those_to_be_done_are_named_and_the_others_counted() -> None:
    many = tuple(
        item(state).model_copy(update={"id": f"{THEN}-P{number}", "action": f"Item {number}."})
        for number, state in enumerate([ItemState.DONE, ItemState.OPEN, ItemState.DONE, ItemState.DOING])
    )
    first, second, rest = only(items=many, of=then(backlog=())).prevented
    assert first.startswith("“Item 1” (")
    assert second.startswith("“Item 3” (")
    assert rest == "So were 2 more action items."


@pytest.mark.parametrize(
    ("judgement", "changes", "words"),
    [
        (Judgement.WRONG, {"actual_service": "cart"}, "then wrong: they say it was in cart."),
        (
            Judgement.PARTLY,
            {"actual_service": "cart", "actual_category": Category.CODE},
            "They say it was a cause of the kind code in cart.",
        ),
        (Judgement.WRONG, {"actual_category": Category.CODE}, "they say it was a cause of the kind code."),
        (Judgement.WRONG, {}, "then wrong: it is not repeated here."),
    ],
)
def test_what_people_say_that_it_was_is_told(
    judgement: Judgement, changes: dict[str, object], words: str
) -> None:
    assert words in only(verdict(judgement).model_copy(update=changes)).line


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
    assert phrases(mine)[0] == "of requests fail"


def alerted(title: str, condition: str = "", service: str | None = "checkout") -> Incident:
    told = sample.alert().model_copy(
        update={"title": title, "condition": condition, "service": service, "fingerprint": title}
    )
    return then(title=title, alerts=(told,))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("Disk is 91% full",), ("Disk is 99% full",), True),
        (("HTTP5xx on checkout",), ("HTTP4xx on checkout",), False),
        (("99.9%",), ("5 %",), False),
        (("Pod cart-7d9f8b6c5d-x2k4p restarts",), ("Pod cart-6c8b9d7f5f-zqwrt restarts",), True),
        (("Pod cart-bdfgh restarts",), ("Pod cart-7k2p4 restarts",), True),
        (("mx1 does not answer",), ("mx2 does not answer",), False),
        (("Speicher voll: 12 GB",), ("Speicher voll: 7 GB",), True),
        (("磁盘已满 91%",), ("磁盘已满 99%",), True),
        (("Queue is full", "c0ffee"), ("Mails wait", "c0ffee"), True),
        (("Queue is full", "c0ffee"), ("Queue is full", "decade"), True),
        (("Queue is full", "", "cart"), ("Queue is full", "", "web"), False),
    ],
)
def test_which_alerts_are_the_same(one: tuple[str, ...], other: tuple[str, ...], *, same: bool) -> None:
    mine = alerted(*one).evolve(id=NOW, opened_at=at(300))
    found = similar(mine, [Record(incident=alerted(*other))], LATE)
    told = [reason for each in found for reason in each.reasons if "the same alert" in reason]
    assert told == (["the same alert"] if same else [])


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


def test_what_the_agents_wrote_down_and_nobody_touched_is_open_since_it_ended() -> None:
    told = only().prevented
    assert len(told) == 2
    assert told[0].endswith("(due 30 Nov 2026) was meant to prevent this: open since 23 Nov 2026.")


@pytest.mark.parametrize("judgement", [Judgement.RIGHT, Judgement.WRONG])
def test_a_cause_that_was_judged_wrong_is_nothing_in_common(judgement: Judgement) -> None:
    mine = now(diagnosis=sample.DIAGNOSIS)
    (found,) = similar(mine, [Record(incident=then(), verdicts=(verdict(judgement),))], LATE)
    assert ("of the kind deployment" in found.alike) is (judgement is Judgement.RIGHT)
    assert ("deployment" in found.model_dump_json()) is (judgement is Judgement.RIGHT)
