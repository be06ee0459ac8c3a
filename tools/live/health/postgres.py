"""PostgreSQL from inside: connections, who waits for whose lock, transactions, statements, replication."""

import asyncio
import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, TypeVar

from incidents.errors import Declined, SettingsError, ToolFailed
from incidents.health import Probe
from tools.clock import Clock
from tools.extras import install_command
from tools.live.health.judged import Asking
from tools.live.health.lock_waits import Wait
from tools.live.health.postgres_judged import Prepared, Reading, Replica, Server, Session, Slot, judged
from tools.live.health.statements import Statement
from tools.live.secrets import Secrets
from tools.live.settings_health import Postgres
from tools.redaction.redact import redact
from tools.telemetry.data_gaps import note_gap
from tools.wording import plain

if TYPE_CHECKING:
    import psycopg

#: How a server that serves turns away whoever asks (PostgreSQL 15, libpq 15: the class of the error is not
#: told for a connection that did not come about, only its words). Too many clients are no such refusal.
_TURNED_AWAY = re.compile(
    r"FATAL: +((?:\w+ authentication failed|no pg_hba\.conf entry|pg_hba\.conf rejects|permission denied|"
    r"role \".*\" (?:does not exist|is not permitted)|database \".*\" does not exist|no PostgreSQL user name|"
    r"must be superuser).*)"
)
R = TypeVar("R")


@dataclass(frozen=True)
class _Asker:
    """A transaction in which the questions of `postgres.sql` are asked."""

    connection: "psycopg.AsyncConnection[tuple[object, ...]]"

    async def all(self, name: str, row: type[R], **parts: str) -> tuple[R, ...]:
        """Every row of a question."""
        from psycopg.rows import class_row  # noqa: PLC0415 - as in `_asked`

        query = QUERIES[name].format(**parts) if parts else QUERIES[name]
        async with self.connection.cursor(row_factory=class_row(row)) as cursor:
            await cursor.execute(query.encode())  # bytes: a text is to be a literal
            return tuple(await cursor.fetchall())


class PostgresHealth:
    """One server, asked in a read-only transaction with a time limit. Needs the extra `postgres`.

    The least right that sees the sessions of others is `pg_monitor`; without it that is said as a gap.
    """

    def __init__(self, spec: Postgres, secrets: Secrets, clock: Clock) -> None:
        self._spec = spec
        self._secrets = secrets
        self._clock = clock

    async def aclose(self) -> None:
        """Nothing is open between two questions."""

    async def probe(self) -> Probe:
        """How it is; a server that refuses connections is an unhealthy one.

        Raises:
            Declined: the server answers, and does not let this account in.
            ToolFailed: the driver is not installed, or the address is not known.
        """
        asking = Asking.now(self._spec.service, "PostgreSQL", self._clock)
        found = await self._asked()
        if isinstance(found, str):
            return asking.silent(found)
        if not found.server.sees_all:
            note_gap(
                f"PostgreSQL of {self._spec.service} hides what other sessions do from the role "
                f"{found.server.role}: `grant pg_monitor to {found.server.role}`"
            )
        return asking.told(judged(found, self._spec))

    async def _asked(self) -> Reading | str:
        """What was read; why it does not answer where it does not."""
        try:
            # An extra: teams without PostgreSQL do not need its driver.
            import psycopg  # noqa: PLC0415
        except ImportError:
            raise ToolFailed(
                f"PostgreSQL of {self._spec.service} was not asked: the extra `postgres` is not installed; "
                f"{install_command('postgres')}"
            ) from None
        seconds = self._spec.timeout.total_seconds()
        try:
            async with (
                # The server's own limit is none where the network swallows its answers.
                asyncio.timeout(2 * seconds),
                await psycopg.AsyncConnection.connect(
                    self._address(),
                    connect_timeout=max(1, int(seconds)),
                    application_name="nexus",
                    prepare_threshold=None,
                    autocommit=True,
                ) as connection,
                connection.transaction(),
            ):
                # No further than the transaction: a pooler hands sessions on, and takes no `options`.
                await connection.execute("set transaction read only")
                await connection.execute(
                    "select set_config('statement_timeout', %s, true)", [f"{int(seconds * 1000)}ms"]
                )
                return await _read(_Asker(connection))
        except (TimeoutError, psycopg.Error) as error:
            if isinstance(error, psycopg.ProgrammingError) and error.sqlstate is None:
                raise ToolFailed(
                    f"PostgreSQL of {self._spec.service} was not asked: {self._spec.dsn} is no address that "
                    "libpq reads; write it as postgresql://USER:PASSWORD@HOST/DATABASE"
                ) from None
            if why := _refused(error):
                raise Declined(
                    f"PostgreSQL of {self._spec.service} answers and refuses the account of Nexus ({why}); "
                    "that is no outage; check `dsn`"
                ) from None
            # The driver's message may repeat parts of the address, which holds the password.
            return type(error).__name__

    def _address(self) -> str:
        try:
            return self._secrets(self._spec.dsn).get_secret_value()
        except SettingsError as error:
            raise ToolFailed(f"PostgreSQL of {self._spec.service} was not asked: {error}") from None


async def _read(ask: _Asker) -> Reading:
    (server,) = await ask.all("server", Server)
    statements: tuple[Statement, ...] | None = None
    if server.statements_in is not None:
        statements = await _statements(ask, server.statements_in)
    return Reading(
        server=server,
        waits=await ask.all("waits", Wait) if server.waiting else (),
        sessions=await ask.all("sessions", Session),
        prepared=await ask.all("prepared", Prepared),
        replicas=await ask.all("replicas", Replica),
        slots=await ask.all("slots", Slot),
        statements=statements,
    )


async def _statements(ask: _Asker, schema: str) -> tuple[Statement, ...] | None:
    """The statements that took most time; None where the extension is there and not loaded, or not ours."""
    import psycopg  # noqa: PLC0415 - as in `_asked`

    try:
        async with ask.connection.transaction():  # a savepoint: what fails here is not the rest
            return await ask.all("statements", Statement, schema=schema)
    except (psycopg.errors.ObjectNotInPrerequisiteState, psycopg.errors.InsufficientPrivilege):
        return None


def _refused(error: BaseException) -> str:
    """Why a server turned this account away, in its own words; empty if it did not."""
    if getattr(error, "sqlstate", None) == "42501":
        return "insufficient privilege"
    found = _TURNED_AWAY.search(str(error))
    return plain(redact(found[1]), 160) if found else ""


def _queries() -> dict[str, str]:
    text = (resources.files("tools.live.health") / "postgres.sql").read_text(encoding="utf-8")
    parts = [part.partition("\n") for part in text.split("-- name: ")[1:]]
    return {name.strip(): query.strip() for name, _, query in parts}


QUERIES = _queries()
