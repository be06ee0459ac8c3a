"""What an incident is played on: its world, its time, and who lets time pass."""

from collections.abc import Callable
from dataclasses import dataclass

from incidents.incident import Incident
from incidents.policy import ApprovalPolicy
from incidents.severity import Step
from nexus.driver import Waiter
from tools.clock import Clock
from tools.ports import World


@dataclass(frozen=True)
class Stage:
    """Everything about one incident that depends on the sort of its world.

    `pace` and `catch_up` move a virtual clock (see `graph.state.Deps`); on the wall's clock both do nothing.
    """

    world: World
    clock: Clock
    waiter: Waiter
    policy: ApprovalPolicy
    revenue_threshold: float | None
    pace: Callable[[Step], None]
    catch_up: Callable[[Incident], None]
