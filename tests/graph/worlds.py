"""A made world for the graph: three services, one of them broken, that reacts to what is done to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import polars as pl

from incidents.action import Action, ActionKind, Observed, Outcome, Plan
from incidents.catalogue import Catalogue, Service
from incidents.changes import Change, ChangeKind
from incidents.errors import ActionRefused, ToolFailed
from incidents.findings import Window
from tools.analysis import LOGS_SCHEMA, METRICS_SCHEMA, TRACES_SCHEMA
from tools.clock import VirtualClock
from tools.fence import Fence
from tools.ports import World

START = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
ONSET = START + timedelta(minutes=25)
ALERT = START + timedelta(minutes=27)

Effect = Literal["recovers", "nothing", "worse", "traded", "silent"]

CATALOGUE = Catalogue(
    services=(
        Service(name="web", owner="frontend", user_facing=True, depends_on=("checkout",)),
        Service(name="checkout", owner="backend", depends_on=("payment",)),
        Service(name="payment", owner="backend"),
    )
)

_USUAL = {"web": 0.002, "checkout": 0.002, "payment": 0.001}
_LEVELS: dict[str, dict[str, float]] = {
    "fault": {"web": 0.3, "checkout": 0.45},
    "worse": {"web": 0.9, "checkout": 0.95, "payment": 0.5},
    "down": {"web": 1.0, "checkout": 1.0},
    "traded": {"payment": 0.5},
    "fine": {},
}


@dataclass
class MadeWorld:
    """Ports over a function of time and of what was executed.

    `calls` counts every real execution; `turns` is how long after the alert the fault becomes another one;
    `people` are changes that others make.
    """

    clock: VirtualClock
    effect: Effect = "recovers"
    fault: str = "fault"
    drifts: bool = False
    turns: tuple[timedelta, str] | None = None
    deeds: dict[str, tuple[Action, Outcome]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    broken_backends: bool = False
    lost: Literal["nothing", "answer", "request", "contact"] = "nothing"
    people: tuple[Change, ...] = ()
    silent_changes: bool = False

    def world(self) -> World:
        """The world with its quiet half hour."""
        quiet = Window(start=START, end=ONSET - timedelta(minutes=5))
        return World(
            catalogue=CATALOGUE, metrics=self, logs=self, traces=self, changes=self, actions=self, quiet=quiet
        )

    def state(self, at: datetime) -> str | None:
        """What the shop is like at a moment; None is silence."""
        if at < ONSET:
            return "fine"
        state: str | None = self.fault
        if self.turns is not None and at >= ALERT + self.turns[0]:
            state = self.turns[1]
        for action, outcome in self.deeds.values():
            if outcome.at <= at:
                if action.service != "checkout" or action.kind is not ActionKind.ROLLBACK:
                    continue
                undone = action.arguments.version == "2.0"
                effects = {
                    "recovers": "fine",
                    "nothing": self.fault,
                    "worse": "worse",
                    "traded": "traded",
                    "silent": None,
                }
                state = self.fault if undone else effects[self.effect]
        return state

    async def metrics(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """Error ratios, a sample every 30 seconds."""
        if self.broken_backends:
            raise ToolFailed("the metrics backend does not answer")
        rows = []
        end = min(window.end, self.clock.now())
        at = START + (max(window.start, START) - START) // timedelta(seconds=30) * timedelta(seconds=30)
        while at < end:
            state = self.state(at)
            if state is not None:
                ripple = 1 + 0.05 * (int(at.timestamp() / 30) % 3 - 1)
                rows += [
                    (
                        at,
                        name,
                        f"{name}-1",
                        "error_ratio",
                        "",
                        _LEVELS[state].get(name, usual) * ripple,
                        "ratio",
                    )
                    for name, usual in _USUAL.items()
                    if not services or name in services
                ]
            at += timedelta(seconds=30)
        return pl.DataFrame(rows, schema=METRICS_SCHEMA, orient="row")

    async def logs(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """Nothing is logged here."""
        return pl.DataFrame(schema=LOGS_SCHEMA)

    async def spans(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """Nothing is traced here."""
        return pl.DataFrame(schema=TRACES_SCHEMA)

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """The release that broke checkout, and what people did."""
        if self.silent_changes:
            raise ToolFailed("the record of changes does not answer")
        release = Change(
            time=ONSET,
            id="c1",
            service="checkout",
            kind=ChangeKind.DEPLOY,
            version_from="1.0",
            version_to="2.0",
            author="cleo",
            summary="bundle discount",
            commit="ccc333",
        )
        return tuple(one for one in (release, *self.people) if window.start <= one.time <= window.end)

    def version(self) -> str:
        """What checkout runs."""
        rolled = [a.arguments.version for a, _ in self.deeds.values() if a.kind is ActionKind.ROLLBACK]
        return str(rolled[-1]) if rolled else "2.0"

    async def plan(self, action: Action) -> Plan:
        """A dry run."""
        if action.service not in CATALOGUE.names:
            raise ActionRefused(f"{action.service} is not in the catalogue")
        version = f"{self.version()}+{len(self.calls)}" if self.drifts else self.version()
        if self.drifts:
            self.calls.append(f"plan {version}")
        undo = None
        if action.kind is ActionKind.ROLLBACK:
            back = action.arguments.model_copy(update={"version": self.version()})
            undo = action.model_copy(update={"arguments": back})
        return Plan(
            action=action,
            observed=(Observed(name="version", value=version),),
            effects=(action.title,),
            undo=undo,
        )

    async def execute(self, action: Action, key: str, fence: Fence) -> Outcome:
        """Do it, once per key."""
        fence.may_act()
        if key not in self.deeds:
            self.calls.append(key)
            if self.lost != "request":
                self.deeds[key] = (action, Outcome(done=True, detail="switched", at=self.clock.now()))
            if self.lost != "nothing":
                raise ToolFailed("the connection broke")
        return self.deeds[key][1]

    async def status(self, key: str) -> Outcome | None:
        """What became of a key."""
        if self.lost == "contact":
            raise ToolFailed("the target does not answer")
        return self.deeds[key][1] if key in self.deeds else None
