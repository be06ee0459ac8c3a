"""PostgreSQL from inside: connections, who waits for whose lock, slow queries, replication lag."""

import asyncio
import re
import time
from importlib import resources
from typing import Any

from incidents.errors import Declined, SettingsError, ToolFailed
from incidents.health import Figure, Probe
from tools.clock import Clock
from tools.extras import install_command
from tools.live.secrets import Secrets
from tools.live.settings_health import Postgres
from tools.redaction.redact import redact
from tools.wording import plain

#: This share of the connections that the server allows is too many.
CROWDED = 0.9
#: A lock that somebody waits for longer than this is a problem, in seconds.
STUCK = 2.0
#: A replica that is further behind than this is a problem, in seconds.
BEHIND = 30.0
#: How a server that serves turns away whoever asks (PostgreSQL 15, libpq 15: the class of the error is not
#: told for a connection that did not come about, only its words). Too many clients are no such refusal.
_TURNED_AWAY = re.compile(
    r"FATAL: +((?:\w+ authentication failed|no pg_hba\.conf entry|pg_hba\.conf rejects|permission denied|"
    r"role \".*\" (?:does not exist|is not permitted)|database \".*\" does not exist|no PostgreSQL user name|"
    r"must be superuser).*)"
)


class PostgresHealth:
    """One server, asked in a read-only session with a time limit. Needs the extra `postgres`."""

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
        at, began = self._clock.now(), time.perf_counter()
        found = await self._asked()
        healthy, said, figures = (False, found, ()) if isinstance(found, str) else _judged(found, self._spec)
        return Probe(
            service=self._spec.service,
            target="PostgreSQL",
            at=at,
            healthy=healthy,
            said=said,
            milliseconds=round((time.perf_counter() - began) * 1000, 1),
            figures=figures,
        )

    async def _asked(self) -> dict[str, Any] | str:
        """Every row as one mapping; a sentence where the server does not let us in or does not answer."""
        try:
            # An extra: teams without PostgreSQL do not need its driver.
            import psycopg  # noqa: PLC0415
            from psycopg.rows import dict_row  # noqa: PLC0415
        except ImportError:
            raise ToolFailed(
                f"PostgreSQL of {self._spec.service} was not asked: the extra `postgres` is not installed; "
                f"{install_command('postgres')}"
            ) from None
        limit = int(self._spec.timeout.total_seconds() * 1000)
        try:
            address = self._secrets(self._spec.dsn).get_secret_value()
        except SettingsError as error:
            raise ToolFailed(f"PostgreSQL of {self._spec.service} was not asked: {error}") from None
        try:
            async with (
                # The server's own limit is none where the network swallows its answers.
                asyncio.timeout(2 * limit / 1000),
                await psycopg.AsyncConnection.connect(
                    address,
                    connect_timeout=max(1, limit // 1000),
                    options=f"-c default_transaction_read_only=on -c statement_timeout={limit}",
                    application_name="nexus",
                    row_factory=dict_row,
                ) as connection,
            ):
                found: dict[str, Any] = {}
                for name, query in QUERIES.items():
                    cursor = await connection.execute(query, {"slow": self._spec.slow.total_seconds()})
                    row = await cursor.fetchone() or {}
                    found |= {f"{name}.{column}": value for column, value in row.items()}
                return found
        except (TimeoutError, psycopg.Error) as error:
            if why := _refused(error):
                raise Declined(
                    f"PostgreSQL of {self._spec.service} answers and refuses the account of Nexus ({why}); "
                    "that is no outage; check `dsn`"
                ) from None
            # The driver's message may repeat parts of the address, which holds the password.
            return f"does not answer: {type(error).__name__}"


def _refused(error: BaseException) -> str:
    """Why a server turned this account away, in its own words; empty if it did not."""
    if getattr(error, "sqlstate", None) == "42501":
        return "insufficient privilege"
    found = _TURNED_AWAY.search(str(error))
    return plain(redact(found[1]), 160) if found else ""


def _judged(found: dict[str, Any], spec: Postgres) -> tuple[bool, str, tuple[Figure, ...]]:
    """Whether it is healthy, the sentence, the figures."""
    used, most = found["connections.used"], found["connections.most"]
    troubles = []
    if used >= CROWDED * most:
        troubles.append(f"{used} of {most} connections are in use")
    if found["locks.blocked"] and found["locks.longest"] >= STUCK:
        holder = f"session {found['locks.holder_pid']} ({found['locks.holder_state']})"
        troubles.append(
            f"{found['locks.blocked']} sessions wait for a lock, "
            f"the longest for {found['locks.longest']:.0f} s; "
            f"{holder} holds it in a transaction that is open for {found['locks.holder']:.0f} s"
        )
    if found["slow.slow"]:
        troubles.append(
            f"{found['slow.slow']} queries run for more than {spec.slow.total_seconds():g} s, "
            f"the longest for {found['slow.longest']:.0f} s"
        )
    if found["replication.lag"] >= BEHIND:
        troubles.append(f"a replica is {found['replication.lag']:.0f} s behind")
    role = (
        "replica"
        if found["replication.replica"]
        else f"primary with {found['replication.replicas']} replicas"
    )
    figures = (
        Figure(name="connections in use", value=used),
        Figure(name="connections allowed", value=most),
        Figure(name="sessions that wait for a lock", value=found["locks.blocked"]),
        Figure(name="slow queries", value=found["slow.slow"]),
        Figure(name="replication lag", value=round(found["replication.lag"], 1), unit="seconds"),
    )
    return not troubles, f"{role}; " + ("; ".join(troubles) or "nothing waits"), figures


def _queries() -> dict[str, str]:
    text = (resources.files("tools.live.health") / "postgres.sql").read_text(encoding="utf-8")
    parts = [part.partition("\n") for part in text.split("-- name: ")[1:]]
    return {name.strip(): query.strip() for name, _, query in parts}


QUERIES = _queries()
