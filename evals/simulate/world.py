"""A simulated system while it runs: its instances, the ways between them, queues, locks, and its journal."""

from collections import deque
from collections.abc import Callable, Generator

import simpy

from evals.simulate.draw import stream
from evals.simulate.journal import Journal, LineRow
from evals.simulate.state import Host, Instance, Link, Lock, Message, Part, Pool, healthy
from evals.simulate.system import Service, System

#: A lost packet is sent again after this; each further time takes twice as long.
_AGAIN = 0.2
_PACKETS = 4
#: How many different things are asked for; the first of them most often.
KEYS = 600


class World:
    """A system that runs.

    Args:
        system: its parts.
        seed: of all chance in it but that of faults.
    """

    def __init__(self, system: System, seed: int) -> None:
        self.system = system
        self.env = simpy.Environment()
        self.journal = Journal()
        self.rng = stream(seed, "requests")
        self.hosts = {name: Host(name) for name in system.hosts}
        self.outside = Host("")
        self.parts: dict[str, Part] = {}
        for service in system.services:
            part = Part(service, [])
            self.parts[service.name] = part
            part.instances.extend(self.instance(service, name) for name in service.instances)
            part.started = len(part.instances)
            if service.hits:  # a cache that is warm
                part.room = int(KEYS**service.hits)
                part.keys.update(dict.fromkeys(range(part.room, 0, -1)))
        self.links = {
            (service.name, callee): Link()
            for service in system.services
            for callee in system.callees(service.name)
        }
        self.surge: Callable[[float], float] = lambda now: 1.0
        self._ids = stream(seed, "identifiers")

    def instance(self, service: Service, name: str) -> Instance:
        """A fresh copy of a service."""
        host = self.hosts.get(self.system.placement.get(name, ""), self.outside)
        made = Instance(
            name,
            service,
            host,
            service.workers,
            service.backlog,
            service.cores,
            0.3 * service.memory,
            {op.name: op for op in service.operations},
            healthy(service.operations),
        )
        made.pools = {callee: Pool(service.pool) for callee in self.system.callees(service.name)}
        return made

    @property
    def instances(self) -> list[Instance]:
        """All copies of all services."""
        return [instance for part in self.parts.values() for instance in part.instances]

    def identifier(self) -> str:
        """A new name of a span."""
        return f"{self._ids.getrandbits(64):016x}"

    @staticmethod
    def give_back(pool: Pool) -> None:
        """A connection is free again."""
        while pool.waiting and pool.in_use <= pool.size:
            gate = pool.waiting.popleft()
            if not gate.triggered:
                gate.succeed(True)  # the connection goes on to whoever waits longest
                return
        pool.in_use -= 1

    def transit(self, inst: Instance, target: Instance, link: Link) -> float:
        """How long the network takes, there and back; a lost packet is sent again, later each time."""
        here, there = inst.host, target.host
        added = (
            link.delay + inst.delay + target.delay + (here.delay + there.delay if here is not there else 0.0)
        )
        loss = max(link.loss, inst.loss, target.loss, here.loss, there.loss)
        seconds = 2 * self.system.rtt * self.rng.uniform(0.7, 1.6) + added * self.rng.uniform(0.9, 1.2)
        if loss:
            for _ in range(_PACKETS):
                wait = _AGAIN
                while self.rng.random() < loss and wait < 100:
                    seconds += wait
                    wait *= 2
                    target.lost += 1
                    inst.lost += 1
        return seconds

    def pick(self, name: str, *, writes: bool) -> Instance | None:
        """The instance that the load balancer, or the driver of a database, sends a request to."""
        part = self.parts[name]
        if part.service.role == "database":
            if writes or len(part.instances) == 1:
                return part.instances[0]
            return self.rng.choice(part.instances)
        ready = [instance for instance in part.instances if instance.ready]
        return self.rng.choice(ready) if ready else None

    def patient(self, waiting: deque[simpy.Event], seconds: float) -> Generator[simpy.Event, object, bool]:
        """Stand in a queue; whether its turn came in time."""
        gate = self.env.event()
        waiting.append(gate)

        def give_up(_: simpy.Event) -> None:
            if not gate.triggered:
                gate.succeed(False)

        self.env.timeout(seconds).callbacks.append(give_up)
        return bool((yield gate))

    @staticmethod
    def unlock(lock: Lock) -> None:
        """Let the next one write."""
        while lock.waiting:
            gate = lock.waiting.popleft()
            if not gate.triggered:
                gate.succeed(True)
                return
        lock.taken = False

    def publish(self, part: Part, trace: str, span: str) -> None:
        """A message comes into a queue."""
        part.backlog.append(Message(trace, span, self.env.now))
        self.wake(part)

    @staticmethod
    def wake(part: Part) -> None:
        """Consumers without work look again."""
        for gate in part.wakes:
            if not gate.triggered:
                gate.succeed()
        part.wakes.clear()

    def line(
        self, inst: Instance, level: str, key: str, what: str, peer: str, trace: str = "", span: str = ""
    ) -> None:
        """An instance writes a log line."""
        self.journal.lines.append(
            LineRow(
                self.env.now, inst.service.name, inst.name, level, key, what, peer, trace, span, inst.clock
            )
        )
