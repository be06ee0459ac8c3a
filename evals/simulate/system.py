"""What a simulated system is made of, as frozen values. Times are seconds, sizes bytes, rates per second."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from incidents.catalogue import ServiceKind
from incidents.value import Value


class Call(Value):
    """One service asks another while it works on a request.

    Attributes:
        probability: how often it is made per request; above 1 it is made several times.
        timeout: after how many seconds the caller gives up; the callee does not hear of it.
        optional: the caller can do without the answer.
        queued: it only puts a message into a queue.
        cache: the cache that is asked first.
    """

    service: str
    operation: str
    probability: float = 1.0
    timeout: float = 5.0
    retries: int = 0
    backoff: float = 0.1
    optional: bool = False
    queued: bool = False
    breaker: bool = False
    cache: str | None = None


class Operation(Value):
    """One thing that a service does.

    Attributes:
        seconds: the median of its own time, of which `processor` is computing.
        table: what it locks while it writes.
        payload: the size of an answer.
        delivers: whom a queue gives its messages to: a service and its operation.
    """

    name: str
    seconds: float
    processor: float
    spread: float = 0.4
    calls: tuple[Call, ...] = ()
    writes: bool = False
    table: str = ""
    payload: int = 4_000
    delivers: tuple[str, str] | None = None


class Service(Value):
    """One part of the system.

    Attributes:
        role: entry, service, worker, database, cache, queue or external.
        workers: how many requests one instance works on at once.
        backlog: how many may wait for a worker of one instance; more are refused.
        pool: how many connections one instance keeps to each callee.
        replicas: how many instances of a database only follow the first.
        most: up to how many instances it is scaled by itself; 0: not at all.
        checked: a load balancer takes instances out that do not answer its checks.
    """

    name: str
    role: str
    owner: str
    operations: tuple[Operation, ...]
    instances: tuple[str, ...]
    workers: int = 8
    backlog: int = 64
    cores: float = 1.0
    memory: float = 512e6
    pool: int = 8
    replicas: int = 0
    most: int = 0
    checked: bool = False
    hits: float = 0.0
    version: str = "1.0.0"

    @property
    def kind(self) -> ServiceKind:
        """What the catalogue calls it."""
        kinds = {
            "database": ServiceKind.DATABASE,
            "queue": ServiceKind.QUEUE,
            "external": ServiceKind.EXTERNAL,
        }
        return kinds.get(self.role, ServiceKind.SERVICE)

    def operation(self, name: str) -> Operation:
        """One of its operations."""
        return next(each for each in self.operations if each.name == name)


class Visit(Value):
    """What users ask for, and how often."""

    service: str
    operation: str
    rate: float


class System(Value):
    """A whole system: its parts, where they run, and what users ask of it."""

    services: tuple[Service, ...]
    hosts: tuple[str, ...]
    placement: Mapping[str, str]
    visits: tuple[Visit, ...]
    rtt: float = 0.001

    @cached_property
    def by_name(self) -> Mapping[str, Service]:
        """Its services."""
        return {service.name: service for service in self.services}

    def having(self, *roles: str) -> list[Service]:
        """The services of some roles."""
        return [service for service in self.services if service.role in roles]

    def edges(self) -> Iterator[tuple[Service, Operation, Call]]:
        """Every call that any service makes."""
        for service in self.services:
            for operation in service.operations:
                for call in operation.calls:
                    yield service, operation, call

    def callees(self, name: str) -> list[str]:
        """Whom a service asks, by name; a queue's are those that it delivers to."""
        service = self.by_name[name]
        asked = [c for op in service.operations for call in op.calls for c in (call.service, call.cache) if c]
        return sorted(set(asked))

    def callers(self, name: str) -> list[str]:
        """Who asks a service."""
        return [service.name for service in self.services if name in self.callees(service.name)]

    @cached_property
    def rates(self) -> Mapping[tuple[str, str], float]:
        """How often each operation is asked for on a usual day, per second."""
        found: dict[tuple[str, str], float] = {}
        for visit in self.visits:
            self._spread(found, visit.service, visit.operation, visit.rate)
        return found

    def _spread(self, found: dict[tuple[str, str], float], service: str, operation: str, rate: float) -> None:
        found[service, operation] = found.get((service, operation), 0.0) + rate
        what = self.by_name[service].operation(operation)
        for call in what.calls:
            asked = rate * call.probability
            if call.cache:
                cache = self.by_name[call.cache]
                self._spread(found, cache.name, cache.operations[0].name, asked)
                asked *= 1 - cache.hits
            self._spread(found, call.service, call.operation, asked)
        if what.delivers:
            self._spread(found, *what.delivers, rate)

    def busy(self, service: Service) -> float:
        """How many workers of all its instances are busy on a usual day, on the average."""
        return sum(
            self.rates.get((service.name, op.name), 0.0) * self.holds(service, op)
            for op in service.operations
        )

    def holds(self, service: Service, operation: Operation) -> float:
        """How long one request of an operation takes, with all that it asks for."""
        total = operation.seconds
        for call in operation.calls:
            callee = self.by_name[call.service]
            once = self.rtt * 2 + self.holds(callee, callee.operation(call.operation))
            total += call.probability * once * (1 - self.by_name[call.cache].hits if call.cache else 1)
        return total

    @property
    def hops(self) -> float:
        """How many requests one visit leads to, on the average."""
        return sum(self.rates.values()) / sum(visit.rate for visit in self.visits)
