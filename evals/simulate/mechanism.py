"""How requests go through a simulated system: networks, pools, workers, processors, locks, retries.

One request that a service works on is one process; its caller waits for the answer or for its own patience to
end, and a callee that was given up works on all the same. Times are seconds since the first sample.
"""

from collections.abc import Generator
from math import exp

import simpy

from evals.simulate.journal import SpanRow
from evals.simulate.state import Behaviour, Instance, Link, Part
from evals.simulate.system import Call, Operation
from evals.simulate.world import KEYS, World

Steps = Generator[simpy.Event, object, str]

#: Another try cannot help against these.
_FINAL = frozenset({"invalid", "circuit", "credentials", "clock"})
#: A caller is told these as they are; of all else it only learns that the callee failed.
_TOLD = frozenset({"overloaded", "quota", "clock"})
_PATIENCE, _POOL_WAIT, _LOCK_WAIT = 30.0, 1.0, 5.0
_BREAKS_AFTER, _BREAK = 6, 15.0
_SKEW = 20.0
_ROW = 2_000


def visit(
    world: World, service: str, operation: str, retries: float = 0.0
) -> Generator[simpy.Event, object, None]:
    """Somebody asks from outside, waits until patience ends, and may ask once more."""
    world.journal.asked += 1
    reason = yield from ask_entry(world, service, operation)
    if reason and world.rng.random() < retries:
        reason = yield from ask_entry(world, service, operation)
    if reason:
        world.journal.failed += 1
    else:
        world.journal.answered += 1


def ask_entry(world: World, service: str, operation: str) -> Steps:
    """One request from outside."""
    target = world.pick(service, writes=False)
    if target is None or not target.up:
        yield world.env.timeout(0.0)
        return "no_instance"
    return (
        yield from _exchange(
            world,
            target,
            operation,
            f"{world.identifier()}{world.identifier()}",
            "",
            world.system.rtt,
            _PATIENCE,
            None,
        )
    )


def _exchange(
    world: World,
    target: Instance,
    operation: str,
    trace: str,
    parent: str,
    transit: float,
    patience: float,
    caller: Instance | None,
) -> Steps:
    """Send a request and wait for its answer, or give up."""
    env, done = world.env, world.env.event()
    if transit < patience:  # else it would not even arrive in time
        env.process(serve(world, target, operation, trace, parent, transit, done, caller))

    def give_up(_: simpy.Event) -> None:
        if not done.triggered:
            done.succeed("timeout")

    timer = env.timeout(patience)
    timer.callbacks.append(give_up)
    return str((yield done))


def serve(
    world: World,
    inst: Instance,
    operation: str,
    trace: str,
    parent: str,
    transit: float,
    done: simpy.Event,
    caller: Instance | None,
) -> Generator[simpy.Event, object, None]:
    """One request at one instance, from its arrival to its answer."""
    env = world.env
    yield env.timeout(transit)
    begun, epoch, span = env.now, inst.epoch, world.identifier()
    if not inst.up:
        answer(done, "refused")
        return
    what = inst.operations[operation]
    reason = _turned_away(world, inst, caller)
    if not reason:
        reason = yield from _worked(world, inst, what, trace, span, epoch)
    if inst.epoch != epoch:  # it died meanwhile: nobody wrote the span
        answer(done, "reset")
        return
    wrong, seen = reason == "invalid", "" if reason == "invalid" else reason
    world.journal.spans.append(
        SpanRow(
            begun,
            env.now - begun,
            trace,
            span,
            parent,
            inst.service.name,
            inst.name,
            operation,
            "",
            seen,
            inst.clock,
        )
    )
    inst.sent += what.payload
    world.line(
        inst,
        "error" if seen else "debug",
        f"request_{'failed' if seen else 'done'}",
        operation,
        seen,
        trace,
        span,
    )
    answer(done, "invalid" if wrong else ("failed" if seen and seen not in _TOLD else seen))


def answer(done: simpy.Event, reason: str) -> None:
    """Tell the caller, if it still waits."""
    if not done.triggered:
        done.succeed(reason)


def _turned_away(world: World, inst: Instance, caller: Instance | None) -> str:
    """Why a request is refused before any work, or nothing."""
    part = world.parts[inst.service.name]
    if (
        caller is not None
        and abs(caller.clock - inst.clock) > _SKEW
        and inst.service.role in ("service", "external")
    ):
        return "clock"
    if part.quota < float("inf"):
        if world.env.now - part.since >= 60:
            part.since, part.used = world.env.now, 0
        part.used += 1
        if part.used > part.quota:
            return "quota"
    if inst.descriptors >= 1.0:
        return "descriptors"
    if inst.busy >= inst.workers and len(inst.waiting) >= inst.backlog:
        return "overloaded"
    return ""


def _worked(world: World, inst: Instance, what: Operation, trace: str, span: str, epoch: int) -> Steps:
    """Wait for a worker, then work."""
    if inst.busy >= inst.workers:
        gate = world.env.event()
        inst.waiting.append(gate)
        yield gate
    else:
        inst.busy += 1
    if inst.epoch != epoch:
        return "reset"
    reason = yield from _work(world, inst, what, trace, span)
    if inst.epoch == epoch:
        inst.release()
    return reason


