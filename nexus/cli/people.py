"""Verbs about the people of nexus.yaml: what shows that it is them."""

import asyncio
import getpass
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

from incidents.errors import UnknownName, UsageError
from incidents.value import minute
from nexus.cli.base import Json, asks, home, say, write, write_json
from nexus.cli.live import Config, site_of
from nexus.cli.parser import Argument, Group, Option, Verbs

if TYPE_CHECKING:
    from nexus.service.identity import Credential
    from nexus.service.logins import Logins

#: A shorter token could be guessed.
SHORTEST = 12

Name = Annotated[str, Argument(metavar="NAME", help="Somebody of nexus.yaml's `people`, or their id.")]


def verbs() -> Verbs:
    """The verbs of this module."""
    says = "What shows that people are who they say: tokens, passwords, one-time links."
    theirs: Verbs = {
        "hash": hash_token, "password": password, "invite": invite, "token": token, "tokens": tokens,
        "revoke": revoke,
    }  # fmt: skip
    return {"people": Group(says, theirs)}


def password(name: Name, config: Config = None) -> None:
    """Set somebody's password for the pages, typed twice or piped in as one line; it logs them out."""
    from incidents.actor import Via
    from nexus.service.identity import hash_of
    from nexus.service.logins import checked_password

    with _logins(name, config) as (logins, found):
        hashed = hash_of(checked_password(_typed("Password"), found.name))
        asyncio.run(logins.set_password(found, hashed, by="", via=Via.CLI))
        say(f"{found.name} has a new password, and is logged out everywhere.")


def invite(
    name: Name,
    config: Config = None,
    server: Annotated[
        str | None, Option("--server", help="How browsers reach it; none: server.public_url.")
    ] = None,
) -> None:
    """Print an address with which somebody sets their password themselves, once and within a day."""
    with _logins(name, config) as (logins, found):
        base = server or site_of(config)[1].server.public_url
        if base is None:
            raise UsageError("Say how browsers reach the server: --server https://HOST, or server.public_url")
        write(f"{base.rstrip('/')}/setup/{asyncio.run(logins.link_for(found))}")


def token(
    name: Name,
    purpose: Annotated[str, Option("--for", help="What it is for.")],
    scope: Annotated[
        list[str],
        Option(
            "--scope",
            help="It may at most what this role may; several. mcp:read, mcp:note, mcp:open: over MCP alone.",
        ),
    ],
    days: Annotated[int, Option("--days", min=1, max=365, help="How long it lasts.")] = 90,
    config: Config = None,
) -> None:
    """Make an API token of somebody, and print it this once."""
    from incidents.access import AccessRole, ToolScope
    from nexus.service.tokens import TokenAsked, Tokens

    known = {str(one): one for one in (*AccessRole, *ToolScope)}
    if wrong := next((one for one in scope if one not in known), None):
        raise UnknownName("scope", wrong, known)
    with _logins(name, config) as (logins, found):
        asked = TokenAsked(purpose=purpose, scopes=tuple(known[one] for one in scope), days=days)
        made = asyncio.run(Tokens(logins.store, logins.clock).make(asked, found, by=None))
        write(made.secret)


def tokens(as_json: Json = False) -> None:
    """List every API token: whose, what for, what it may, until when."""
    with home(listing=as_json) as opened:
        found = asyncio.run(opened.store.tokens())
    if as_json:
        write_json(found)
        return
    if not found:
        say("Nobody has an API token; `nexus people token` makes one.")
    for one in found:
        until = f"until {minute(one.ends_at)}" if one.ends_at is not None else "without an end"
        say(f"{one.id} of {one.person}: {one.purpose} ({', '.join(one.scopes)}), {until}")


def revoke(
    identity: Annotated[str, Argument(metavar="ID", help="As `nexus people tokens` lists it.")],
) -> None:
    """Revoke an API token; it does not count any more at once."""
    from nexus.service.tokens import Tokens

    with home() as opened:
        asyncio.run(Tokens(opened.store, opened.clock).revoke(identity, by=None))
    say(f"{identity} is revoked.")


@contextmanager
def _logins(name: str, config: Config) -> Iterator[tuple["Logins", "Credential"]]:
    from nexus.service.identity import People
    from nexus.service.logins import Logins

    with home(create=True, config=config) as opened:
        found = People.of(site_of(config)[1], opened.secrets).find(name)
        yield Logins(opened.store, opened.clock), found


def _typed(what: str) -> str:
    """A secret that is typed twice, or piped in as one line."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    secret = getpass.getpass(f"{what}: ").strip()
    if secret != getpass.getpass("The same again: ").strip():
        raise UsageError(f"The two {what.lower()}s differ; nothing was made")
    return secret


def hash_token(
    new: Annotated[bool, Option("--new", help="Make a token; it is shown once, on stderr.")] = False,
) -> None:
    """Print the `token_hash` of a token that is typed, or that is piped in as one line."""
    from nexus.service.identity import hash_of

    console = asks(True)
    if new:
        token = secrets.token_urlsafe(32)
        console.print(f"The token, shown this once: {token}", markup=False, soft_wrap=True)
    else:
        token = _typed("Token")
    if len(token) < SHORTEST:
        raise UsageError(f"A token has at least {SHORTEST} characters, not {len(token)}; --new makes one")
    write(hash_of(token))
