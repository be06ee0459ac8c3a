"""What every store keeps of replays of past alerts: the last of each, with what people said of it."""

from incidents.action import ActionKind
from incidents.replays import Replay
from incidents.trust import Proposed, Where
from incidents.verdicts import Judgement
from nexus.store.port import IncidentStore
from tests.nexus.sample import at


def replay(number: int, said: Judgement | None = None, proposes: bool = True) -> Replay:
    """A past alert of which a rollback would have been proposed, or nothing."""
    name = f"2026-11-03-{number:04}-errors"
    change = Proposed(
        service="checkout", kind=ActionKind.ROLLBACK, where=Where.BACKTEST, incident=name,
        title="roll back checkout to 2026.11.1", judgement=said,
    )  # fmt: skip
    return Replay(id=name, at=at(number), proposed=change if proposes else None)


async def test_the_last_replay_of_an_alert_counts_the_oldest_alert_first(store: IncidentStore) -> None:
    await store.keep_replays("default", [replay(2), replay(1, Judgement.WRONG)])
    await store.keep_replays("default", [replay(1, proposes=False)])
    await store.keep_replays("other", [replay(3)])
    assert await store.replays("default") == (replay(1, proposes=False), replay(2))
    assert await store.replays() == (replay(1, proposes=False), replay(2), replay(3))
