"""What the replay of a past alert would have proposed, as far as trust counts it. Pure."""

from incidents.trust import Proposed
from incidents.value import Moment, Value


class Replay(Value):
    """A past alert that a backtest played; of several replays of one the last counts.

    Attributes:
        id: the occurrence's, as its folder is called.
        at: when its first alert came.
        proposed: the change that it would have proposed first, with what people said of it; null: none.
    """

    id: str
    at: Moment
    proposed: Proposed | None
