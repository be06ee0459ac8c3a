"""How a Redis server is, from what it told: pure rules over INFO and SLOWLOG."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from incidents.health import Figure
from tools.live.health.judged import Judged
from tools.live.settings_health import Redis
from tools.wording import plain, quantity

#: This share of the clients, or of a memory from which nothing is evicted, is too much.
CROWDED = 0.9
#: What was slow longer ago is not of now, in seconds.
RECENT = 600
_SHOWN = 3
#: The part of a key that says what it is of, not whose: `session:` of `session:ana@example.org`.
_OF = re.compile(r"[A-Za-z_][\w.-]{0,40}:")
_REPLICA = re.compile(r"slave\d+")


@dataclass(frozen=True)
class Slow:
    """A command of the slow log: when (seconds since 1970), how long (seconds), its name, its first word."""

    at: int
    seconds: float
    command: str
    first: str

    @property
    def said(self) -> str:
        """What it was, without what people keep."""
        of = _OF.match(self.first)
        key = f" {of[0]}…" if of else " …" if self.first else ""
        return f"{plain(self.command, 30).upper()}{key} {quantity(self.seconds, 'seconds')}"


@dataclass(frozen=True)
class Reading:
    """The fields of INFO, and the newest entries of the slow log."""

    info: Mapping[str, str]
    slow: tuple[Slow, ...] = ()

    def number(self, name: str) -> float:
        """A field as a number; 0 where a version does not tell it."""
        try:
            return float(self.info.get(name, ""))
        except ValueError:
            return 0.0

    @property
    def replicas(self) -> Iterator[Mapping[str, str]]:
        """Each replica as its primary sees it: `ip`, `port`, `state`, `lag`."""
        for name, said in self.info.items():
            if _REPLICA.fullmatch(name):
                yield dict(part.split("=", 1) for part in said.split(",") if "=" in part)

    @property
    def recent(self) -> Sequence[Slow]:
        """The slow commands of the last minutes, by the server's own clock, the slowest first."""
        now = self.number("server_time_usec") / 1_000_000
        return sorted((one for one in self.slow if now - one.at <= RECENT), key=lambda one: -one.seconds)


def judged(found: Reading, spec: Redis) -> Judged:
    """What is wrong with it, how it stands, its figures."""
    slow = [one for one in found.recent if one.seconds > spec.slow.total_seconds()]
    wrong = [*_state(found), *_memory(found), *_clients(found), *_replication(found, spec)]
    if slow:
        wrong.append(
            f"{len(slow)} commands took more than {spec.slow.total_seconds():g} s in the last "
            f"{RECENT // 60} min, each of which held up all others: {_listed(slow)}"
        )
    return Judged(
        wrong=tuple(wrong),
        stands=tuple(_stands(found, told=bool(slow))),
        figures=(
            Figure(name="memory in use", value=found.number("used_memory"), unit="bytes"),
            Figure(name="memory allowed", value=found.number("maxmemory"), unit="bytes"),
            Figure(name="keys evicted since its start", value=found.number("evicted_keys")),
            Figure(name="clients", value=found.number("connected_clients")),
            Figure(name="clients allowed", value=found.number("maxclients")),
            Figure(name="clients refused since its start", value=found.number("rejected_connections")),
            Figure(name="clients that wait in a blocking command", value=found.number("blocked_clients")),
            Figure(name="slow commands in the last 10 minutes", value=len(slow)),
        ),
    )


def _state(found: Reading) -> Iterator[str]:
    if found.info.get("loading") == "1":
        yield "it is loading its data and serves nobody"
    for field, what in (
        ("rdb_last_bgsave_status", "snapshot"),
        ("aof_last_write_status", "append-only file"),
    ):
        if found.info.get(field, "ok") != "ok":
            yield f"the last write of its {what} failed: unless told otherwise it then refuses writes"


def _memory(found: Reading) -> Iterator[str]:
    used, most = found.number("used_memory"), found.number("maxmemory")
    policy = found.info.get("maxmemory_policy", "")
    if policy == "noeviction" and most and used >= CROWDED * most:
        yield f"{used / most:.0%} of its memory is in use and nothing is evicted: when full it refuses writes"


def _clients(found: Reading) -> Iterator[str]:
    used, most = found.number("connected_clients"), found.number("maxclients")
    if most and used >= CROWDED * most:
        yield f"{used:.0f} of {most:.0f} clients are connected"


def _replication(found: Reading, spec: Redis) -> Iterator[str]:
    if found.info.get("master_link_status", "up") != "up":
        since = found.number("master_link_down_since_seconds")
        yield f"this replica has had no link to its primary for {since:.0f} s"
    for one in found.replicas:
        where, lag = f"{one.get('ip', '')}:{one.get('port', '')}", one.get("lag", "0")
        if one.get("state", "online") != "online":
            yield f"replica {plain(where, 60)} is not online ({plain(one['state'], 20)})"
        elif lag.isdecimal() and int(lag) > spec.lag.total_seconds():
            yield f"replica {plain(where, 60)} was last heard {lag} s ago"


def _stands(found: Reading, *, told: bool) -> Iterator[str]:
    replicas = len(list(found.replicas))
    yield "replica" if found.info.get("role") == "slave" else f"primary with {replicas} replicas"
    most = found.number("maxmemory")
    limit = f" of {quantity(most, 'bytes')} ({found.info.get('maxmemory_policy', '')})" if most else ""
    yield f"memory {quantity(found.number('used_memory'), 'bytes')}{limit}"
    if evicted := found.number("evicted_keys"):
        yield f"{evicted:.0f} keys evicted since its start"
    if refused := found.number("rejected_connections"):
        yield f"{refused:.0f} clients refused since its start"
    if found.recent and not told:
        yield f"slow commands in the last {RECENT // 60} min: {_listed(found.recent)}"


def _listed(slow: Sequence[Slow]) -> str:
    return ", ".join(one.said for one in slow[:_SHOWN])
