"""An incident is had by the link in a letter: whose it is, whether it counts, and that one act."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from incidents.access import Permission
from incidents.actor import Actor, Via
from incidents.errors import Forbidden, Refused
from incidents.incident import Incident
from incidents.paging import is_anothers, is_holder
from incidents.severity import Severity
from incidents.value import Moment, Value
from nexus.config.people import owner_of_mailbox
from nexus.config.site import Site
from nexus.home import Home
from nexus.notify.smtp.links import KEY, link_of
from nexus.service.handling import IncidentHandling
from nexus.service.holding import who_has_it
from nexus.service.identity import People
from nexus.service.restricting import require_visible
from nexus.store.find import find_incident

SPENT = (
    "this link does not count (any more): it lasts a day, for one person who may still come in and whose own "
    "the mailbox still is; log in to say that you have it"
)


class LetterView(Value):
    """What somebody sees who has opened the link.

    Attributes:
        person: whose link it is.
        who: who has it, in a sentence.
        may: they can say that they have it now.
        mine: they have said so already.
        done: they have just said so.
    """

    incident: str
    title: str
    severity: Severity | None
    person: str
    who: str
    may: bool
    mine: bool
    done: bool = False
    at: Moment


@dataclass(frozen=True)
class ByLetter:
    """The door of whoever has got a letter; it lets nobody in anywhere else."""

    home: Home
    site: Callable[[], Site]

    async def opened(self, token: str, people: People) -> tuple[str, Actor]:
        """The incident of a link, and who has it by it.

        Raises:
            Refused: it does not count.
            Forbidden: they may not work on incidents any more.
            UnknownName: they do not see the incident.
        """
        key = await self.home.store.signing_key(KEY, secrets.token_urlsafe(32))
        link = link_of(token, key, self.home.clock.now())
        owner = owner_of_mailbox(self.site().people, link.mailbox) if link is not None else None
        actor = people.with_id(link.person, Via.MAIL) if link is not None else None
        if link is None or actor is None or owner is None or owner.identity != link.person:
            raise Refused(SPENT)
        if (why := actor.why_not(Permission.RESPOND)) is not None:
            raise Forbidden(why)
        await require_visible(self.home.store, actor, link.incident)
        return link.incident, actor

    async def view(self, incident: str, actor: Actor, *, done: bool = False) -> LetterView:
        """What is shown of it, which the letter has said too."""
        known = await find_incident(self.home.store, incident)
        return _view(known, actor, done=done)

    async def acknowledge(self, incident: str, actor: Actor) -> None:
        """Have it; raises as `IncidentHandling.acknowledge`."""
        await IncidentHandling.of(self.home).acknowledge(incident, actor=actor)


def _view(known: Incident, actor: Actor, *, done: bool) -> LetterView:
    mine = is_holder(known, actor.name)
    return LetterView(
        incident=known.id, title=known.title, severity=known.severity, person=actor.name,
        who=who_has_it(known), may=known.open and not is_anothers(known, actor.name), mine=mine, done=done,
        at=known.opened_at,
    )  # fmt: skip
