"""Moves the rows of a home's SQLite file into an empty PostgreSQL: all or none, compared before it counts.

Both keep the same tables; there the columns have PostgreSQL's types, and lists are asked by a few more.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg.sql import SQL, Identifier

from incidents.errors import NexusError, Refused
from nexus.store.postgres.address import Address
from nexus.store.postgres.connecting import WRITING, connect, unusable
from nexus.store.postgres.transaction import Connection
from nexus.store.records import Moved, Summary
from nexus.store.relational.rows import sortable
from nexus.store.sqlite.opening import FILE

#: Parents before those that refer to them; `claims` is 0.1.0's, `workers` ends with its process;
#: people log in anew.
TABLES = (
    "numbers", "incidents", "timeline", "inbox", "evidence", "approvals", "intents", "backlog", "messages",
    "message_deliveries", "attempts", "alert_deliveries", "alert_dispositions", "incident_keys", "last_words",
    "dead_letters", "lessons", "heartbeats", "changes", "idempotency_keys", "files", "audit",
    "passwords", "api_tokens", "restrictions", "verdicts", "post_mortem_versions", "action_items", "tickets",
    "public_components", "public_updates", "subscribers", "searchable", "disabled_destinations",
    "drills", "permissions", "withdrawals", "backtested",
)  # fmt: skip
_NOT_MOVED = {
    "claims", "workers", "leaders", "failing_jobs", "sessions", "setup_links", "signing_keys",
    "resting_destinations", "body_bytes", "sqlite_sequence", "checkpoints", "writes",
    "search", "search_config", "search_data", "search_docsize", "search_idx",
    "past", "past_config", "past_data", "past_docsize", "past_idx",
}  # fmt: skip

Row = Mapping[str, Any]
#: Columns that only PostgreSQL has, and those that a summary of an older release does not hold.
_MORE: dict[tuple[str, str], Callable[[Row], object]] = {
    ("incidents", "world_kind"): lambda row: json.loads(row["world"])["kind"],
    ("incidents", "waiting"): lambda row: Summary.from_stored(row["summary"]).waiting,
    ("incidents", "unsettled"): lambda row: Summary.from_stored(row["summary"]).unsettled,
    ("incidents", "folded_title"): lambda row: row["title"].casefold(),
    ("inbox", "kind"): lambda row: json.loads(row["body"])["kind"],
    ("inbox", "at"): lambda row: json.loads(row["body"])["at"],
    ("inbox", "alerts"): lambda row: len(json.loads(row["body"]).get("alerts", ())),
}
_TO = "copy {} ({}) from stdin"
_BODIES = "update body_bytes set total = (select coalesce(sum(octet_length(body)), 0) from alert_deliveries)"
_COLUMNS = """select column_name, udt_name, is_identity = 'YES' from information_schema.columns
where table_schema = current_schema() and table_name = %s order by ordinal_position"""


class _Column(NamedTuple):
    name: str
    kind: str
    identity: bool


def move_rows(home: Path, address: Address, more: Callable[[Connection], None]) -> tuple[Moved, ...]:
    """Copy every row in one transaction.

    Args:
        home: whose file is read; nobody may write to it meanwhile.
        address: a database with our tables and nothing in them.
        more: what else is written in that transaction, before it counts.

    Raises:
        Refused: the database holds incidents already, or a table is not known here.
        NexusError: the sides differ, or one of them cannot be used; nothing was moved.
    """
    source = sqlite3.connect(f"file:{home / FILE}?mode=ro", uri=True)
    source.row_factory = sqlite3.Row
    try:
        with connect(address, direct=True) as target:
            target.execute(f"{WRITING} set local statement_timeout = 0", {})
            if target.execute("select 1 from incidents limit 1").fetchone():
                raise Refused(f"{address} holds incidents already: a home is moved into an empty database")
            _must_know(source)
            moved = tuple(_moved(source, target, table) for table in TABLES)
            target.execute(_BODIES)
            more(target)
            target.commit()
            return moved
    except sqlite3.Error as error:
        raise NexusError(f"{home / FILE} cannot be read: {error}") from error
    except psycopg.Error as error:
        raise unusable(address, error) from error
    finally:
        source.close()


def _must_know(source: sqlite3.Connection) -> None:
    tables = {name for (name,) in source.execute("select name from sqlite_master where type = 'table'")}
    if unknown := sorted(tables - set(TABLES) - _NOT_MOVED):
        raise Refused(f"nobody knows how to move {', '.join(unknown)}; nothing was moved")


def _moved(source: sqlite3.Connection, target: Connection, table: str) -> Moved:
    columns = [_Column(*row) for row in target.execute(_COLUMNS, (table,)).fetchall()]
    here, count = hashlib.sha256(), 0
    names = SQL(", ").join(Identifier(column.name) for column in columns)
    keys = _keys(columns)
    in_order = SQL(", ").join(
        SQL('{} collate "C"' if key.kind == "text" else "{}").format(Identifier(key.name)) for key in keys
    )
    read = f"select * from {table} order by {', '.join(key.name for key in keys)}"  # noqa: S608 - names of ours
    with target.cursor().copy(SQL(_TO).format(Identifier(table), names)) as copy:
        for row in source.execute(read):
            values = [_value(table, column, row) for column in columns]
            copy.write_row(values)
            _add(here, values)
            count += 1
    there = hashlib.sha256()
    for copied in target.execute(
        SQL("select {} from {} order by {}").format(names, Identifier(table), in_order)
    ):
        _add(there, copied)
    if here.digest() != there.digest():
        raise NexusError(f"{table} is not the same after it was copied; nothing was moved")
    for column in columns:
        if column.identity:
            _count_on(source, target, table, column.name)
    return Moved(table=table, rows=count, digest=here.hexdigest())


def _keys(columns: list[_Column]) -> list[_Column]:
    """By what a table's rows are in order: its number, else whatever a row is known by."""
    known_by = {
        "id",
        "day",
        "delivery",
        "position",
        "key",
        "site",
        "fingerprint",
        "one",
        "other",
        "person",
        "name",
        "diagnosis",
        "number",
        "address",
    }
    numbers = [column for column in columns if column.identity]
    return numbers or [column for column in columns if column.name in known_by | {"incident"}]


def _value(table: str, column: _Column, row: Row) -> object:
    made = _MORE.get((table, column.name))
    value = made(row) if made is not None else row[column.name]
    if value is None:
        return None
    match column.kind:
        case "bool":
            return bool(value)
        case "timestamptz":
            return sortable(datetime.fromisoformat(str(value)))
        case "_text":
            return json.loads(str(value))
        case _:
            return value


def _add(digest: "hashlib._Hash", values: Iterable[object]) -> None:
    for value in values:
        shown = value if isinstance(value, bytes) else repr(value).encode()
        digest.update(b"%d:" % len(shown) + shown)
    digest.update(b"\n")


def _count_on(source: sqlite3.Connection, target: Connection, table: str, column: str) -> None:
    """The next number is one that was never given, also where its row is gone."""
    given = source.execute("select seq from sqlite_sequence where name = ?", (table,)).fetchone()
    last = SQL("select setval(pg_get_serial_sequence({}, {}), greatest((select max({}) from {}), {}, 1))")
    target.execute(
        last.format(table, column, Identifier(column), Identifier(table), given[0] if given else 1)
    )
