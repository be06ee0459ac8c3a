"""How the database is connected to, and what is said where it cannot be used.

Nothing is left in a session, so that a pooler may give its connections out by transaction: values are bound
on this side, no statement is prepared, limits and locks are a transaction's own.
"""

from datetime import UTC
from typing import Any

import psycopg
from psycopg import ClientCursor
from psycopg.adapt import AdaptersMap
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.string import StrDumper

from incidents.errors import LeftBehind, NexusError
from nexus.store.postgres.address import Address
from nexus.store.postgres.sql import VERSION

#: How long to wait for a connection, in seconds.
PATIENCE = 10.0

#: The first error of its own that the schema raises: the code is too old for it.
_LEFT_BEHIND = "NX001"

#: What a statement, a wait for a lock and a pause within a transaction may take; each transaction begins so.
LIMITS = """select set_config('statement_timeout', '30s', true), set_config('lock_timeout', '15s', true),
set_config('idle_in_transaction_session_timeout', '30s', true);"""

READING = f"begin isolation level read committed read only; {LIMITS}"
WRITING = f"begin isolation level read committed; {LIMITS} select must_fit({VERSION});"

_ADVICE = {
    "53100": "make room on its disk and try again: what was kept before is whole, this was not kept",
    "53300": "it has no connection left: allow it more, or put a pooler in front",
    "3D000": "make that database first",
    "42501": "its user lacks that right",
    "42P01": "`nexus migrate` makes its tables",
    "25006": "it takes no writes: a standby, or one that is being switched over",
    "55P03": "somebody holds what this waits for, such as a backup: try again when that has ended",
    "57014": "it took too long: try again",
}


class MomentLoader(TimestamptzLoader):
    """A moment as the parts of the store know it: ISO 8601 in UTC, whatever the server's zone is."""

    def load(self, data: Any) -> str:  # type: ignore[override]  # what is loaded is what the store's parts read
        """As text."""
        return super().load(data).astimezone(UTC).isoformat(timespec="milliseconds")


class TextDumper(StrDumper):
    """PostgreSQL's text knows no NUL; SQLite's does."""

    def dump(self, obj: str) -> Any:
        """With U+FFFD in its place."""
        return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)


def _adapters() -> AdaptersMap:
    made = AdaptersMap(psycopg.adapters)
    made.register_loader("timestamptz", MomentLoader)
    made.register_dumper(str, TextDumper)
    return made


#: For every connection, the saver's of LangGraph, too.
PLAIN: dict[str, Any] = {
    "autocommit": True,
    "prepare_threshold": None,
    "application_name": "nexus",
    "connect_timeout": int(PATIENCE),
    # A peer that has gone without a word is noticed within half a minute.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
#: For the store's: values are bound here, moments come as it knows them.
KEYWORDS: dict[str, Any] = PLAIN | {"cursor_factory": ClientCursor, "context": _adapters()}


def connect(address: Address, *, direct: bool = False) -> "psycopg.Connection[tuple[Any, ...]]":
    """One connection.

    Raises:
        NexusError: there is none to be had.
    """
    url = address.direct if direct else address.url
    try:
        return psycopg.connect(url.get_secret_value(), **KEYWORDS)
    except psycopg.Error as error:
        raise unusable(address, error) from None


def unusable(address: Address, error: psycopg.Error) -> NexusError:
    """What to do about a database that cannot be used."""
    if error.sqlstate == _LEFT_BEHIND:
        return LeftBehind(
            f"The store at {address} is of a newer Nexus (schema {error.diag.message_primary}, this process "
            f"knows {VERSION}): it writes nothing more and takes no work; stop it and start that version"
        )
    said = error.diag.message_primary or (str(error) or type(error).__name__).splitlines()[0]
    advice = _ADVICE.get(error.sqlstate or "", "try again once it answers; what was not answered may be kept")
    return NexusError(f"The store at {address} cannot be used: {address.hidden(said)}; {advice}")
