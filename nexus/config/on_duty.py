"""Who is on duty, in words: by the names of `people` where a source calls somebody who stands there."""

from collections.abc import Sequence
from datetime import datetime

from nexus.config.people import Person, person_known_as
from nexus.oncall.settings import AnySchedule, as_local
from nexus.oncall.shifts import Plan, Shift, next_on_duty, on_duty


def said_of(schedule: AnySchedule, plan: Plan | None, people: Sequence[Person], at: datetime) -> str:
    """`Dana Lee until Tue 2026-12-01 08:00 Europe/Berlin`; as it stands behind "on duty:"."""
    if plan is None:
        return "not known, the schedule has never answered"
    here, then = on_duty(plan.shifts, at), next_on_duty(plan.shifts, at)
    if not here:
        after = f"; from {as_local(then[0].start, schedule)} {name_of(then[0], people)}" if then else ""
        return f"nobody{after}"
    ends = [(one, plan.end_of(one)) for one in here]
    return ", ".join(
        name_of(one, people) + (f" until {as_local(end, schedule)}" if end is not None else "")
        for one, end in ends
    )


def person_of(shift: Shift, people: Sequence[Person]) -> Person | None:
    """Whose shift it is: by name, id or mail, else by a name that stands in the title of an event."""
    for said in (shift.person, *shift.also):
        if (found := person_known_as(people, said)) is not None:
            return found
    words = f" {' '.join(shift.person.casefold().split())} "
    named = [one for one in people if f" {' '.join(one.name.casefold().split())} " in words]
    return named[0] if len(named) == 1 else None


def name_of(shift: Shift, people: Sequence[Person]) -> str:
    """As `people` call whose shift it is, else as its source does."""
    found = person_of(shift, people)
    return found.name if found is not None else shift.person
