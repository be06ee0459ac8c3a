"""Verbs about the people of nexus.yaml: what the file keeps of a token."""

import getpass
import secrets
import sys
from typing import Annotated

from incidents.errors import UsageError
from nexus.cli.base import asks, write
from nexus.cli.parser import Group, Option, Verbs

#: A shorter token could be guessed.
SHORTEST = 12


def verbs() -> Verbs:
    """The verbs of this module."""
    return {"people": Group("What nexus.yaml keeps of people's tokens.", {"hash": hash_token})}


def hash_token(
    new: Annotated[bool, Option("--new", help="Make a token; it is shown once, on stderr.")] = False,
) -> None:
    """Print the `token_hash` of a token that is typed, or that is piped in as one line."""
    from nexus.service.identity import hash_of

    console = asks(True)
    if new:
        token = secrets.token_urlsafe(32)
        console.print(f"The token, shown this once: {token}", markup=False, soft_wrap=True)
    elif sys.stdin.isatty():
        token = getpass.getpass("Token: ").strip()
        if token != getpass.getpass("The same again: ").strip():
            raise UsageError("The two tokens differ; nothing was made")
    else:
        token = sys.stdin.readline().strip()
    if len(token) < SHORTEST:
        raise UsageError(f"A token has at least {SHORTEST} characters, not {len(token)}; --new makes one")
    write(hash_of(token))
