"""What 100,000 incidents that wait in PostgreSQL cost: `python -m benchmarks.waiting_postgres [--many N]`.

One incident is registered and copied by the database; all wait for hours. Told are the table's size, the plan
and time of the question for what is due, and the share of a core that an idle `nexus worker` takes.

On 2026-11-29, two processors beside other work: 100,000 in 209 MB; the question is an index scan of .06 ms;
the worker took 1.4 and 1.7 % of a core, and 192 MB. Where it also led, over incidents with the keys by which
alerts find them (426 MB after their ages were set), 1.7 %; 2.1 % while siblings were looked for every 10 s.
"""

import argparse
import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

from nexus.cli.base import say
from nexus.store.postgres.address import Address
from nexus.store.postgres.connecting import connect
from nexus.store.postgres.sql import QUERIES, VERSION
from nexus.store.postgres.store import PostgresStore
from nexus.store.postgres.transaction import Connection
from nexus.store.records import WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.live import TOKENS, live
from tests.nexus.sample import at
from tests.nexus.served import working
from tests.postgres import postgres_server
from tests.processor import processor

SITE = "default"

_COLUMNS = """select column_name from information_schema.columns
where table_schema = current_schema() and table_name = 'incidents' order by ordinal_position"""


#: One was opened every five minutes, and each takes further alerts, as those do that wait in life.
_AGED = """update incidents set opened_at = now() - place * interval '5 minutes'
from (select id as aged, row_number() over (order by id) as place from incidents) as ages where id = aged"""
_KEYS = "insert into incident_keys select key, id from incident_keys, incidents where incident <> id"


def main() -> None:
    """Fill, ask, watch."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=30.0)
    asked = parser.parse_args()
    with postgres_server() as server:
        database = server.new("waiting")
        store = {"url": database.url.get_secret_value()}
        words = ("--engine", "playbook", "--no-worker")
        with live(database=database, words=words, store=store) as one:
            fill(database, one.made.folder / "nexus.yaml", asked.many)
            one.nexus.stop()  # so that the worker leads, and watches
            with working(one.made.folder, one.home, **TOKENS) as worker:
                time.sleep(5)
                say(f"idle: {share(worker.pid, asked.seconds):.1%} of a core")


def fill(database: Address, site: Path, many: int) -> None:
    """So many incidents that wait for six hours; tells what the question for what is due costs among them."""
    with PostgresStore.open(database, create=False) as store:
        world = WorldRef(kind=WorldKind.LIVE, path=str(site))
        asyncio.run(store.register(sample.opened("INC-2026-01-01-001", 0), world, at(0), SITE))
    with connect(database) as raw:
        raw.execute("update incidents set wake_at = now() + interval '6 hours'")
        copied(raw, "INC-2026-01-01-001", many)
        raw.execute(_AGED)
        raw.execute(_KEYS)
        raw.execute("analyze incidents")
        size = "pg_size_pretty(pg_total_relation_size('incidents'))"
        for count, told in raw.execute(f"select count(*), {size} from incidents"):  # noqa: S608 - no input
            say(f"{count:,} incidents in {told}")
        question = QUERIES["due"].strip().rstrip(";").split(";")[-1]
        values = {"now": datetime.now(UTC), "limit": 24, "site": SITE, "code": VERSION}
        for (line,) in raw.execute(f"explain analyze {question}", values):
            say(line)


def copied(raw: Connection, incident: str, many: int) -> None:
    """So many more of an incident that waits."""
    names = [name for (name,) in raw.execute(_COLUMNS)]
    other = {"id": "'INC-2026-01-02-' || lpad(n::text, 8, '0')"}
    raw.execute(
        f"insert into incidents ({', '.join(names)}) "  # noqa: S608 - names of the schema
        f"select {', '.join(other.get(name, name) for name in names)} "
        f"from incidents, generate_series(1, {many}) n where id = '{incident}'"
    )
    raw.execute("analyze incidents")


def share(pid: int, seconds: float) -> float:
    """How much of a core a process takes in so many seconds."""
    before, began = processor(pid), time.monotonic()
    time.sleep(seconds)
    return (processor(pid) - before) / (time.monotonic() - began)


if __name__ == "__main__":
    main()
