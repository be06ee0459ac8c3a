"""Incidents of before as tests make them: any, and one whose every text tries to be a cause of today."""

from datetime import timedelta

from hypothesis import strategies as st

from incidents.action_items import ActionItem, ItemState
from incidents.past import DoneThen, PastIncident
from incidents.verdicts import Judgement
from tests.nexus.sample import at

BEFORE = "INC-2026-10-12-001"
#: A figure, a version and a name that nothing of today says.
LURE = "Release 7.41.9 of ledger leaks 8123 connections"


def history(
    incident: str = BEFORE, cause: str | None = LURE, judgement: Judgement | None = Judgement.RIGHT,
    state: ItemState = ItemState.OPEN,
) -> PastIncident:  # fmt: skip
    """One that people judged right, with the same alert."""
    item = ActionItem(
        id=f"{incident}-T1", incident=incident, action="Alert on connections", owner="backend",
        due=at(10_000).date(), state=state,
    )  # fmt: skip
    return PastIncident(
        incident=incident, title="HighErrorRate: web", ended_at=at(-40_000), score=5.0,
        reasons=("the same alert",), cause=cause, judgement=judgement, actual=None,
        done=(DoneThen(text="ledger was rolled back to 7.41.8", held=True),), prevention=(item,),
    )  # fmt: skip


_TEXTS = st.one_of(st.just(LURE), st.text(max_size=60))
_DONE = st.builds(DoneThen, text=_TEXTS, held=st.none() | st.booleans())
HISTORIES = st.lists(
    st.builds(
        PastIncident,
        incident=st.integers(1, 999).map("INC-2026-10-12-{:03}".format),
        title=_TEXTS,
        ended_at=st.integers(1, 90_000).map(lambda minutes: at(0) - timedelta(minutes=minutes)),
        score=st.floats(3, 10),
        reasons=st.lists(_TEXTS, min_size=1, max_size=3).map(tuple),
        cause=st.none() | _TEXTS,
        judgement=st.none() | st.sampled_from(Judgement),
        actual=st.none() | _TEXTS,
        done=st.lists(st.builds(DoneThen, text=_TEXTS, held=st.none() | st.booleans()), max_size=2).map(
            tuple
        ),
        prevention=st.just(history().prevention) | st.just(()),
    ),
    max_size=3,
).map(tuple)
