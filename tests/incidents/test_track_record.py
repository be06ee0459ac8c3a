"""How often a kind of change was right: each past incident once, whatever it was asked in."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile

from hypothesis import given
from hypothesis import strategies as st

from incidents.action import ActionKind
from incidents.intervals import wilson
from incidents.track_record import SAME_ALERT, TrackRecord, track_record
from incidents.trust import Proposed, Where
from incidents.verdicts import Judgement

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
ROLLBACK = ActionKind.ROLLBACK


def one(number: int, judgement: Judgement | None = Judgement.RIGHT, **more: object) -> Proposed:
    known = {"service": "checkout", "kind": ROLLBACK, "incident": f"INC-{number}", "judgement": judgement}
    return Proposed.model_validate({**known, "at": BEGAN + number * timedelta(days=1), **more})


def test_a_shadow_of_an_incident_and_a_replay_of_its_alert_are_that_incident() -> None:
    asked, shadow = one(1, Judgement.WRONG), one(1, where=Where.SHADOW)
    replay = one(1, where=Where.BACKTEST, incident="case-1", at=BEGAN + timedelta(days=1) + SAME_ALERT)
    assert track_record([shadow, asked], [replay], ROLLBACK, "checkout") == TrackRecord(
        judged=1, right=0, low=0.0
    )
    later = replay.model_copy(update={"at": BEGAN + timedelta(days=1, seconds=1) + SAME_ALERT})
    assert track_record([asked], [later], ROLLBACK, "checkout").judged == 2


def test_what_a_person_does_not_know_ends_no_row_and_partly_does() -> None:
    said = [one(0), one(1, Judgement.PARTLY), one(2), one(3, Judgement.DO_NOT_KNOW), one(4), one(5, None)]
    found = track_record(reversed(said), (), ROLLBACK, "checkout")
    assert (found.judged, found.right, found.in_a_row) == (4, 3, 2)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, *Judgement]),
            st.sampled_from(["checkout", "web"]),
            st.sampled_from(ActionKind),
        ),
        max_size=12,
    )
)
def test_the_share_is_of_the_kind_and_the_row_of_the_service(
    said: list[tuple[Judgement | None, str, ActionKind]],
) -> None:
    every = [one(n, judgement, service=name, kind=kind) for n, (judgement, name, kind) in enumerate(said)]
    half = len(every) // 2
    replays = [each.model_copy(update={"where": Where.BACKTEST}) for each in every[:half]]
    found = track_record(every[half:], replays, ROLLBACK, "checkout")
    known = [
        (j, name) for j, name, kind in said if kind is ROLLBACK and j not in {None, Judgement.DO_NOT_KNOW}
    ]
    right = sum(j is Judgement.RIGHT for j, _ in known)
    assert (found.judged, found.right) == (len(known), right)
    assert found.low == (wilson(right, len(known)).low if known else None)
    latest = [j for j, name in reversed(known) if name == "checkout"]
    assert found.in_a_row == len(list(takewhile(lambda j: j is Judgement.RIGHT, latest)))
