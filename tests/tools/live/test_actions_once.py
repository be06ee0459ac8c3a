"""Any sequence of deaths, requests and looks: an effect that may have begun is not begun a second time."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.action import Action, ActionKind, Observed, Outcome, Plan
from incidents.catalogue import Catalogue, Service
from incidents.errors import StaleLease, ToolFailed
from tools.clock import WallClock
from tools.fence import UNFENCED, Fence, LeaseFence
from tools.live.actions.action_log import ActionLog, ActionRecord
from tools.live.actions.compose import LiveActions
from tools.live.actions.effect import Effect

KEY = "INC-1:A1:abcdef012345"
RESTART = Action(kind=ActionKind.RESTART, service="db")
CATALOGUE = Catalogue(services=(Service(name="db"),))


class Died(BaseException):
    """The process is gone: nothing after this line was run."""


class Restarts:
    """Counts effects; dies where it is told to, and tells of them only if it can.

    Args:
        tells: whether its status sees what was done.
    """

    undoes = False
    arrives_within = timedelta()
    goes_on_elsewhere: timedelta | None = timedelta(minutes=1)

    def __init__(self, tells: bool) -> None:
        self.tells = tells
        self.dies = "never"
        self.effects = 0

    @property
    def offers(self) -> Mapping[ActionKind, frozenset[str]]:
        return {ActionKind.RESTART: frozenset({"db"})}

    async def plan(self, action: Action) -> Plan:
        self._may_die("planning")
        return Plan(action=action, observed=(Observed(name="n", value="1"),), effects=("it restarts",))

    async def make(self, deed: ActionRecord, effect: Effect) -> Outcome:
        self._may_die("unmarked")
        effect.begin()
        self._may_die("marked")
        self.effects += 1
        self._may_die("done")
        return Outcome(done=True, detail="restarted", at=WallClock().now())

    async def found(self, deed: ActionRecord) -> Outcome | None:
        if not self.tells:
            raise ToolFailed("nobody can say")
        done = Outcome(done=True, detail="it is younger", at=WallClock().now())
        return done if self.effects else None

    async def check(self) -> str:
        return "fine"

    async def aclose(self) -> None:
        pass

    def _may_die(self, here: str) -> None:
        if self.dies == here:
            raise Died


DEATHS = st.sampled_from(["never", "planning", "unmarked", "marked", "done"])
STEPS = st.lists(st.tuples(st.sampled_from(["execute", "stale", "status"]), DEATHS), max_size=8)


@settings(max_examples=150, deadline=None)
@given(tells=st.booleans(), steps=STEPS)
def test_whatever_dies_when_it_is_done_at_most_once(tells: bool, steps: list[tuple[str, str]]) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(_lived(Path(folder) / "actions", Restarts(tells), steps))


async def _lived(log: Path, target: Restarts, steps: list[tuple[str, str]]) -> None:
    for what, dies in (*steps, ("execute", "never")):
        actions = LiveActions([target], CATALOGUE, ActionLog(log), WallClock())  # a process of its own
        target.dies, before = dies, target.effects
        answer: object = None
        try:
            answer = await _asked(actions, what)
        except (Died, StaleLease, ToolFailed) as error:
            answer = error
        assert target.effects <= 1
        if what != "execute":
            assert target.effects == before, "only an execution changes anything"
        if isinstance(answer, Outcome):
            assert target.effects == 1, "nothing is called done that was not"
        if answer is None:
            assert target.effects == 0, "nothing is called unbegun that was done"
    if target.tells:
        assert target.effects == 1, "where the target tells, it is done in the end"


async def _asked(actions: LiveActions, what: str) -> Outcome | None:
    if what == "status":
        return await actions.status(KEY)
    fence: Fence = LeaseFence(number=1, span=0) if what == "stale" else UNFENCED
    return await actions.execute(RESTART, KEY, fence)
