"""Who has an incident, in a sentence, and since when: the same words at every door. Pure."""

from datetime import datetime

from incidents.incident import Incident
from incidents.paging import is_silent
from incidents.value import minute


def who_has_it(incident: Incident) -> str:
    """A sentence: the person who has it, or that none has, and who works on it."""
    if not incident.open:
        return "It is over."
    if incident.holder is None:
        if incident.rests:
            return "Nobody has to have it: in shadow all is said."
        if incident.in_peoples_hands:
            return "Nobody has taken it yet."
        return "No person has it yet; the agents work on it."
    works = "" if incident.in_peoples_hands else "; the agents work on it"
    if not incident.confirmed:
        return f"It was handed to {incident.holder}, who has not answered yet{works}."
    silent = " and has not been heard for long, so paging goes on" if is_silent(incident) else ""
    if incident.heard_until is not None:
        over = "is over, so paging goes on" if silent else f"lasts until {minute(incident.heard_until)}"
        silent = f" by a silence that {over}"
    return f"{incident.holder} has it{silent}{works}."


def held_since(incident: Incident) -> datetime | None:
    """Since when that is so; None: since it began."""
    if not incident.open:
        return incident.ended_at
    return incident.held_since if incident.holder is not None else incident.handed_over_at
