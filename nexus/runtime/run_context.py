"""The run context of one incident: its world, its time, and who lets time pass."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from incidents.causes import Card
from incidents.incident import Incident
from incidents.policy import ApprovalPolicy
from incidents.runbook import Runbook, WatchRow
from incidents.severity import Step
from incidents.value import Value
from nexus.runtime.driver import Waiter
from tools.clock import Clock
from tools.ports import World
from tools.toolset import Tool


@dataclass(frozen=True)
class RunContext:
    """Everything about one incident that depends on the sort of its world.

    `pace` and `catch_up` move a virtual clock (see `graph.state.Deps`); on the wall's clock both do nothing.
    `more_tools` are further tools by role, which this world brings; `gaps` says what of it is missing.
    `watch` is the watch that a recording was lived under, if it tells. `site` is whose public page tells of
    it; of a recorded one none does. `own_causes` are the team's own cards.
    """

    world: World
    clock: Clock
    waiter: Waiter
    policy: ApprovalPolicy
    revenue_threshold: float | None
    pace: Callable[[Step], None]
    catch_up: Callable[[Incident], None]
    more_tools: Mapping[str, tuple[Tool[Value, Value], ...]] = field(default_factory=dict)
    gaps: tuple[str, ...] = ()
    watch: WatchRow | None = None
    site: str | None = None
    own_causes: tuple[Card, ...] = ()

    def fitted(self, runbook: Runbook) -> Runbook:
        """The runbook with a watch that this world can answer: a recording ends some time."""
        if self.watch is None or runbook.watch.lasts <= self.watch.lasts:
            return runbook
        return runbook.model_copy(update={"watch": self.watch})
