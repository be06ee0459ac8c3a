"""The account for when the identity provider is down: everybody is told of its use."""

import structlog

from incidents.actor import Actor
from incidents.timeline import Entry, EntryKind
from incidents.value import iso
from nexus.store.audit import Deed, DeedKind
from nexus.store.lists import IncidentFilter
from nexus.store.port import IncidentStore
from nexus.store.records import Message, MessageKind
from nexus.store.sessions import Session

log = structlog.get_logger(__name__)

#: Of more open incidents the newest are told; the log, the audit and every page tell of it anyway.
_MOST = 200


async def tell_everybody(store: IncidentStore, actor: Actor, session: Session) -> None:
    """Say on the timeline and in the channel of every open incident that the account is in use.

    Args:
        store: of the incidents.
        actor: as whom somebody has logged in.
        session: the login.
    """
    at = session.started_at
    text = f"The break-glass account {actor.name} was used to log in from {session.address or '?'}"
    log.warning("the break-glass account is in use", person=actor.id, address=session.address)
    await store.record(Deed.by(actor, DeedKind.BREAK_GLASS, at))
    for one in await store.page(IncidentFilter(not_closed=True), _MOST):
        key = f"break-glass {actor.id} {iso(at)}"
        await store.write(
            Entry(
                id=key, incident=one.id, at=at, step=one.step, role=actor.name, engine="person",
                kind=EntryKind.PEOPLE, text=text,
            )
        )  # fmt: skip
        await store.send(
            Message(incident=one.id, kind=MessageKind.CHANNEL, key=key, at=at, title=one.title, text=text)
        )
