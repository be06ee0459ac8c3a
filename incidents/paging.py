"""Who has an incident, and whether that quiets the repeated paging now. Pure.

A person who says "I have it" stops the repeats of its page and nothing else: the runbook's escalations run
from the opening whoever has it, and what waits for a decision is asked for until it is decided. Who has it
and says nothing more is taken for asleep after a while: paging goes on.
"""

from datetime import datetime

from pydantic import Field

from incidents.actor import person_id
from incidents.incident import Incident
from incidents.runbook import Bounds
from incidents.severity import Severity
from incidents.value import Moment, Value, iso


class Pause(Value):
    """Repeated pages of an incident are not sent now."""

    why: str = Field(description="in a few words: who has it, or that it is over")
    until: Moment | None = Field(description="when they go on if nothing happens; None: never")


def pause_of_paging(incident: Incident, bounds: Bounds, now: datetime) -> Pause | None:
    """Whether the repeats of an incident's page rest now, and until when; None: they are sent.

    Args:
        incident: as it stands.
        bounds: how long somebody who has it may be silent.
        now: the moment of its clock.
    """
    if not incident.open:
        return Pause(why="it is over", until=None)
    until = silent_from(incident, bounds)
    if until is None or until <= now or has_grown_worse(incident):
        return None
    return Pause(why=f"{incident.holder} has it", until=until)


def silent_from(incident: Incident, bounds: Bounds) -> datetime | None:
    """From when on whoever has it counts as silent, unless they are heard before; None: nobody has it."""
    if incident.holder is None or incident.heard_at is None:
        return None
    if not incident.confirmed:
        return incident.heard_at + bounds.handover_answer
    silent = incident.heard_at + bounds.holder_silence[incident.severity or Severity.P0]
    return min(silent, incident.heard_until or silent)


def is_over_by_itself(incident: Incident, bounds: Bounds) -> bool:
    """Whether what they said it by ends first, such as a silence, before they would count as silent."""
    return incident.heard_until is not None and silent_from(incident, bounds) == incident.heard_until


def has_grown_worse(incident: Incident) -> bool:
    """Whether it is more severe now than when who has it was heard last: they said so of a lesser thing."""
    heard, now = incident.heard_severity, incident.severity
    return incident.holder is not None and heard is not None and now is not None and now.rank < heard.rank


def silence_key(incident: Incident) -> str:
    """What names the present silence of who has it, among the reminders that were given."""
    return f"holder_silent:{iso(incident.heard_at)}" if incident.heard_at is not None else ""


def is_silent(incident: Incident) -> bool:
    """Whether it was told that who has it says nothing any more."""
    return incident.holder is not None and silence_key(incident) in incident.reminders


def is_holder(incident: Incident, name: str) -> bool:
    """Whether it is this person who has it, however the name is spelled."""
    return incident.holder is not None and person_id(incident.holder) == person_id(name)


def is_anothers(incident: Incident, name: str) -> bool:
    """Whether somebody else has it who said so and whose silence was not told of: it is to be taken over."""
    known = incident.holder is not None and incident.confirmed
    return known and not is_silent(incident) and not is_holder(incident, name)


def held_by_person(
    incident: Incident, name: str, now: datetime, *, confirmed: bool = True, until: datetime | None = None
) -> Incident:
    """The same incident, which somebody has from now on.

    Args:
        incident: as it stands.
        name: theirs.
        now: the moment.
        confirmed: they said so themselves; else it was handed to them.
        until: when what they said it by is over; None: it is not.
    """
    again = is_holder(incident, name)
    return incident.evolve(
        holder=name,
        held_since=(incident.held_since or now) if again else now,
        heard_at=now,
        heard_until=until,
        heard_severity=incident.severity,
        confirmed=confirmed,
        taken_at=incident.taken_at or now,
    )


def held_by_nobody(incident: Incident) -> Incident:
    """The same incident, which nobody has."""
    return incident.evolve(
        holder=None, held_since=None, heard_at=None, heard_until=None, heard_severity=None, confirmed=True
    )


def heard(incident: Incident, name: str, now: datetime) -> Incident:
    """The same incident after a person did something with it: who has it is awake."""
    if not is_holder(incident, name):
        return incident
    return incident.evolve(heard_at=now, heard_until=None, heard_severity=incident.severity, confirmed=True)
