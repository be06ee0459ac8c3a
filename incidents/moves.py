"""What a person can do with an incident as it stands, and why not the rest: a pure rule for the buttons.

The service decides by itself; this says beforehand what it will say.
"""

from collections.abc import Callable
from typing import NamedTuple

from incidents.access import Permission, why_not
from incidents.actor import Actor
from incidents.incident import Incident
from incidents.paging import is_anothers, is_holder
from incidents.value import Value


class Move(Value):
    """Something that people do with an incident.

    Attributes:
        name: as in `POST /api/v1/incidents/{id}/{name}`, and the verb's.
        says: on its button.
        why_not: why it is not possible now or not for who asks; None: it is.
    """

    name: str
    says: str
    why_not: str | None


class _Kind(NamedTuple):
    says: str
    permission: Permission
    senseless: Callable[[Incident, Actor], str | None]


def _over(incident: Incident, actor: Actor) -> str | None:
    how = incident.end_reason or incident.status.replace("_", " ")
    return None if incident.open else f"it is over: {how}"


def _mine(incident: Incident, actor: Actor) -> str | None:
    if (over := _over(incident, actor)) is not None:
        return over
    if is_anothers(incident, actor.name):
        return f"{incident.holder} has it"
    return None  # whoever has it may say so again, which shows that they are awake


def _another_has_it(incident: Incident, actor: Actor) -> str | None:
    if (over := _over(incident, actor)) is not None:
        return over
    if incident.holder is None:
        return "nobody has it"
    return "you have it already" if is_holder(incident, actor.name) else None


def _taken(incident: Incident, actor: Actor) -> str | None:
    mine = incident.in_peoples_hands and incident.holder == actor.name
    return _over(incident, actor) or ("you have it already" if mine else None)


def _with_agents(incident: Incident, actor: Actor) -> str | None:
    return _over(incident, actor) or (None if incident.in_peoples_hands else "the agents have it")


def _mitigated(incident: Incident, actor: Actor) -> str | None:
    since = incident.mitigated_at
    return _over(incident, actor) or (f"it is mitigated since {since:%H:%M:%S} UTC" if since else None)


def _open(incident: Incident, actor: Actor) -> str | None:
    return "it is open" if incident.open else None


#: In the order in which they are shown: what is wanted most often first.
_KINDS = {
    "acknowledge": _Kind("I have it", Permission.RESPOND, _mine),
    "take-over": _Kind("Take it over", Permission.RESPOND, _another_has_it),
    "hand-over": _Kind("Hand it to somebody else", Permission.RESPOND, _over),
    "take": _Kind("I mend it without the agents", Permission.RESPOND, _taken),
    "note": _Kind("Leave a note", Permission.NOTE, _over),
    "changed": _Kind("I changed something", Permission.RESPOND, _over),
    "mitigated": _Kind("Users feel no more of it", Permission.RESPOND, _mitigated),
    "resolve": _Kind("It is over", Permission.RESPOND, _over),
    "false-alarm": _Kind("It was a false alarm", Permission.RESPOND, _over),
    "severity": _Kind("Set the severity", Permission.COMMAND, _over),
    "give-back": _Kind("Give it back to the agents", Permission.RESPOND, _with_agents),
    "stop": _Kind("Stop the agents", Permission.STOP, _over),
    "reopen": _Kind("It is not over", Permission.RESPOND, _open),
}


def moves(incident: Incident, actor: Actor) -> tuple[Move, ...]:
    """Every move; first of all whether it makes sense, then whether who asks may.

    Args:
        incident: as it stands.
        actor: who asks; without roles only where a name is enough.
    """
    return tuple(
        Move(name=name, says=_says(name, kind, incident, actor), why_not=_not_now(kind, incident, actor))
        for name, kind in _KINDS.items()
    )


def _says(name: str, kind: _Kind, incident: Incident, actor: Actor) -> str:
    again = name == "acknowledge" and is_holder(incident, actor.name) and incident.confirmed
    return "I am still at it" if again else kind.says


def _not_now(kind: _Kind, incident: Incident, actor: Actor) -> str | None:
    if (senseless := kind.senseless(incident, actor)) is not None:
        return senseless
    return why_not(actor.name, actor.roles, kind.permission) if actor.authenticated else None
