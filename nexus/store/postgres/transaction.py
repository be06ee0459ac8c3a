"""One transaction on one connection."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import psycopg
from psycopg import errors

from nexus.store.postgres.connecting import READING, WRITING
from nexus.store.postgres.sql import QUERIES, VERSION
from nexus.store.relational.transactions import NotThere, Rows, Run

T = TypeVar("T")
Connection = psycopg.Connection[tuple[Any, ...]]

#: Others were in the way: the whole transaction may be tried again.
IN_THE_WAY = (errors.DeadlockDetected, errors.SerializationFailure)
#: So often it is tried.
_TRIES = 5


class Answer(NamedTuple):
    """The rows of a query of its own transaction, and how many it changed."""

    rows: list[tuple[Any, ...]]
    changed: int


def single(connection: Connection, query: str, values: dict[str, object], *, writes: bool) -> Answer:
    """A named query as a transaction of its own, in one message to the server.

    Raises:
        NotThere: a row refers to nothing.
        psycopg.Error: it cannot be done; nothing was, unless the connection was lost.
    """
    opening = WRITING if writes else READING
    return _again(connection, lambda: _single(connection, f"{opening} {QUERIES[query]}\n commit", values))


def transact(connection: Connection, work: Callable[[Run], T], alone: str | None) -> T:
    """Several statements as one transaction; raises as `single`, and whatever `work` raises."""
    opening, values = WRITING, dict[str, object]()
    if alone is not None:
        opening = f"{WRITING} select pg_advisory_xact_lock(hashtextextended(%(alone)s, 0))"
        values["alone"] = f"nexus {alone}"

    def run(query: str, **values: object) -> Rows:
        try:
            cursor = connection.execute(QUERIES[query], values)
            while cursor.nextset():
                pass
        except errors.ForeignKeyViolation as error:
            raise NotThere from error
        return cursor

    def all_of_it() -> T:
        connection.execute(opening, values)
        done = work(run)
        connection.commit()
        return done

    return _again(connection, all_of_it)


def _single(connection: Connection, message: str, values: dict[str, object]) -> Answer:
    cursor = connection.execute(message, {"code": VERSION, **values})
    rows, changed = list[tuple[Any, ...]](), 0
    while True:
        if cursor.description is not None:
            rows = cursor.fetchall()
        changed = cursor.rowcount if cursor.rowcount >= 0 else changed
        if not cursor.nextset():
            return Answer(rows, changed)


def _again(connection: Connection, attempt: Callable[[], T]) -> T:
    for left in reversed(range(_TRIES)):
        try:
            return attempt()
        except errors.ForeignKeyViolation as error:
            raise NotThere from error
        except IN_THE_WAY:
            if not left:
                raise
            connection.rollback()
    raise AssertionError("the last try has returned or raised")
