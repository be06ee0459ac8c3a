"""What was kept before there was a search is found like what came after, in both databases."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from incidents.post_mortem_text import PostMortemText, PostMortemVersion
from nexus.store.port import IncidentStore
from nexus.store.postgres import sql as postgres_sql
from nexus.store.postgres.connecting import connect
from nexus.store.postgres.store import PostgresStore
from nexus.store.relational.sql_files import text
from nexus.store.search import Found
from nexus.store.sqlite import sql
from nexus.store.sqlite.opening import FILE
from nexus.store.sqlite.store import Store
from tests.conformance.test_store import WORLD
from tests.nexus import sample
from tests.nexus.sample import ID, at
from tests.postgres import PostgresServer

#: A word of each sort of text; `locked` stood in a version that is no longer the newest.
WORDS = ("checkout", "third", "zebra", "quagga", "locked")


async def filled(store: IncidentStore) -> None:
    ended = sample.resolved().evolve(post_mortem_report=sample.REPORT)
    await store.register(ended, WORLD, at(50))
    await store.put(sample.evidence().model_copy(update={"summary": "the zebra\x00 table"}), b"{}")
    for number, said in ((1, "It was locked."), (2, "The quagga table was.")):
        words = PostMortemText.empty("Orders").model_copy(update={"summary": said})
        kept = PostMortemVersion(incident=ID, number=number, by="Dana", at=at(60), text=words)
        assert await store.add_version(kept)


async def found(store: IncidentStore) -> list[tuple[Found, ...]]:
    return [await store.found(words, [ID]) for words in WORDS]


def of(told: list[tuple[Found, ...]]) -> list[set[tuple[str, str]]]:
    return [{(one.kind, one.ref) for one in each} for each in told]


def test_no_word_of_what_was_erased_stays_in_the_index(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        ended = sample.resolved().evolve(title="Zebra of checkout", closed=True)
        asyncio.run(store.register(ended, WORLD, at(50)))
        told = sample.evidence().model_copy(update={"summary": "zebra"})
        asyncio.run(store.put(told, b"{}"))
        assert kept_words(tmp_path) == 3
        number = asyncio.run(store.lease(ID, "test", at(90), at(60)))
        assert number is not None
        asyncio.run(store.erase(ID, number))
        asyncio.run(store.compact())
    assert kept_words(tmp_path) == 0


def kept_words(home: Path) -> int:
    """In how many parts of the indexes the word stands."""
    with closing(sqlite3.connect(home / FILE)) as file:
        both = "select block from search_data union all select block from past_data"
        blocks = file.execute(both).fetchall()
    return sum(b"zebra" in bytes(block) for (block,) in blocks)


def test_in_sqlite(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        asyncio.run(filled(store))
        before = asyncio.run(found(store))
    file = sqlite3.connect(tmp_path / FILE)
    file.executescript("drop table searchable; drop table search;")
    file.executescript(text(next(one for one in sql.MIGRATIONS if one.name.endswith("_search.sql"))))
    file.close()
    with Store.existing(tmp_path) as store:
        assert of(asyncio.run(found(store))) == of(before)
    assert of(before)[2:] == [{("evidence", sample.EVIDENCE[0])}, {("post-mortem", "people")}, set()]


def test_in_postgresql(postgres: PostgresServer) -> None:
    there = postgres.new("searched")
    with PostgresStore.open(there) as store:
        asyncio.run(filled(store))
        before = asyncio.run(found(store))
    script = next(one for one in postgres_sql.MIGRATIONS if one.name.endswith("_search.sql"))
    with connect(there) as raw:
        raw.execute("drop table searchable")
        raw.execute(text(script).encode())
    with PostgresStore.open(there) as store:
        after = asyncio.run(found(store))
    assert of(after)[:2] == of(before)[:2]
    assert of(after)[3:] == of(before)[3:]
    # A NUL that JSON escapes is more than PostgreSQL reads of it: that one row is not found, the others are.
    assert (of(before)[2], of(after)[2]) == ({("evidence", sample.EVIDENCE[0])}, set())
