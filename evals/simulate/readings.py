"""What exporters read off a running system at every scrape: states and counts of the mechanism."""

from collections.abc import Generator, Iterator

import simpy

from evals.simulate.journal import SampleRow
from evals.simulate.state import Host, Instance, Part
from evals.simulate.world import World

#: What a process takes beside requests.
_IDLE = 0.04


class Readings:
    """Reads a world every so many seconds; counts are told as rates since the reading before."""

    def __init__(self, world: World, interval: float) -> None:
        self._world = world
        self._interval = interval
        self._before: dict[tuple[str, str], float] = {}

    def run(self) -> Generator[simpy.Event, object, None]:
        """Read for ever."""
        while True:
            yield self._world.env.timeout(self._interval)
            for part in self._world.parts.values():
                if part.service.role != "external":
                    self._keep(part.service.name, "", self._part(part))
                    for inst in part.instances:
                        self._keep(part.service.name, inst.name, self._instance(inst))
                        self._pools(inst)
            for host in self._world.hosts.values():
                self._keep(host.name, "", self._host(host))

    def _keep(self, service: str, instance: str, found: Iterator[tuple[str, float]]) -> None:
        now, rows = self._world.env.now, self._world.journal.samples
        for quantity, value in found:
            rows.append(SampleRow(now, service, instance, quantity, "", value))

    def _since(self, name: str, quantity: str, total: float) -> float:
        """How much a count grew per second; one that began anew counts from zero."""
        before = self._before.get((name, quantity), 0.0)
        self._before[name, quantity] = total
        return max(0.0, total - before if total >= before else total) / self._interval

    def _instance(self, inst: Instance) -> Iterator[tuple[str, float]]:
        yield "up", float(inst.up)
        yield "restarts", float(inst.restarts)
        if not inst.up:
            return
        computed = self._since(inst.name, "computed", inst.computed)
        yield "cpu", min(1.0, (computed + min(inst.hog, inst.cores)) / inst.cores + _IDLE)
        yield "throttled", min(1.0, self._since(inst.name, "throttled", inst.throttled))
        yield "memory", inst.memory
        yield "memory_share", inst.memory / inst.service.memory
        yield "descriptors", inst.descriptors
        yield "sent", self._since(inst.name, "sent", inst.sent)
        yield "retransmits", self._since(inst.name, "lost", float(inst.lost))
        yield "clock", inst.clock
        if inst.service.role == "database":
            yield "connections", float(inst.busy + len(inst.waiting))
            yield "lag", inst.behind
        elif inst.service.role in ("entry", "service", "worker"):
            yield "busy", inst.busy / inst.workers
            yield "waiting", float(len(inst.waiting))

    def _pools(self, inst: Instance) -> None:
        now, rows, name = self._world.env.now, self._world.journal.samples, inst.service.name
        if not inst.up or inst.service.role not in ("service", "worker"):
            return
        for callee, pool in inst.pools.items():
            if self._world.parts[callee].service.role == "database":
                waiting = sum(not gate.triggered for gate in pool.waiting)
                rows.append(SampleRow(now, name, inst.name, "pool_used", callee, pool.in_use / pool.size))
                rows.append(SampleRow(now, name, inst.name, "pool_waiting", callee, float(waiting)))

    def _part(self, part: Part) -> Iterator[tuple[str, float]]:
        name, role = part.service.name, part.service.role
        if role in ("entry", "service", "worker"):
            ready = sum(inst.ready and inst.up for inst in part.instances)
            yield "available", float(ready)
            yield "unavailable", float(len(part.instances) + part.pending - ready)
        elif role == "database":
            yield "disk_share", part.disk / part.capacity
            yield "disk_free", part.capacity - part.disk
            yield (
                "lock_waits",
                float(sum(not gate.triggered for lock in part.locks.values() for gate in lock.waiting)),
            )
        elif role == "cache":
            hits, misses = self._since(name, "hits", part.hits), self._since(name, "misses", part.misses)
            if hits + misses:
                yield "hit_share", hits / (hits + misses)
            yield "keys", float(len(part.keys))
        elif role == "queue":
            yield "backlog", float(len(part.backlog))
            yield "oldest", self._world.env.now - part.backlog[0].born if part.backlog else 0.0

    def _host(self, host: Host) -> Iterator[tuple[str, float]]:
        yield "host_up", float(host.up)
        if not host.up:
            return
        here = [inst for inst in self._world.instances if inst.host is host and inst.up]
        cores = sum(inst.cores for inst in here) or 1.0
        used = self._since(host.name, "computed", sum(inst.computed for inst in here))
        yield "host_cpu", min(1.0, 0.08 + (used + sum(inst.hog for inst in here) + host.hog * cores) / cores)
        yield (
            "host_memory_share",
            min(
                0.98,
                0.2 + sum(inst.memory for inst in here) / max(4e9, 2 * sum(i.service.memory for i in here)),
            ),
        )
        yield "host_retransmits", self._since(host.name, "lost", float(sum(inst.lost for inst in here)))
