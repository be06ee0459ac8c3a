"""The credentials of the store's twin in memory."""

from datetime import datetime

from nexus.store.credentials import ApiToken, SetupLink
from nexus.store.memory_sessions import MemorySessions


class MemoryCredentials(MemorySessions):
    """Implements `nexus.store.credentials.Credentials` in dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._passwords: dict[str, str] = {}
        self._links: dict[str, SetupLink] = {}
        self._tokens: dict[str, ApiToken] = {}
        self._keys: dict[str, str] = {}

    async def set_password(self, person: str, hashed: str, at: datetime) -> None:
        """Keep a person's password, and end every session of theirs."""
        self._passwords[person] = hashed
        await self.end_sessions_of(person)

    async def password(self, person: str) -> str | None:
        """The hash of a person's password, or None."""
        return self._passwords.get(person)

    async def forget_password(self, person: str) -> bool:
        """Delete it."""
        return self._passwords.pop(person, None) is not None

    async def with_password(self) -> tuple[str, ...]:
        """The ids of those who have one."""
        return tuple(sorted(self._passwords))

    async def keep_link(self, link: SetupLink, now: datetime) -> None:
        """Keep a link in place of that person's earlier ones, and forget those that have ended."""
        others = (one for one in self._links.values() if one.person != link.person and one.ends_at > now)
        self._links = {one.id: one for one in (*others, link)}

    async def link(self, identity: str, now: datetime) -> SetupLink | None:
        """The link of an id."""
        found = self._links.get(identity)
        return found if found is not None and found.ends_at > now else None

    async def use_link(self, identity: str, now: datetime) -> SetupLink | None:
        """As `link`, once."""
        found = await self.link(identity, now)
        if found is not None:
            del self._links[identity]
        return found

    async def signing_key(self, name: str, fresh: str) -> str:
        """The key of a name."""
        return self._keys.setdefault(name, fresh)

    async def add_token(self, token: ApiToken, hashed: str) -> None:
        """Keep a token."""
        self._tokens[hashed] = token

    async def token_of(self, hashed: str, now: datetime) -> ApiToken | None:
        """The token of a hash."""
        found = self._tokens.get(hashed)
        return found if found is not None and (found.ends_at is None or found.ends_at > now) else None

    async def tokens(self, person: str | None = None) -> tuple[ApiToken, ...]:
        """Those of a person or of all."""
        theirs = (one for one in self._tokens.values() if person in (None, one.person))
        return tuple(sorted(theirs, key=lambda one: (one.made_at, one.id)))

    async def revoke_token(self, identity: str) -> bool:
        """Delete one."""
        found = next((key for key, one in self._tokens.items() if one.id == identity), None)
        return found is not None and self._tokens.pop(found) is not None
