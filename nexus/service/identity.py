"""Who somebody is, by the token that they show: checked against what `people` of nexus.yaml says of each."""

import secrets
from dataclasses import dataclass, field
from itertools import combinations
from typing import Self

from pydantic import SecretStr

from incidents.access import DEFAULT_ROLES, AccessRole
from incidents.actor import Actor, Via, person_id
from incidents.errors import Refused, SettingsError, UnknownName
from incidents.value import Value
from nexus.config.people import Person
from nexus.config.site import Site
from tools.live.secrets import Secrets


class Me(Value):
    """Somebody as their token says, and what their roles are."""

    id: str
    name: str
    roles: tuple[AccessRole, ...]


@dataclass(frozen=True)
class Credential:
    """What shows that somebody is it: their token, its hash, or nothing."""

    name: str
    place: str
    person: str = ""
    roles: tuple[AccessRole, ...] = DEFAULT_ROLES
    token: SecretStr | None = field(default=None, repr=False)
    token_hash: str | None = field(default=None, repr=False)
    break_glass: bool = False

    @property
    def shows(self) -> bool:
        """Whether there is anything to check against."""
        return self.token is not None or self.token_hash is not None

    def matches(self, shown: str) -> bool:
        """Whether a token is theirs; a hash takes some 50 ms."""
        if self.token is not None:
            return secrets.compare_digest(shown.encode(), self.token.get_secret_value().encode())
        return self.token_hash is not None and verified(self.token_hash, shown)

    def actor(self, via: Via) -> Actor:
        """Them, as somebody who has shown it."""
        return Actor(id=self.person, name=self.name, roles=self.roles, via=via, authenticated=True)

    def shares_with(self, other: "Credential") -> bool:
        """Whether both show the same; of two hashes only an identical one is known to be."""
        if self.token is not None:
            return other.matches(self.token.get_secret_value())
        if other.token is not None:
            return self.matches(other.token.get_secret_value())
        return self.token_hash is not None and self.token_hash == other.token_hash


@dataclass(frozen=True)
class People:
    """The people of a live world."""

    credentials: tuple[Credential, ...] = ()
    disabled: frozenset[str] = frozenset()

    @classmethod
    def of(cls, site: Site, resolve: Secrets) -> Self:
        """Those of a site, with their tokens; one whose token cannot be looked up here shows nothing here."""
        return cls(
            tuple(_credential(person, resolve, needed=False) for person in site.active_people),
            _disabled(site),
        )

    @classmethod
    def checked(cls, site: Site, resolve: Secrets) -> Self:
        """Those of a site, for a server: every token is there, and no two show the same.

        Raises:
            SettingsError: a token cannot be looked up, is empty, or is shown by two; names both.
        """
        made = cls(
            tuple(_credential(person, resolve, needed=True) for person in site.active_people),
            _disabled(site),
        )
        sender = site.intake.token
        tokens = [*made.credentials]
        if sender is not None:
            tokens.append(Credential("the senders of alerts", "intake.token", token=resolve(sender)))
        for one in tokens:
            if one.token is not None and not one.token.get_secret_value().strip():
                raise SettingsError(f"{one.place}: the token of {one.name} is empty; put one there")
        for one, other in combinations(tokens, 2):
            if one.shows and other.shows and one.shares_with(other):
                raise SettingsError(
                    f"{one.place} and {other.place}: {one.name} and {other.name} show the same token, so "
                    "that one could speak for the other; give each a token of their own"
                )
        return made

    def __bool__(self) -> bool:
        return bool(self.credentials)

    def by_token(self, shown: str, via: Via) -> Actor | None:
        """Whose token it is; None if it is nobody's.

        Raises:
            Refused: two people show it.
        """
        theirs = [one for one in self.credentials if shown and one.matches(shown)]
        if len(theirs) > 1:
            raise Refused(
                f"{' and '.join(one.name for one in theirs)} show the same token: nobody knows who this is; "
                "give each a token of their own in nexus.yaml's `people`"
            )
        return next((one.actor(via) for one in theirs), None)

    def with_id(self, person: str, via: Via) -> Actor | None:
        """The person of an id; None if there is none (any more)."""
        return next((one.actor(via) for one in self.credentials if one.person == person), None)

    def called(self, name: str) -> Credential | None:
        """The person of a name, in any spelling, or of an id; None if there is none."""
        wanted = person_id(name)
        return next((o for o in self.credentials if wanted in {o.person, person_id(o.name)}), None)

    def find(self, name: str) -> Credential:
        """As `called`.

        Raises:
            UnknownName: there is none.
        """
        found = self.called(name)
        if found is None:
            raise UnknownName("person", name, (one.name for one in self.credentials))
        return found

    def named(self, name: str) -> Credential:
        """The person of a name, in any spelling, or of an id.

        Raises:
            UnknownName: there is none.
            Refused: nothing is configured, or can be looked up here, that shows that it is them.
        """
        found = self.find(name)
        if not found.shows:
            raise Refused(
                f"{found.place}: nothing here shows that it is {found.name}; add a `token_hash`, made by "
                "`nexus people hash`"
            )
        return found


def _disabled(site: Site) -> frozenset[str]:
    """What those are called who may not come in by any door."""
    gone = (person for person in site.people if person.disabled)
    return frozenset(name for one in gone for name in (one.identity, person_id(one.name)))


def _credential(person: Person, resolve: Secrets, *, needed: bool) -> Credential:
    place = f"people.{person.name}.{'token' if person.token else 'token_hash'}"
    token = None
    if person.token is not None:
        try:
            token = resolve(person.token)
        except SettingsError:
            if needed:
                raise
    return Credential(
        person.name, place, person.identity, person.roles, token, person.token_hash, person.break_glass
    )


@dataclass(frozen=True)
class HashCost:
    """What a hash costs whoever makes, checks or guesses it: argon2id's, by default as RFC 9106 recommends.

    Attributes:
        memory: in KiB.
        rounds: over that memory.
        lanes: that are computed at once.
    """

    memory: int = 65_536
    rounds: int = 3
    lanes: int = 4


#: Of everything that guards somebody.
HASH_COST = HashCost()


def hash_of(token: str, cost: HashCost = HASH_COST) -> str:
    """What nexus.yaml keeps of a token, argon2id: `$argon2id$v=19$…`; a check costs what the hash names."""
    # Imported late, as below: most verbs check no token.
    from argon2 import PasswordHasher  # noqa: PLC0415

    return PasswordHasher(cost.rounds, cost.memory, cost.lanes).hash(token)


def verified(token_hash: str, shown: str) -> bool:
    """Whether a hash is that of what is shown; takes some 50 ms of a core."""
    from argon2 import PasswordHasher  # noqa: PLC0415
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415

    try:
        return PasswordHasher().verify(token_hash, shown)
    except (VerificationError, InvalidHashError):
        return False
