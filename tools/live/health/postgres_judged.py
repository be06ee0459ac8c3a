"""How a PostgreSQL server is, from what it told: pure rules over what was read."""

from collections.abc import Sequence
from dataclasses import dataclass

from incidents.health import Figure
from tools.live.health.judged import Judged
from tools.live.health.lock_waits import Wait, roots
from tools.live.health.statements import Statement, masked, most_time
from tools.live.settings_health import Postgres
from tools.wording import plain, quantity

#: This share of the connections that ordinary roles may open is too many.
CROWDED = 0.9
#: A lock that somebody waits for longer than this is a problem, in seconds.
STUCK = 2.0
#: A slot that nobody reads keeps the log of writes until the disk is full; this much is a problem, in bytes.
KEPT = 1_000_000_000
#: As `pg_blocking_pids` calls a transaction that was prepared: no session holds its locks any more.
PREPARED = 0
_NAMED = 3


@dataclass(frozen=True)
class Server:
    """The server as a whole. `behind` is a replica's own lag in seconds, None where it has replayed all."""

    role: str
    sees_all: bool
    most: int
    reserved: int
    replica: bool
    used: int
    waiting: int
    behind: float | None
    statements_in: str | None


@dataclass(frozen=True)
class Session:
    """A session with something open: since how many seconds its transaction, and its statement if it runs."""

    pid: int
    who: str
    state: str
    client: bool
    opened: float | None
    running: float | None
    statement: str

    @property
    def said(self) -> str:
        """Who it is and what it does, in words."""
        opened = f" in a transaction that is open for {self.opened:.0f} s" if self.opened is not None else ""
        return (
            f"session {self.pid} ({plain(self.who, 40)}, {self.state or 'at work'}{opened}: "
            f"`{masked(self.statement)}`)"
        )


@dataclass(frozen=True)
class Prepared:
    """A transaction that was prepared and neither committed nor rolled back."""

    name: str
    opened: float


@dataclass(frozen=True)
class Replica:
    """A replica as its primary sees it."""

    name: str
    state: str
    behind: float


@dataclass(frozen=True)
class Slot:
    """A replication slot: whether somebody reads it, and how many bytes of the log it keeps."""

    name: str
    active: bool
    kept: float


@dataclass(frozen=True)
class Reading:
    """All that one question read. `statements` is None without the extension pg_stat_statements."""

    server: Server
    waits: tuple[Wait, ...] = ()
    sessions: tuple[Session, ...] = ()
    prepared: tuple[Prepared, ...] = ()
    replicas: tuple[Replica, ...] = ()
    slots: tuple[Slot, ...] = ()
    statements: tuple[Statement, ...] | None = None

    @property
    def behind(self) -> float:
        """The lag of the replica itself or of the slowest one it has, in seconds."""
        return max([self.server.behind or 0.0, *(one.behind for one in self.replicas)])


def judged(found: Reading, spec: Postgres) -> Judged:
    """What is wrong with it, how it stands, its figures."""
    server = found.server
    long = [one for one in found.sessions if one.client and (one.opened or 0) > spec.long.total_seconds()]
    slow = [one for one in found.sessions if one.client and (one.running or 0) > spec.slow.total_seconds()]
    longest = max((wait.seconds for wait in found.waits), default=0.0)
    wrong = [*_locks(found, longest), *_connections(server), *_left_open(found, long, spec)]
    if slow:
        worst = max(slow, key=lambda one: one.running or 0)
        wrong.append(
            f"{len(slow)} statements run for more than {spec.slow.total_seconds():g} s, "
            f"the longest for {worst.running:.0f} s: {worst.said}"
        )
    wrong.extend(_replication(found, spec))
    return Judged(
        wrong=tuple(wrong),
        stands=tuple(_stands(found, calm=not wrong)),
        figures=(
            Figure(name="connections in use", value=server.used),
            Figure(name="connections allowed", value=server.most - server.reserved),
            Figure(name="sessions that wait for a lock", value=server.waiting),
            Figure(name="longest wait for a lock", value=round(longest, 1), unit="seconds"),
            Figure(name="slow statements", value=len(slow)),
            Figure(name="long transactions", value=len(long)),
            Figure(name="replication lag", value=round(found.behind, 1), unit="seconds"),
        ),
    )


def _locks(found: Reading, longest: float) -> list[str]:
    if longest < STUCK:
        return []
    sessions = {one.pid: one for one in found.sessions}
    said = [f"{found.server.waiting} sessions wait for a lock, the longest for {longest:.0f} s"]
    for pid, count in [*roots(found.waits).items()][:_NAMED]:
        if pid == PREPARED:
            names = ", ".join(f"'{plain(one.name, 60)}'" for one in found.prepared[:_NAMED])
            who = f"a prepared transaction ({names or 'of another database'})"
        else:
            who = sessions[pid].said if pid in sessions else f"session {pid}"
        said.append(f"{who} blocks {count} of them")
    return said


def _connections(server: Server) -> list[str]:
    allowed = server.most - server.reserved
    if server.used < CROWDED * allowed:
        return []
    return [f"{server.used} of {allowed} connections are in use"]


def _left_open(found: Reading, long: Sequence[Session], spec: Postgres) -> list[str]:
    """Transactions that are open for too long, of sessions and prepared ones."""
    limit = spec.long.total_seconds()
    said = []
    if long:
        worst = max(long, key=lambda one: one.opened or 0)
        said.append(f"{len(long)} transactions are open for more than {limit:g} s, the longest: {worst.said}")
    for one in [one for one in found.prepared if one.opened > limit][:_NAMED]:
        said.append(f"the prepared transaction '{plain(one.name, 60)}' is open for {one.opened:.0f} s")
    return said


def _replication(found: Reading, spec: Postgres) -> list[str]:
    limit = spec.lag.total_seconds()
    said = []
    if (found.server.behind or 0) > limit:
        said.append(f"this replica is {found.server.behind:.0f} s behind")
    said.extend(
        f"replica {plain(one.name, 60)} is {one.behind:.0f} s behind ({plain(one.state, 20)})"
        for one in found.replicas
        if one.behind > limit
    )
    said.extend(
        f"slot {plain(one.name, 60)} keeps {quantity(one.kept, 'bytes')} of the log for a reader that is gone"
        for one in found.slots
        if not one.active and one.kept >= KEPT
    )
    return said


def _stands(found: Reading, *, calm: bool) -> list[str]:
    server = found.server
    said = ["replica" if server.replica else f"primary with {len(found.replicas)} replicas"]
    if not server.sees_all:
        said.append(f"what other sessions do is hidden from the role {server.role}")
    elif calm:
        said.append("nothing waits")
    if found.statements is None:
        said.append("pg_stat_statements is not there")
    elif found.statements:
        said.append(most_time(found.statements))
    return said
