"""Which part of a large catalogue an incident is looked for in: what the alerts name, and what is near it.

Pure: who asks decides when to look at everything.
"""

from collections.abc import Iterable, Sequence

from incidents.catalogue import Catalogue
from incidents.changes import Change
from incidents.findings import Window
from incidents.incident import Incident

#: A catalogue of so many services is looked at whole.
WHOLE = 50
#: Of a larger one so many at most, the nearest first, and so many that changed lately, the last first.
NEAREST, CHANGED = 40, 10


def scope_of(
    catalogue: Catalogue, incident: Incident, changes: Sequence[Change], window: Window, about: str = ""
) -> Catalogue:
    """The part of a catalogue that something points at, in the catalogue's order.

    Args:
        catalogue: all services.
        incident: its alerts, its diagnosis and its proposals name services.
        changes: what changed, oldest first.
        window: when a change counts as lately.
        about: a service that is asked for by name.
    """
    if len(catalogue.services) <= WHOLE:
        return catalogue
    named = [about, *(alert.service for alert in incident.alerts), *incident.services]
    named += [incident.diagnosis.service] if incident.diagnosis is not None else []
    named += [proposal.action.service for proposal in incident.proposals]
    near = neighbourhood(catalogue, (name for name in named if name))[:NEAREST]
    lately = [change.service for change in changes if window.start <= change.time < window.end]
    return catalogue.only({*near, *list(dict.fromkeys(reversed(lately)))[:CHANGED]})


def neighbourhood(catalogue: Catalogue, names: Iterable[str]) -> tuple[str, ...]:
    """The services named, what they need and who needs them over any number of calls, the nearest first."""
    needs = {service.name: service.depends_on for service in catalogue.services}
    needed_by: dict[str, list[str]] = {}
    for service in catalogue.services:
        for name in service.depends_on:
            needed_by.setdefault(name, []).append(service.name)
    found = dict.fromkeys(name for name in names if name in needs)
    down, up = list(found), list(found)
    while down or up:
        down = [near for name in down for near in needs.get(name, ()) if near in needs]
        up = [near for name in up for near in needed_by.get(name, ())]
        down, up = ([name for name in dict.fromkeys(step) if name not in found] for step in (down, up))
        found.update(dict.fromkeys((*down, *up)))
    return tuple(found)


def said_scope(looked_at: Catalogue, catalogue: Catalogue) -> str:
    """What was not looked at, in a sentence; empty where all of it was."""
    left = len(catalogue.services) - len(looked_at.services)
    if not left:
        return ""
    return (
        f"{left} of {len(catalogue.services)} services were not looked at, for nothing points at them; "
        "looked at: what the alerts and the diagnosis name, what that needs and who needs it, and what "
        "changed lately"
    )
