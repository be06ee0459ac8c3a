"""What goes on in a system beside requests: visitors, consumers, growth, restarts, health checks, scaling."""

from collections.abc import Callable, Generator
from math import sin
from random import Random

import simpy

from evals.simulate import mechanism
from evals.simulate.draw import between, parameters, stream
from evals.simulate.state import Instance, Part, Pool
from evals.simulate.system import Visit
from evals.simulate.world import World

Going = Generator[simpy.Event, object, None]

_TICK = 5.0
_CHECK, _SCALE = 10.0, 30.0
#: So busy that one more instance is wanted.
_BUSY = 0.75
_USUAL_MEMORY = 0.3


def start(world: World, seed: int) -> None:
    """Let everything begin that goes on by itself."""
    rng = stream(seed, "background")
    wave, phase = between(rng, parameters("traffic")["wave"]), rng.uniform(0, 6)
    for number, visit in enumerate(world.system.visits):
        world.env.process(_visitors(world, visit, stream(seed, f"visitors {number}"), wave, phase))
    for part in world.parts.values():
        for operation in part.service.operations:
            if operation.delivers:
                worker = world.parts[operation.delivers[0]]
                for instance in worker.instances:
                    for _ in range(instance.workers):
                        world.env.process(_consumer(world, part, instance, operation.delivers[1]))
    world.env.process(_growth(world, stream(seed, "growth")))
    world.env.process(_checks(world, stream(seed, "checks")))
    world.env.process(_scaling(world))


def after(world: World, seconds: float, do: Callable[[], object]) -> None:
    """Do something at a moment from now on."""

    def waiting() -> Going:
        yield world.env.timeout(max(0.0, seconds))
        do()

    world.env.process(waiting())


def crash(world: World, inst: Instance, seconds: float, key: str) -> None:
    """An instance dies with all that it works on, and starts again after a while."""
    if not inst.up:
        return
    world.line(inst, "fatal" if key != "stopped" else "info", key, "", "")
    inst.up, inst.epoch, inst.busy, inst.computing = False, inst.epoch + 1, 0, 0
    inst.ready = inst.ready and not inst.service.checked
    for gate in inst.waiting:
        if not gate.triggered:
            gate.succeed()
    inst.waiting.clear()
    after(world, seconds, lambda: _started(world, inst))


def _started(world: World, inst: Instance) -> None:
    if not inst.host.up:
        after(world, 10.0, lambda: _started(world, inst))
        return
    inst.pools = {callee: Pool(pool.size, leaks=pool.leaks) for callee, pool in inst.pools.items()}
    inst.up, inst.ready, inst.memory, inst.descriptors = True, True, _USUAL_MEMORY * inst.service.memory, 0.02
    inst.restarts += 1
    world.line(inst, "info", "started", inst.service.version, "")


def _visitors(world: World, visit: Visit, rng: Random, wave: float, phase: float) -> Going:
    env, again = world.env, parameters("traffic")["user_retries"]
    while True:
        rate = visit.rate * (1 + wave * sin(env.now / 400 + phase)) * world.surge(env.now)
        yield env.timeout(rng.expovariate(rate))
        env.process(mechanism.visit(world, visit.service, visit.operation, again))


def _consumer(world: World, queue: Part, inst: Instance, operation: str) -> Going:
    """One hand of a worker: takes a message, works on it, and puts it back where that failed."""
    env = world.env
    while True:
        if not inst.up:
            yield env.timeout(1.0)
            continue
        if not queue.backlog:
            gate = env.event()
            queue.wakes.append(gate)
            yield gate
            continue
        message = queue.backlog.popleft()
        message.tries += 1
        if message.poison:
            queue.backlog.appendleft(message)
            world.line(
                inst,
                "error",
                "unreadable_message",
                operation,
                queue.service.name,
                message.trace,
                message.span,
            )
            crash(world, inst, 8.0, "crashed")
            yield env.timeout(1.0)
            continue
        done = env.event()
        env.process(
            mechanism.serve(world, inst, operation, message.trace, message.span, world.system.rtt, done, None)
        )
        if (yield done) and message.tries < 5:
            queue.backlog.append(message)
            yield env.timeout(0.5 * message.tries)


def _growth(world: World, rng: Random) -> Going:
    """Memory that moves, disks that fill, replicas that follow."""
    while True:
        yield world.env.timeout(_TICK)
        for part in world.parts.values():
            part.disk = min(part.capacity, part.disk + part.grows * _TICK)
            for inst in part.instances:
                inst.memory = max(
                    0.1 * inst.service.memory, inst.memory + rng.uniform(-0.004, 0.004) * inst.service.memory
                )
                if inst.applies < 1:
                    inst.behind += (1 - inst.applies) * _TICK
                else:
                    inst.behind = max(0.0, inst.behind - 2 * _TICK) or rng.uniform(0, 0.05)
                if inst.memory >= inst.service.memory:
                    crash(world, inst, rng.uniform(6, 20), "out_of_memory")


def _checks(world: World, rng: Random) -> Going:
    """The load balancer asks every instance how it is, and believes the third answer of a kind."""
    bad: dict[str, int] = {}
    while True:
        yield world.env.timeout(_CHECK)
        for part in world.parts.values():
            if part.service.checked:
                for inst in part.instances:
                    slow = not inst.up or _answer_time(world, inst, rng) > part.strict
                    bad[inst.name] = bad.get(inst.name, 0) + 1 if slow else 0
                    _believed(world, inst, bad[inst.name])


def _believed(world: World, inst: Instance, failures: int) -> None:
    if failures >= 2 and inst.ready:
        inst.ready = False
        world.line(inst, "warn", "check_failed", "", "")
    elif not failures and inst.up and not inst.ready:
        inst.ready = True
        world.line(inst, "info", "check_passed", "", "")


def _answer_time(world: World, inst: Instance, rng: Random) -> float:
    """How long a check takes: it waits for a worker like every request."""
    ahead = max(0, inst.busy + len(inst.waiting) - inst.workers + 1)
    each = max(world.system.holds(inst.service, operation) for operation in inst.service.operations)
    return (
        ahead * each / inst.workers
        + rng.lognormvariate(-4.0, 0.7) * inst.slowness
        + inst.delay
        + inst.host.delay
    )


def _scaling(world: World) -> Going:
    """Another instance for a service that has been busy for a while, as long as there is room."""
    usual: dict[str, float] = {}
    while True:
        yield world.env.timeout(_SCALE)
        for name, part in world.parts.items():
            if not part.service.most:
                continue
            running = [inst for inst in part.instances if inst.up]
            busy = sum(inst.busy for inst in running) / max(1, sum(inst.workers for inst in running))
            usual[name] = 0.5 * usual.get(name, busy) + 0.5 * busy
            part.pending = 0
            if usual[name] > _BUSY and len(part.instances) < part.service.most:
                _grow(world, part)


def _grow(world: World, part: Part) -> None:
    part.pending = 1
    first = part.instances[0]
    if not part.may_grow:
        world.line(first, "warn", "cannot_scale", "", "")
        return
    part.started += 1
    name = f"{first.name}-{part.started}"
    made = world.instance(part.service, name)
    made.host = world.hosts[sorted(world.hosts)[part.started % len(world.hosts)]]
    made.behaviour = dict(first.behaviour)
    made.up = made.ready = False
    part.instances.append(made)
    world.line(first, "info", "scaled_out", str(len(part.instances)), "")
    after(world, 25.0, lambda: _started(world, made))
