"""MariaDB from inside: connections, who waits for whose lock, transactions, statements, replication."""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from incidents.errors import Declined, SettingsError, ToolFailed
from incidents.health import Probe
from tools.clock import Clock
from tools.extras import install_command
from tools.live.health.judged import Asking
from tools.live.health.mariadb_judged import Link, Reading, Server, Session, Transaction, judged
from tools.live.health.statements import Statement
from tools.live.secrets import Secrets
from tools.live.settings_health import MariaDb
from tools.redaction.redact import redact
from tools.telemetry.data_gaps import note_gap
from tools.wording import plain

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import DictCursor

#: The server's numbers for what an account may not: come in at all, from here, or ask this.
_REFUSED = frozenset({1044, 1045, 1130, 1142, 1227, 1698})
Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Answers:
    """What was read; `denied` names the questions that the account may not ask."""

    rows: Mapping[str, list[Row]]
    denied: frozenset[str]


class MariaDbHealth:
    """One server, asked in a read-only session with a time limit. Needs the extra `mariadb`.

    The least rights: `process` and `slave monitor` on all, and to read `performance_schema` where it is on.
    """

    def __init__(self, spec: MariaDb, secrets: Secrets, clock: Clock) -> None:
        self._spec = spec
        self._secrets = secrets
        self._clock = clock
        self._where = f"MariaDB of {spec.service} at {spec.url.host}:{spec.url.port}"

    async def aclose(self) -> None:
        """Nothing is open between two questions."""

    async def probe(self) -> Probe:
        """How it is; a server that refuses connections is an unhealthy one.

        Raises:
            Declined: the server answers, and does not let this account in.
            ToolFailed: the driver is not installed, or the password is not known.
        """
        try:
            # An extra: teams without MariaDB do not need its driver.
            import pymysql  # noqa: PLC0415
        except ImportError:
            raise ToolFailed(
                f"{self._where} was not asked: the extra `mariadb` is not installed; "
                f"{install_command('mariadb')}"
            ) from None
        asking = Asking.now(self._spec.service, "MariaDB", self._clock)
        password, trust = self._password(), self._trust()
        try:
            answers = await asyncio.to_thread(self._asked, password, trust)
        except pymysql.MySQLError as error:
            number = error.args[0] if error.args else 0
            if number in _REFUSED:
                why = plain(redact(str(error.args[-1])), 160)
                raise Declined(
                    f"{self._where} answers and refuses the account of Nexus ({why}); that is no outage; "
                    "check `user` and `password`"
                ) from None
            return asking.silent(_SAID.get(number, f"{type(error).__name__} {number}"))
        except (OSError, RuntimeError) as error:  # what a packet that is none makes of the driver
            return asking.silent(type(error).__name__)
        for denied, right in _RIGHTS.items():
            if denied in answers.denied:
                note_gap(f"{self._where} hides {denied} from this account: `{right} to {self._spec.user}`")
        return asking.told(judged(_reading(answers), self._spec))

    def _asked(self, password: str, trust: ssl.SSLContext | None) -> _Answers:
        """Every question of `mariadb.sql`; runs in a thread, for the driver waits."""
        import pymysql  # noqa: PLC0415 - as in `probe`
        from pymysql.cursors import DictCursor  # noqa: PLC0415

        seconds = max(1, int(self._spec.timeout.total_seconds()))
        with closing(
            pymysql.connect(
                host=self._spec.url.host or "",
                port=self._spec.url.port or 0,
                user=self._spec.user,
                password=password,
                ssl=trust,
                connect_timeout=seconds,
                read_timeout=2 * seconds,
                write_timeout=seconds,
                program_name="nexus",
                autocommit=True,
                cursorclass=DictCursor,
            )
        ) as connection:
            with connection.cursor() as cursor:
                cursor.execute("set session transaction read only")
                cursor.execute("set session max_statement_time = %s, time_zone = 'SYSTEM'", [seconds])
            return _answers(connection)

    def _password(self) -> str:
        try:
            return self._secrets(self._spec.password).get_secret_value()
        except SettingsError as error:
            raise ToolFailed(f"{self._where} was not asked: {error}") from None

    def _trust(self) -> ssl.SSLContext | None:
        file = self._spec.ca_file
        try:
            return ssl.create_default_context(cafile=str(file)) if file else None
        except OSError as error:
            raise ToolFailed(f"{self._where}: ca_file cannot be read: {error}") from None


#: How the server or the driver says that nobody is let in.
_SAID = {1040: "too many connections", 2003: "cannot be reached", 2013: "the connection breaks off"}
#: What each question needs, where it is not for everybody.
_RIGHTS = {
    "transactions": "grant process on *.*",
    "replication": "grant slave monitor on *.*",
    "statements": "grant select on performance_schema.*",
}


def _answers(connection: "Connection[DictCursor]") -> _Answers:
    import pymysql  # noqa: PLC0415 - as in `probe`

    rows: dict[str, list[Row]] = {}
    denied = set()
    for name, query in QUERIES.items():
        if name == "statements" and not rows["server"][0]["keeps_statements"]:
            continue
        try:
            with connection.cursor() as cursor:
                cursor.execute(query)
                rows[name] = [*cursor.fetchall()]
        except pymysql.MySQLError as error:
            if error.args[0] not in _REFUSED:
                raise
            denied.add(name)
    return _Answers(rows, frozenset(denied))


def _reading(found: _Answers) -> Reading:
    """The rows as values; sessions of others are not known to who may not see transactions either."""
    rows = {name: found.rows.get(name, []) for name in QUERIES}
    statements = [
        Statement(one["statement"], int(one["calls"]), float(one["total"]), float(one["mean"]))
        for one in rows["statements"]
    ]
    (server,) = rows["server"]
    return Reading(
        server=Server(int(server["most"]), int(server["used"]), "transactions" not in found.denied),
        transactions=tuple(
            Transaction(
                id=int(one["id"]), thread=int(one["thread"]), who=one["who"], command=one["command"],
                opened=float(one["opened"]), waited=float(one["waited"] or 0), statement=one["statement"],
            )
            for one in rows["transactions"]
        ),
        waits=tuple((int(one["waiter"]), int(one["holder"])) for one in rows["waits"]),
        sessions=tuple(
            Session(one["who"], one["command"], one["state"], float(one["running"]), one["statement"])
            for one in rows["sessions"]
        ),
        links=tuple(
            Link(
                name=one["Connection_name"],
                receives=one["Slave_IO_Running"],
                applies=one["Slave_SQL_Running"],
                behind=one["Seconds_Behind_Master"],
                error=one["Last_SQL_Error"] or one["Last_IO_Error"] or "",
            )
            for one in rows["replication"]
        ),
        statements=tuple(statements) if "statements" in found.rows else None,
    )  # fmt: skip


def _queries() -> dict[str, str]:
    text = (resources.files("tools.live.health") / "mariadb.sql").read_text(encoding="utf-8")
    parts = [part.partition("\n") for part in text.split("-- name: ")[1:]]
    return {name.strip(): query.strip() for name, _, query in parts}


QUERIES = _queries()
