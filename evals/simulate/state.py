"""What a simulated world is in the middle of: what faults turn and requests meet. Mutable on purpose."""

from collections import deque
from dataclasses import dataclass, field

import simpy

from evals.simulate.system import Operation, Service


@dataclass(slots=True)
class Behaviour:
    """How one instance does one operation just now.

    Attributes:
        factor: its own time is multiplied by it; `extra` seconds are added.
        fails: the share of requests that end in an error of the given reason; `early`: before any work.
        wrong: the share of answers that come in time, look fine, and are not what the caller needs.
        repeats: how often its calls are made instead of once.
        retains: bytes that every request leaves behind in memory.
    """

    factor: float = 1.0
    extra: float = 0.0
    fails: float = 0.0
    reason: str = "exception"
    early: bool = False
    wrong: float = 0.0
    repeats: int = 1
    retains: float = 0.0


@dataclass(slots=True)
class Host:
    """A machine: how much slower it computes, what its network adds, whether it runs."""

    name: str
    slow: float = 1.0
    delay: float = 0.0
    loss: float = 0.0
    hog: float = 0.0
    up: bool = True


@dataclass(slots=True)
class Pool:
    """The connections of one instance to one callee; `leaks` is the share that never comes back."""

    size: int
    in_use: int = 0
    leaks: float = 0.0
    waiting: deque[simpy.Event] = field(default_factory=deque)


@dataclass(slots=True)
class Instance:
    """One running copy of a service.

    Attributes:
        epoch: counts its deaths; who began before one finds it changed.
        ready: the load balancer sends requests to it.
        computing: requests that compute just now; `hog`: cores that something else takes.
        clock: by how many seconds its clock is ahead.
        behind: of a replica, how many seconds its data is old; `applies`: how fast it follows (1: at once).
    """

    name: str
    service: Service
    host: Host
    workers: int
    backlog: int
    cores: float
    memory: float
    operations: dict[str, Operation]
    behaviour: dict[str, Behaviour]
    up: bool = True
    ready: bool = True
    epoch: int = 0
    busy: int = 0
    waiting: deque[simpy.Event] = field(default_factory=deque)
    computing: int = 0
    computed: float = 0.0
    throttled: float = 0.0
    hog: float = 0.0
    restarts: int = 0
    delay: float = 0.0
    loss: float = 0.0
    lost: int = 0
    sent: float = 0.0
    clock: float = 0.0
    behind: float = 0.0
    applies: float = 1.0
    descriptors: float = 0.02
    pools: dict[str, Pool] = field(default_factory=dict)

    @property
    def slowness(self) -> float:
        """By how much longer a request computes than alone."""
        fear = max(0.0, self.memory / self.service.memory - 0.85) * 20  # it collects garbage all the time
        return max(1.0, (self.computing + self.hog) / self.cores) * self.host.slow + fear

    def release(self) -> None:
        """A worker is free: whoever waits longest has it."""
        while self.waiting:
            gate = self.waiting.popleft()
            if not gate.triggered:
                gate.succeed()
                return
        self.busy -= 1


@dataclass(slots=True)
class Link:
    """The way from one service to another.

    Attributes:
        refuses: a reason for which a `share` of the connections fail: certificate, dns, credentials, address.
        timeout: replaces the callers' own, where it is set.
        failures: in a row; `open_until`: no call is made before (a circuit breaker).
    """

    delay: float = 0.0
    loss: float = 0.0
    refuses: str = ""
    share: float = 1.0
    timeout: float | None = None
    retries: int | None = None
    failures: int = 0
    open_until: float = 0.0


@dataclass(slots=True)
class Lock:
    """A table's write lock; `taken` by who works or by a session that keeps it."""

    taken: bool = False
    waiting: deque[simpy.Event] = field(default_factory=deque)


@dataclass(slots=True)
class Message:
    """One message of a queue."""

    trace: str
    span: str
    born: float
    poison: bool = False
    tries: int = 0


@dataclass(slots=True)
class Part:
    """What the instances of a service share.

    Attributes:
        disk: bytes in use of `capacity`; it grows by `grows` per second and with every write.
        keys: what a cache holds, the newest last; it has room for `room` keys.
        backlog: what a queue holds; `wakes` are consumers without work.
        quota: how many requests a provider takes per minute; `used` in the minute `since`.
        may_grow: scaling out works.
        strict: how many seconds an instance may take to answer a health check.
    """

    service: Service
    instances: list[Instance]
    disk: float = 20e9
    capacity: float = 100e9
    grows: float = 1e4
    locks: dict[str, Lock] = field(default_factory=dict)
    keys: dict[int, None] = field(default_factory=dict)
    room: int = 400
    hits: int = 0
    misses: int = 0
    backlog: deque[Message] = field(default_factory=deque)
    wakes: list[simpy.Event] = field(default_factory=list)
    quota: float = float("inf")
    used: int = 0
    since: float = 0.0
    may_grow: bool = True
    strict: float = 5.0
    started: int = 0
    pending: int = 0

    def lock(self, table: str) -> Lock:
        """The lock of a table."""
        return self.locks.setdefault(table, Lock())


def healthy(operations: tuple[Operation, ...]) -> dict[str, Behaviour]:
    """How operations are done on a usual day."""
    return {operation.name: Behaviour() for operation in operations}
