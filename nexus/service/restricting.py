"""Who sees an incident that not everybody may see, and the requests that say so."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import Field

from incidents.access import Permission
from incidents.actor import Actor, Via, person_id
from incidents.errors import Forbidden, Refused, UnknownName
from incidents.restriction import Restriction, Sensitive, hidden_from
from incidents.timeline import Entry, EntryKind
from incidents.value import iso
from nexus.config.site import load_site
from nexus.home import Home
from nexus.service.authority import require
from nexus.service.identity import People
from nexus.service.request import Doors, Name, Request, Words
from nexus.store.audit import Deed, DeedKind
from nexus.store.records import WorldKind
from nexus.store.restrictions import Restrictions
from tools.redaction.redact import redact

T = TypeVar("T")


class Restrict(Request):
    """Let only those who are named and the commander see an incident: everywhere, from now on."""

    path = "restrict"
    answer = Restriction
    why: Sensitive
    people: tuple[Name, ...] = Field(default=(), max_length=100, description="names or ids of `people`")

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Restriction:
        """Restrict it."""
        home = doors.home
        await _require(home, incident, actor)
        said = Restriction(
            incident=incident, why=self.why, by=actor.id, at=home.clock.now(),
            people=await _ids(home, incident, self.people),
        )  # fmt: skip
        await home.store.restrict(said)
        names = ", ".join(said.people) or "nobody else"
        await _tell(
            home, said, f"Only the commander and {names} see this from now on ({said.why})", actor, said.why
        )
        return said


class Unrestrict(Request):
    """Let everybody who is logged in see an incident again."""

    path = "unrestrict"
    answer = Restriction
    note: Words = Field(description="why")

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> Restriction:
        """Let them."""
        home = doors.home
        await _require(home, incident, actor)
        before = await restriction_of(home.store, incident)
        if before is None or not await home.store.unrestrict(incident):
            raise Refused(f"everybody sees {incident} already")
        said = before.model_copy(update={"by": actor.id, "at": home.clock.now()})
        await _tell(home, said, f"Everybody sees this again: {redact(self.note)}", actor, "everybody")
        return said


#: Every kind.
RESTRICTING: tuple[type[Request], ...] = (Restrict, Unrestrict)


async def hidden(store: Restrictions, actor: Actor) -> frozenset[str]:
    """The ids of the incidents that somebody does not see."""
    return hidden_from(actor, await store.restrictions())


async def require_visible(store: Restrictions, actor: Actor, incident: str | None) -> None:
    """Answer who does not see an incident as if it were not there.

    Raises:
        UnknownName: they do not see it.
    """
    if incident is not None and incident in await hidden(store, actor):
        raise UnknownName("incident", incident, ())


async def restriction_of(store: Restrictions, incident: str) -> Restriction | None:
    """Who sees an incident; None: everybody."""
    return next((one for one in await store.restrictions() if one.incident == incident), None)


def visible(items: Iterable[T], unseen: frozenset[str], of: str = "incident") -> tuple[T, ...]:
    """Of a list what belongs to no incident that is hidden; `of` is the attribute with its id."""
    return tuple(one for one in items if getattr(one, of) not in unseen)


async def hidden_by_token(home: Home, token: str) -> frozenset[str]:
    """What the person of a token does not see; of a restricted incident nobody's token is one of those named.

    In worlds without people nothing is hidden: a name shows nothing there.

    Raises:
        SettingsError: the `nexus.yaml` of a restricted incident cannot be read.
    """
    unseen = set[str]()
    for said in await home.store.restrictions():
        people = await _people(home, said.incident)
        actor = people.by_token(token.strip(), Via.CLI) if people else None
        if people and (actor is None or not said.lets_see(actor)):
            unseen.add(said.incident)
    return frozenset(unseen)


async def may_restrict(home: Home, incident: str, actor: Actor) -> bool:
    """Whether somebody may say who sees an incident."""
    try:
        await _require(home, incident, actor)
    except Forbidden:
        return False
    return True


async def _require(home: Home, incident: str, actor: Actor) -> None:
    """A commander may, and those whom the last word names; with a token that is limited none of these."""
    before = await restriction_of(home.store, incident)
    in_person = actor.scopes is None and actor.via is not Via.MCP
    if before is not None and actor.id in before.people and in_person:
        return
    require(home.policy_of, await home.store.world_of(incident), actor, Permission.COMMAND)


async def _ids(home: Home, incident: str, names: Iterable[str]) -> tuple[str, ...]:
    people = await _people(home, incident)
    if not people:
        return tuple(dict.fromkeys(person_id(name) for name in names))
    return tuple(dict.fromkeys(people.find(name).person for name in names))


async def _people(home: Home, incident: str) -> People | None:
    """Those of its live world; None in a recorded one."""
    world = await home.store.world_of(incident)
    return People.of(load_site(Path(world.path)), home.secrets) if world.kind is WorldKind.LIVE else None


async def _tell(home: Home, said: Restriction, text: str, actor: Actor, kept: str) -> None:
    known = await home.find(said.incident)
    await home.store.write(
        Entry(
            id=f"restriction:{iso(said.at)}", incident=said.incident, at=said.at, step=known.step,
            role=actor.name, engine="person", kind=EntryKind.PEOPLE, text=text, severity=known.severity,
        )
    )  # fmt: skip
    await home.store.record(Deed.by(actor, DeedKind.RIGHTS, said.at, said.incident, said=kept))
