"""Implements `nexus.store.credentials.Credentials`."""

from datetime import datetime

from nexus.store.credentials import ApiToken, SetupLink
from nexus.store.relational.rows import as_json, sortable
from nexus.store.relational.table import Tables
from nexus.store.relational.transactions import Run


class CredentialRows(Tables):
    """Passwords, links and tokens, each by what it is known by."""

    async def set_password(self, person: str, hashed: str, at: datetime) -> None:
        """Keep a person's password, and end every session of theirs."""

        def work(run: Run) -> None:
            run("set_password", person=person, hash=hashed, at=sortable(at))
            run("end_sessions_of", person=person)

        await self._database.atomically(work)

    async def password(self, person: str) -> str | None:
        """The hash of a person's password, or None."""
        for (hashed,) in await self._database.read("password", person=person):
            return hashed
        return None

    async def forget_password(self, person: str) -> bool:
        """Delete it."""
        return await self._database.write("forget_password", person=person)

    async def with_password(self) -> tuple[str, ...]:
        """The ids of those who have one."""
        return tuple(sorted(person for (person,) in await self._database.read("with_password")))

    async def keep_link(self, link: SetupLink, now: datetime) -> None:
        """Keep a link in place of that person's earlier ones, and forget those that have ended."""

        def work(run: Run) -> None:
            run("forget_links", person=link.person or "", now=sortable(now))
            run(
                "keep_link",
                id=link.id,
                person=link.person or "",
                ends_at=sortable(link.ends_at),
                body=as_json(link),
            )

        await self._database.atomically(work)

    async def link(self, identity: str, now: datetime) -> SetupLink | None:
        """The link of an id."""
        return next(iter(await self._all(SetupLink, "link", id=identity, now=sortable(now))), None)

    async def use_link(self, identity: str, now: datetime) -> SetupLink | None:
        """As `link`, once."""

        def work(run: Run) -> str | None:
            row = run("use_link", id=identity, now=sortable(now)).fetchone()
            return row[0] if row is not None else None

        body = await self._database.atomically(work)
        return SetupLink.from_stored(body) if body is not None else None

    async def signing_key(self, name: str, fresh: str) -> str:
        """The key of a name; of several who bring one at the same time the first one's counts."""
        if not (kept := await self._database.read("signing_key", name=name)):
            await self._database.write("keep_signing_key", name=name, secret=fresh)
            kept = await self._database.read("signing_key", name=name)
        ((secret,),) = kept
        return str(secret)

    async def add_token(self, token: ApiToken, hashed: str) -> None:
        """Keep a token."""
        ends_at = sortable(token.ends_at) if token.ends_at is not None else None
        await self._database.write(
            "add_token", id=token.id, hash=hashed, person=token.person, made_at=sortable(token.made_at),
            ends_at=ends_at, body=as_json(token),
        )  # fmt: skip

    async def token_of(self, hashed: str, now: datetime) -> ApiToken | None:
        """The token of a hash."""
        return next(iter(await self._all(ApiToken, "token_of", hash=hashed, now=sortable(now))), None)

    async def tokens(self, person: str | None = None) -> tuple[ApiToken, ...]:
        """Those of a person or of all."""
        return await self._all(ApiToken, "tokens", person=person)

    async def revoke_token(self, identity: str) -> bool:
        """Delete one."""
        return await self._database.write("revoke_token", id=identity)
