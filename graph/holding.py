"""Who has an incident: said by a person, here or in another tool, or handed from one to another. Pure."""

from datetime import datetime

from graph.timeline import Update, entry
from incidents.events import Acknowledged, HandedOver, SilenceEnded
from incidents.incident import Incident
from incidents.paging import held_by_person, is_anothers, is_holder
from incidents.timeline import EntryKind
from incidents.value import minute


def hold(incident: Incident, event: Acknowledged | HandedOver | SilenceEnded, now: datetime) -> Update:
    """The incident after somebody said that they have it, or handed it on; nothing else changes."""
    if isinstance(event, SilenceEnded):
        return _silence_ended(incident, event, now)
    after, text = (
        _acknowledged(incident, event, now)
        if isinstance(event, Acknowledged)
        else _handed(incident, event, now)
    )
    key = f"{event.kind}:{event.id}"
    return Update(after, (entry(after, now, EntryKind.PEOPLE, text, key, role=event.by, engine="person"),))


def _acknowledged(incident: Incident, event: Acknowledged, now: datetime) -> tuple[Incident, str]:
    """Whoever has it already keeps it, unless it is taken over."""
    until = f", silenced until {minute(event.until)}" if event.until is not None else ""
    more = f" (said in {event.source}{until})" if event.source else ""
    more += f": {event.note}" if event.note else ""
    if is_anothers(incident, event.by) and not event.takes_over:
        return incident, f"{event.by} acknowledged it{more}; {incident.holder} has it"
    after = held_by_person(incident, event.by, now, until=event.until)
    if is_holder(incident, event.by):
        return after, f"{event.by} {'still ' if incident.confirmed else ''}has it{more}"
    over = f", taken over from {incident.holder}" if incident.holder else ""
    return after, f"{event.by} has it{over}{more}"


def _silence_ended(incident: Incident, event: SilenceEnded, now: datetime) -> Update:
    """Who has it by a silence does not count as heard any more; whoever said it otherwise since does."""
    if incident.heard_until is None or incident.heard_until <= now or not is_holder(incident, event.by):
        return Update(incident)
    after = incident.evolve(heard_until=now)
    text = f"the silence of {event.by} in {event.source} was ended"
    return Update(after, (entry(after, now, EntryKind.PEOPLE, text, f"{event.kind}:{event.id}"),))


def _handed(incident: Incident, event: HandedOver, now: datetime) -> tuple[Incident, str]:
    """Who gets it has to say yet that they know; until they do it is not quiet for long."""
    after = held_by_person(incident, event.to, now, confirmed=is_holder(incident, event.to))
    return after, f"{event.by} handed it to {event.to}: {event.note}"
