"""A real pgbouncer in front of the tests' PostgreSQL, which gives out its connections by transaction."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from demo.processes import wait_for
from nexus.store.postgres.address import Address
from tests.patience import PATIENCE
from tests.postgres import PostgresServer

#: Where Debian's package puts it, which is no folder of every PATH.
PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")

_SETTINGS = """
[databases]
* = host={server} port=5432 user=postgres

[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = 6432
auth_type = any
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 200
logfile = {folder}/log
pidfile = {folder}/pid
"""


@contextmanager
def pooled(server: PostgresServer, database: str, size: int) -> Iterator[Address]:
    """The address of a database by way of a pooler with so many connections; skips where there is none."""
    if PROGRAM is None:
        pytest.skip("pgbouncer is not installed: apt-get install pgbouncer")
    with tempfile.TemporaryDirectory(prefix="nexus-pool-") as place:
        folder = Path(place)
        settings = folder / "pgbouncer.ini"
        settings.write_text(_SETTINGS.format(server=server.folder, folder=folder, size=size))
        folder.chmod(0o777)  # it does not run as root
        user = ["-u", server.folder.owner()] if os.geteuid() == 0 else []  # to whom the socket is open
        process = subprocess.Popen([PROGRAM, "-q", *user, str(settings)])  # noqa: S603 - no input in it
        url = f"postgresql://postgres:@/{database}?host={folder}&port=6432"
        try:
            wait_for("the pooler", lambda: _answers(url), seconds=PATIENCE, pause=0.01)
            yield Address(SecretStr(url), server.address(database).url)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _answers(url: str) -> bool | None:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return None
    return True
