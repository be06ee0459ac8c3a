"""The five steps of the response as they progress, from what the timeline says of them. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from incidents.incident import Incident
from incidents.severity import Status, Step
from incidents.timeline import Entry, EntryKind
from incidents.value import Value

#: The entries that say when a step began; there are few of them, however long a timeline is.
TELLING = (EntryKind.ROUTING, EntryKind.EXECUTION, EntryKind.PEOPLE, EntryKind.END)

NAMES = {
    Step.TRIAGE: "Triage",
    Step.INVESTIGATION: "Investigation",
    Step.MITIGATION: "Mitigation",
    Step.VERIFICATION: "Verification",
    Step.POST_MORTEM: "Post-mortem",
}


class StepState(StrEnum):
    """How far a step is."""

    DONE = "done"
    HERE = "here"
    AHEAD = "ahead"
    LEFT_OUT = "left out"


class StepProgress(Value):
    """One step: how far it is, and for how long it was worked on (seconds; null: not begun)."""

    step: Step
    number: int
    name: str
    state: StepState
    seconds: float | None
    times: int


def progress(incident: Incident, telling: Sequence[Entry], now: datetime) -> tuple[StepProgress, ...]:
    """The five steps.

    Args:
        incident: as it stands.
        telling: its entries of the kinds `TELLING`, oldest first.
        now: the moment of its clock.
    """
    spent, visits = _spent(incident, telling, now)
    over = incident.closed or incident.status in {Status.FALSE_ALARM, Status.MERGED, Status.BACKLOG}
    here = list(Step).index(incident.step)
    return tuple(
        StepProgress(
            step=step,
            number=number,
            name=NAMES[step],
            state=_state(number - 1, here, step in spent, over),
            seconds=spent[step].total_seconds() if step in spent else None,
            times=visits.get(step, 0),
        )
        for number, step in enumerate(Step, start=1)
    )


def _state(place: int, here: int, begun: bool, over: bool) -> StepState:
    if place == here and not over:
        return StepState.HERE
    if begun:
        return StepState.DONE
    return StepState.LEFT_OUT if over or place < here else StepState.AHEAD


def _spent(
    incident: Incident, telling: Sequence[Entry], now: datetime
) -> tuple[dict[Step, timedelta], dict[Step, int]]:
    """How long each step took in all, and how often it was begun."""
    begun = [(incident.opened_at, Step.TRIAGE)]
    for entry in telling:
        step = Step(entry.step) if entry.step in set(Step) else begun[-1][1]
        if step is not begun[-1][1]:
            begun.append((entry.at, step))
    if incident.step is not begun[-1][1]:
        begun.append((max(incident.step_since, begun[-1][0]), incident.step))
    end = now
    if incident.closed or incident.status in {Status.FALSE_ALARM, Status.MERGED}:
        end = max(incident.ended_at or now, begun[-1][0])
    spent: dict[Step, timedelta] = {}
    visits: dict[Step, int] = {}
    for (at, step), (until, _) in zip(begun, [*begun[1:], (end, incident.step)], strict=True):
        spent[step] = spent.get(step, timedelta()) + max(until - at, timedelta())
        visits[step] = visits.get(step, 0) + 1
    return spent, visits
