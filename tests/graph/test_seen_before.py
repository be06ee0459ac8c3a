"""What was before is told to people beside the diagnosis, and the run is the same with any of it."""

from hypothesis import given, settings

from agents.engine import Assignment, EngineResult, RoleContext
from graph.seen_before import told
from incidents.action import Verdict
from incidents.incident import Incident
from incidents.past import CAUTION, PastIncident
from incidents.reports import Task
from incidents.timeline import Entry, EntryKind
from tests.graph.harness import Bench, ScriptedEngine, bench, incident
from tests.graph.test_incidents import decide
from tests.histories import BEFORE, HISTORIES, LURE, history


class Watching(ScriptedEngine):
    """Remembers what each task was told of before."""

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[Task, set[tuple[PastIncident, ...]]] = {}

    async def perform(self, assignment: Assignment, context: RoleContext) -> EngineResult:
        """The scripted report."""
        self.told.setdefault(assignment.task, set()).add(context.history)
        return await super().perform(assignment, context)


async def ran(made: Bench) -> tuple[Incident, tuple[Entry, ...]]:
    ended = await made.run(incident())
    return ended, await made.store.entries(ended.id)


async def test_it_is_told_once_to_people_and_to_those_who_look_for_causes() -> None:
    engine = Watching()
    made = bench(engine, before=(history(), history("INC-2026-09-01-002")))
    made.people.decides = decide(Verdict.APPROVE)
    _, entries = await ran(made)
    lines = [one for one in entries if one.kind is EntryKind.HISTORY]
    assert [one.text for one in lines] == [
        f"Seen before: {BEFORE} on 26 Oct 2026, “HighErrorRate: web” (the same alert). Ledger was rolled "
        f"back to 7.41.8, and recovery held. People judged the cause right: {LURE}. “Alert on connections” "
        f"(due 30 Nov 2026) was meant to prevent this: open since 26 Oct 2026. "
        f"Others that look alike: INC-2026-09-01-002. {CAUTION}"
    ]
    assert lines[0].evidence == ()
    heard = {task for task, histories in engine.told.items() if histories != {()}}
    assert heard == {Task.INVESTIGATE, Task.POST_MORTEM}


async def test_nothing_of_before_is_told_where_there_is_none() -> None:
    _, entries = await ran(bench())
    assert not [one for one in entries if one.kind is EntryKind.HISTORY]


@settings(max_examples=12, deadline=None)
@given(before=HISTORIES)
async def test_a_run_is_the_same_with_any_history(before: tuple[PastIncident, ...]) -> None:
    """No cause, no confidence, no change and no line of the timeline but its own comes of it."""
    ended, entries = await ran(bench(before=before))
    alone, plain = await ran(bench())
    assert ended == alone
    assert [one for one in entries if one.kind is not EntryKind.HISTORY] == list(plain)
    assert {one.text for one in entries} - {one.text for one in plain} <= (
        {told(before)} if before else set()
    )
