"""How a MariaDB server is, from what it told: pure rules over what was read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from incidents.health import Figure
from tools.live.health.judged import Judged
from tools.live.health.lock_waits import Wait, roots
from tools.live.health.statements import Statement, masked, most_time
from tools.live.settings_health import MariaDb
from tools.redaction.redact import redact
from tools.wording import plain

#: This share of the connections that the server allows is too many.
CROWDED = 0.9
#: A lock that somebody waits for longer than this is a problem, in seconds.
STUCK = 2.0
#: A thread of a transaction that was prepared (XA) and whose session is gone.
PREPARED = 0
_NAMED = 3
#: How a session stands that waits for a lock of a table, of whoever holds which the server does not tell.
_TABLE_LOCKS = ("Waiting for table", "Waiting for backup lock", "Waiting for schema")
_BEHIND_SCENES = frozenset({"Binlog Dump", "Slave_IO", "Slave_SQL", "Slave_worker"})


@dataclass(frozen=True)
class Server:
    """The server as a whole."""

    most: int
    used: int
    sees_all: bool


@dataclass(frozen=True)
class Transaction:
    """An open transaction of InnoDB: of which session, since how many seconds, waiting for how many."""

    id: int
    thread: int
    who: str
    command: str
    opened: float
    waited: float
    statement: str

    @property
    def said(self) -> str:
        """Whose it is and what it does, in words."""
        if self.thread == PREPARED:
            return f"a prepared XA transaction that is open for {self.opened:.0f} s"
        does = masked(self.statement, mariadb=True)
        does = f"`{does}`" if does else "idle" if self.command == "Sleep" else self.command
        return (
            f"session {self.thread} ({plain(self.who, 40)}, in a transaction that is open for "
            f"{self.opened:.0f} s: {does})"
        )


@dataclass(frozen=True)
class Session:
    """A session that does something, since how many seconds."""

    who: str
    command: str
    state: str
    running: float
    statement: str


@dataclass(frozen=True)
class Link:
    """One replication link of this server from a primary. `behind` is None where it does not replicate."""

    name: str
    receives: str
    applies: str
    behind: int | None
    error: str


@dataclass(frozen=True)
class Reading:
    """All that one question read. `statements` is None without performance_schema."""

    server: Server
    transactions: Sequence[Transaction] = ()
    waits: Sequence[tuple[int, int]] = ()
    sessions: Sequence[Session] = ()
    links: Sequence[Link] = ()
    statements: Sequence[Statement] | None = None

    @property
    def row_waits(self) -> Sequence[Wait]:
        """Transactions that wait for others, by their ids."""
        waited = {one.id: one.waited for one in self.transactions}
        holders: dict[int, list[int]] = {}
        for waiter, holder in self.waits:
            holders.setdefault(waiter, []).append(holder)
        return [Wait(waiter, waited.get(waiter, 0.0), found) for waiter, found in holders.items()]

    @property
    def table_waits(self) -> Sequence[Session]:
        """Sessions that wait for a lock of a table or of all."""
        return [one for one in self.sessions if one.state.startswith(_TABLE_LOCKS)]

    @property
    def replicas(self) -> int:
        """How many servers read this one's log."""
        return sum(one.command == "Binlog Dump" for one in self.sessions)


def judged(found: Reading, spec: MariaDb) -> Judged:
    """What is wrong with it, how it stands, its figures."""
    long = [one for one in found.transactions if one.opened > spec.long.total_seconds()]
    slow = [
        one
        for one in found.sessions
        if one.running > spec.slow.total_seconds() and one.command not in _BEHIND_SCENES
    ]
    longest = max(
        [*(one.seconds for one in found.row_waits), *(one.running for one in found.table_waits)], default=0.0
    )
    wrong = [
        *_locks(found),
        *_connections(found.server),
        *_slow(slow, long, spec),
        *_replication(found, spec),
    ]
    return Judged(
        wrong=tuple(wrong),
        stands=tuple(_stands(found, calm=not wrong)),
        figures=(
            Figure(name="connections in use", value=found.server.used),
            Figure(name="connections allowed", value=found.server.most),
            Figure(name="sessions that wait for a lock", value=len(found.row_waits) + len(found.table_waits)),
            Figure(name="longest wait for a lock", value=round(longest, 1), unit="seconds"),
            Figure(name="slow statements", value=len(slow)),
            Figure(name="long transactions", value=len(long)),
            Figure(
                name="replication lag", value=max((one.behind or 0 for one in found.links), default=0),
                unit="seconds",
            ),
        ),
    )  # fmt: skip


def _locks(found: Reading) -> Iterator[str]:
    transactions = {one.id: one for one in found.transactions}
    longest = max((one.seconds for one in found.row_waits), default=0.0)
    if longest >= STUCK:
        yield f"{len(found.row_waits)} sessions wait for a lock of a row, the longest for {longest:.0f} s"
        for id_, count in [*roots(found.row_waits).items()][:_NAMED]:
            who = transactions[id_].said if id_ in transactions else f"transaction {id_}"
            yield f"{who} blocks {count} of them"
    stuck = [one for one in found.table_waits if one.running >= STUCK]
    if stuck:
        oldest = max(found.transactions, key=lambda one: one.opened, default=None)
        worst = stuck[0]
        yield (
            f"{len(stuck)} sessions wait for a lock of a table, the longest for {worst.running:.0f} s: "
            f"`{masked(worst.statement, mariadb=True)}` ({plain(worst.state, 60)}); for whom is not told"
            + (f", the oldest transaction is that of {oldest.said}" if oldest else "")
        )


def _connections(server: Server) -> Iterator[str]:
    if server.used >= CROWDED * server.most:
        yield f"{server.used} of {server.most} connections are in use"


def _slow(slow: Sequence[Session], long: Sequence[Transaction], spec: MariaDb) -> Iterator[str]:
    if long:
        worst = max(long, key=lambda one: one.opened)
        limit = spec.long.total_seconds()
        yield f"{len(long)} transactions are open for more than {limit:g} s, the longest: {worst.said}"
    if slow:
        worst_one = max(slow, key=lambda one: one.running)
        yield (
            f"{len(slow)} statements run for more than {spec.slow.total_seconds():g} s, the longest for "
            f"{worst_one.running:.0f} s ({plain(worst_one.who, 40)}): "
            f"`{masked(worst_one.statement, mariadb=True)}`"
        )


def _replication(found: Reading, spec: MariaDb) -> Iterator[str]:
    for one in found.links:
        name = f" {plain(one.name, 40)}" if one.name else ""
        if (one.receives, one.applies) != ("Yes", "Yes"):
            why = f": {plain(redact(one.error), 200)}" if one.error else ""
            yield f"replication{name} has stopped (receives: {one.receives}, applies: {one.applies}){why}"
        elif one.behind is not None and one.behind > spec.lag.total_seconds():
            yield f"this replica is {one.behind} s behind{name and f' on{name}'}"


def _stands(found: Reading, *, calm: bool) -> Iterator[str]:
    yield "replica" if found.links else f"primary with {found.replicas} replicas"
    if not found.server.sees_all:
        yield "what other sessions do is hidden from this account"
    elif calm:
        yield "nothing waits"
    if found.statements is None:
        yield "performance_schema does not tell of statements"
    elif found.statements:
        yield most_time(found.statements, mariadb=True)
