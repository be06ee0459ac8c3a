"""What a role has just planned is not planned again; what it planned long ago, or not at all, is."""

from datetime import timedelta

import pytest

from agents.engine import Assignment, EngineResult, RoleContext
from graph.supervisor import Move
from incidents.action import ActionKind
from incidents.events import Event
from incidents.incident import Incident
from incidents.reports import Task
from tests.graph.harness import People, ScriptedEngine, bench, incident
from tools.clock import VirtualClock
from tools.telemetry.observe import SHARED_FOR
from tools.toolbox import PLAN_ACTION
from tools.toolbox.arguments import PlanArgs


class Planning(ScriptedEngine):
    """Makes a dry run before it reports, and takes its time afterwards."""

    planned = "1.0"
    later = timedelta()

    async def perform(self, assignment: Assignment, context: RoleContext) -> EngineResult:
        """The scripted report."""
        if assignment.task is Task.MITIGATE and ActionKind.ROLLBACK in assignment.actions:
            args = PlanArgs(kind=ActionKind.ROLLBACK, service="checkout", version=self.planned)
            await context.toolset.ask(PLAN_ACTION, args)
            clock = context.toolset.sources.clock
            assert isinstance(clock, VirtualClock)
            clock.advance(self.later)
        return await super().perform(assignment, context)


class Gone(People):
    """Nobody is there: the incident is left where it waits."""

    async def wait(self, incident: Incident, move: Move) -> tuple[Event, ...]:
        """Nothing."""
        return ()


@pytest.mark.parametrize(
    ("planned", "later", "observed"),
    [
        ("1.0", timedelta(), "2.0+0"),
        ("1.0", SHARED_FOR, "2.0+0"),
        ("1.0", SHARED_FOR + timedelta(seconds=1), "2.0+1"),
        ("0.9", timedelta(), "2.0+1"),
    ],
)
async def test_what_is_signed_was_seen_a_moment_ago(planned: str, later: timedelta, observed: str) -> None:
    engine = Planning()
    engine.planned, engine.later = planned, later
    made = bench(engine, drifts=True)
    made.people = Gone(made.people.clock)
    (first,) = (await made.run(incident())).proposals
    assert first.action.arguments.version == "1.0"
    assert [fact.value for fact in first.plan.observed] == [observed]