def _work(world: World, inst: Instance, what: Operation, trace: str, span: str) -> Steps:
    how, rng, part = inst.behaviour[what.name], world.rng, world.parts[inst.service.name]
    fails = bool(how.fails) and rng.random() < how.fails
    if fails and how.early:
        return how.reason
    reason = yield from (
        _written(world, inst, what, how, part) if what.writes else _time(world, inst, what, how)
    )
    if reason:
        return reason
    inst.memory += how.retains
    reason = yield from _asked(world, inst, what, how, trace, span)
    if reason:
        return reason
    if fails:
        return how.reason
    if how.wrong and rng.random() < how.wrong:
        return "invalid"
    if inst.behind > 2.0 and not what.writes and rng.random() < 0.5:
        return "invalid"
    if what.delivers:
        world.publish(part, trace, span)
    return ""


def _written(world: World, inst: Instance, what: Operation, how: Behaviour, part: Part) -> Steps:
    """Its own time under a table's lock; a full disk takes nothing."""
    if part.disk >= part.capacity:
        return "disk"
    held = part.lock(what.table)
    if held.taken and not (yield from world.patient(held.waiting, _LOCK_WAIT)):
        return "lock"
    held.taken = True
    yield from _time(world, inst, what, how)
    world.unlock(held)
    part.disk += _ROW
    return ""


def _time(world: World, inst: Instance, what: Operation, how: Behaviour) -> Steps:
    """Its own time: waiting for devices, and computing as fast as the processor lets it."""
    drawn = exp(world.rng.gauss(0.0, what.spread)) * how.factor
    inst.computing += 1
    slow, computes = inst.slowness, what.processor * drawn
    epoch = inst.epoch
    yield world.env.timeout((what.seconds - what.processor) * drawn + computes * slow + how.extra)
    if inst.epoch == epoch:
        inst.computing -= 1
    inst.computed += computes
    inst.throttled += computes * (slow - 1.0)
    return ""


def _asked(world: World, inst: Instance, what: Operation, how: Behaviour, trace: str, span: str) -> Steps:
    """Everything that it asks others for, in turn; the first that it cannot do without ends it."""
    for call in what.calls:
        often, rest = divmod(call.probability, 1.0)
        times = (int(often) + (world.rng.random() < rest)) * how.repeats
        for _ in range(times):
            reason = yield from ask(world, inst, call, trace, span)
            if reason and not call.optional:
                return "dependency"
    return ""


def ask(world: World, inst: Instance, call: Call, trace: str, parent: str) -> Steps:
    """Ask another service, through its cache, with retries."""
    key = -1
    if call.cache:
        key = int(KEYS ** world.rng.random())
        store = world.parts[call.cache]
        lookup = Call(service=call.cache, operation=store.service.operations[0].name, timeout=0.5)
        answered = not (yield from _attempt(world, inst, lookup, trace, parent))
        if answered and key in store.keys:
            store.hits += 1
            _keep(store, key)
            return ""
        store.misses += 1
    link = world.links[inst.service.name, call.service]
    retries = call.retries if link.retries is None else link.retries
    reason = ""
    for attempt in range(retries + 1):
        reason = yield from _attempt(world, inst, call, trace, parent)
        if not reason or reason in _FINAL or attempt == retries:
            break
        yield world.env.timeout(call.backoff * 2**attempt * world.rng.uniform(0.5, 1.5))
    if not reason and key >= 0 and call.cache:
        _keep(world.parts[call.cache], key)
    return reason


def _keep(store: Part, key: int) -> None:
    store.keys.pop(key, None)
    store.keys[key] = None
    while len(store.keys) > store.room:
        store.keys.pop(next(iter(store.keys)))


def _attempt(world: World, inst: Instance, call: Call, trace: str, parent: str) -> Steps:
    """Ask once; what it took is written as the client's span."""
    begun, span, epoch = world.env.now, world.identifier(), inst.epoch
    link = world.links[inst.service.name, call.service]
    reason = yield from _tried(world, inst, call, link, trace, span)
    if inst.epoch != epoch:
        return "reset"
    if call.breaker:
        link.failures = link.failures + 1 if reason else 0
        if link.failures >= _BREAKS_AFTER and world.env.now >= link.open_until:
            link.open_until = world.env.now + _BREAK
            world.line(inst, "warn", "circuit_opened", "", call.service, trace, parent)
    told = "" if reason == "invalid" else reason
    world.journal.spans.append(
        SpanRow(
            begun,
            world.env.now - begun,
            trace,
            span,
            parent,
            inst.service.name,
            inst.name,
            call.operation,
            call.service,
            told,
            inst.clock,
        )
    )
    if reason:
        world.line(
            inst,
            "error" if not call.optional else "warn",
            f"call_{reason}",
            call.operation,
            call.service,
            trace,
            parent,
        )
    return reason


def _tried(world: World, inst: Instance, call: Call, link: Link, trace: str, span: str) -> Steps:
    env, rng = world.env, world.rng
    if env.now < link.open_until:
        return "circuit"
    pool = inst.pools[call.service]
    if pool.in_use < pool.size:
        pool.in_use += 1
    elif not (yield from world.patient(pool.waiting, _POOL_WAIT)):
        return "pool"
    if link.refuses and rng.random() < link.share:
        yield env.timeout(world.system.rtt * 3)
        reason = link.refuses
    else:
        patience = call.timeout if link.timeout is None else link.timeout
        target = world.pick(call.service, writes=call.operation.startswith("INSERT"))
        if target is None:
            yield env.timeout(world.system.rtt)
            reason = "no_instance"
        else:
            reason = yield from _exchange(
                world, target, call.operation, trace, span, world.transit(inst, target, link), patience, inst
            )
    if not pool.leaks or rng.random() >= pool.leaks:
        world.give_back(pool)
    return reason
