"""Who is on duty, in words: by the names of `people` where a source calls somebody who stands there."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from incidents.language import Language
from incidents.texts import Sentences, forms_of
from nexus.config.people import Person, person_known_as
from nexus.oncall.settings import AnySchedule, as_local
from nexus.oncall.shifts import Plan, Shift, next_on_duty, on_duty

SENTENCES = Sentences("nexus.config", "on_duty")


def said_of(
    schedule: AnySchedule, plan: Plan | None, people: Sequence[Person], at: datetime,
    language: Language = Language.EN,
) -> str:  # fmt: skip
    """`Dana Lee until Tue 2026-12-01 08:00 Europe/Berlin`; as it stands behind "on duty:"."""
    said = partial(SENTENCES.said, language)
    if plan is None:
        return said("duty.silent")
    here, then = on_duty(plan.shifts, at), next_on_duty(plan.shifts, at)
    if not here and then:
        start = _local(then[0].start, schedule, language)
        return said("duty.nobody_then", start=start, name=name_of(then[0], people))
    if not here:
        return said("duty.nobody")
    ends = [(name_of(one, people), plan.end_of(one)) for one in here]
    return ", ".join(
        said("duty.until", name=name, end=_local(end, schedule, language)) if end is not None else name
        for name, end in ends
    )


def _local(moment: datetime, schedule: AnySchedule, language: Language) -> str:
    """A moment on the wall clock of a schedule; English has the day of the week before it."""
    if language is Language.EN:
        return as_local(moment, schedule)
    there = moment.astimezone(schedule.zone)
    day = forms_of(language).date(there)
    return SENTENCES.said(language, "duty.local", day=day, time=f"{there:%H:%M}", zone=schedule.time_zone)


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
