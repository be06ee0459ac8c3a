"""A real pgbouncer that gives connections out by transaction, where the distribution has one."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from nexus.store.postgres.address import Address
from tests.patience import PATIENCE

HAS_ONE = shutil.which("pgbouncer") is not None

_SETTINGS = """
[databases]
* = host={host} port={server} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 8
ignore_startup_parameters = extra_float_digits,options
logfile = {folder}/log
pidfile = {folder}/pid
"""


@contextmanager
def pooled(database: Address, folder: Path) -> Iterator[Address]:
    """The same database through a pooler, with the way past it."""
    parts = conninfo_to_dict(database.url.get_secret_value())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder.mkdir(mode=0o777, exist_ok=True)
    folder.chmod(0o777)
    user = parts.get("user") or "postgres"
    settings = _SETTINGS.format(
        host=parts["host"], server=parts.get("port", 5432), user=user, port=port, folder=folder
    )
    (folder / "pgbouncer.ini").write_text(settings)
    who = ["-u", Path(str(parts["host"])).owner()] if os.geteuid() == 0 else []  # it refuses to be root
    process = subprocess.Popen(["pgbouncer", "-q", *who, str(folder / "pgbouncer.ini")])  # noqa: S603, S607
    url = f"postgresql://{user}@127.0.0.1:{port}/{parts['dbname']}"
    try:
        _answers(url)
        yield Address(SecretStr(url), database.url)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _answers(url: str) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            psycopg.connect(url, autocommit=True, prepare_threshold=None).close()
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return
