"""How people come to what they log in with, and whether what they show is theirs."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from incidents.actor import Via, person_id
from incidents.errors import Refused, UsageError
from nexus.service.identity import HASH_COST, Credential, HashCost, People, hash_of, verified
from nexus.store.audit import Deed, DeedKind
from nexus.store.credentials import SetupLink, hash_of_secret
from nexus.store.port import IncidentStore
from nexus.store.sessions import LoginBy
from tools.clock import Clock

#: A shorter password could be guessed; a longer one is none.
SHORTEST, LONGEST = 12, 1_000
#: A password of fewer different characters is none.
FEWEST = 4
#: For so long a one-time link can be used.
LINK_LASTS = timedelta(days=1)
SPENT = "this link was used, or is older than a day; `nexus people invite NAME` makes a new one"


def shown_by(
    found: Credential | None, password: str | None, secret: str, cost: HashCost = HASH_COST
) -> LoginBy | None:
    """What somebody logs in by with a secret; None if it is not theirs, which takes as long to tell.

    Args:
        found: the person; None: there is nobody of that name.
        password: the hash of theirs, if they have one.
        secret: what is shown.
        cost: of the passwords here, which the check of nobody's costs as well.
    """
    by_password = verified(password or _nobodys(cost), secret) and password is not None
    if found is None or not secret:
        return None
    if by_password:
        return LoginBy.BREAK_GLASS if found.break_glass else LoginBy.PASSWORD
    return LoginBy.TOKEN if found.matches(secret) else None


@cache
def _nobodys(cost: HashCost) -> str:
    """A hash of what nobody knows."""
    return hash_of(secrets.token_urlsafe(32), cost)


def checked_password(password: str, name: str, again: str | None = None) -> str:
    """A password that may be one; `again`: as it was typed a second time.

    Raises:
        UsageError: it is too short, too long, the person's name, or not the same twice.
    """
    if again not in (None, password):
        raise UsageError("password: the two differ; type the same twice")
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(
            f"password: it has {len(password)} characters; take {SHORTEST} or more, such as four words"
        )
    if len(set(password)) < FEWEST or person_id(name) in person_id(password):
        raise UsageError("password: it is too easy to guess; take another one, such as four words")
    return password


@dataclass(frozen=True)
class Logins:
    """Passwords and one-time links of a home. People themselves are declared in `nexus.yaml`."""

    store: IncidentStore
    clock: Clock

    async def set_password(self, of: Credential, hashed: str, *, by: str, via: Via) -> None:
        """Give somebody a password, and log them out everywhere.

        Args:
            of: whose.
            hashed: by `hash_of`, of a `checked_password`.
            by: the id of who does it.
            via: by which door.
        """
        now = self.clock.now()
        await self.store.set_password(of.person, hashed, now)
        await self.store.record(
            Deed(at=now, kind=DeedKind.RIGHTS, person=by, via=via, about=of.person, said="password")
        )

    async def link_for(self, of: Credential | None) -> str:
        """The secret of a one-time link with which somebody sets their password; None: the first one."""
        secret, now = secrets.token_urlsafe(32), self.clock.now()
        person = of.person if of is not None else None
        link = SetupLink(id=hash_of_secret(secret), person=person, ends_at=now + LINK_LASTS)
        await self.store.keep_link(link, now)
        return secret

    async def nobody_can_log_in(self, people: People) -> bool:
        """Whether there are people and none of them has anything to log in with."""
        able = set(await self.store.with_password())
        return bool(people) and not any(one.shows or one.person in able for one in people.credentials)

    async def who_may_use(self, secret: str, people: People) -> tuple[Credential, ...]:
        """The people who can set their password with a link; none if it does not count (any more).

        The first one is for whoever sets up Nexus: as soon as somebody can log in it is for nobody.
        """
        link = await self.store.link(hash_of_secret(secret), self.clock.now())
        if link is None or (link.person is None and not await self.nobody_can_log_in(people)):
            return ()
        return tuple(one for one in people.credentials if link.person in (None, one.person))

    async def use(self, secret: str, name: str, hashed: str, people: People) -> Credential:
        """Set the password of somebody who uses a link, once.

        Raises:
            Refused: the link does not count (any more), or not for them.
        """
        allowed = await self.who_may_use(secret, people)
        wanted = person_id(name)
        found = next((o for o in allowed if wanted in {o.person, person_id(o.name)}), None)
        if allowed and found is None:
            raise Refused(f"{name or 'nobody'} cannot set a password with this link; it was not used")
        if found is None or await self.store.use_link(hash_of_secret(secret), self.clock.now()) is None:
            raise Refused(SPENT)
        await self.set_password(found, hashed, by=found.person, via=Via.WEB)
        return found
