"""Draws a system: which parts, who asks whom, how much each can bear."""

import math
from dataclasses import dataclass, field
from random import Random

from evals.simulate.draw import between, count, parameters, scaled, some, stream, table
from evals.simulate.system import Call, Operation, Service, System, Visit

_LENGTH = {"database": "database_log", "cache": "cache_log", "queue": "queue_log", "external": "external_log"}
_COMPUTES = {"database": 0.4, "cache": 0.3, "queue": 0.3, "external": 0.02}
#: Callers wait so many times as long as an answer usually takes.
_PATIENT = 5.0
#: The slowest visit takes about so many seconds at most.
_LONGEST = 1.0
_OWNER = {"database": "data", "cache": "infrastructure", "queue": "infrastructure", "entry": "frontend"}


@dataclass
class _Part:
    """A service while it is drawn; `queue`: the one that a worker lives on."""

    name: str
    role: str
    noun: str
    operations: list[Operation] = field(default_factory=list)
    queue: str = ""


def draw_system(seed: int, seconds: float, number: int = 0, hops: float | None = None) -> System:
    """The system of a world, sized so that its busiest part is as busy as parts are on a usual day.

    Args:
        seed: the world.
        seconds: how long it is to run; the longer, the fewer visits come.
        number: which of the systems that could be that world's.
        hops: about how many requests all services together get; None: as the parameters have it.
    """
    rng = stream(seed, f"system {number}")
    parts = _connected(rng, _parts(rng))
    entries = [name for name, part in parts.items() if part.role == "entry"]
    visits = tuple(
        Visit(service=name, operation=op.name, rate=rng.uniform(0.3, 1.0))
        for name in entries
        for op in parts[name].operations
    )
    services = tuple(_service(rng, name, part) for name, part in parts.items())
    system = System(
        services=services,
        hosts=(),
        placement={},
        visits=visits,
        rtt=scaled(rng, parameters("times")["rtt_log"]),
    )
    return _placed(rng, _sized(rng, _thinned(rng, system), (hops or parameters("traffic")["hops"]) / seconds))


def _parts(rng: Random) -> dict[str, _Part]:
    """The names and roles, callers before whom they may ask."""
    graph, words = parameters("graph"), table("words")
    style = rng.choice(words["styles"])
    parts = {}
    for role, group, number in (
        ("entry", "entries", count(rng, graph["entries"])),
        ("service", "services", count(rng, graph["services"])),
        ("external", "externals", count(rng, graph["externals"])),
        ("queue", "queues", count(rng, graph["queues"])),
        ("database", "databases", count(rng, graph["databases"])),
        ("cache", "caches", count(rng, graph["caches"])),
    ):
        for noun in some(rng, words[group], number):
            name = style.format(noun) if role == "service" else noun
            parts[name] = _Part(name, role, noun)
    for number, queue in enumerate([part.name for part in parts.values() if part.role == "queue"]):
        noun = f"{rng.choice(words['services'])}-worker-{number + 1}"
        parts[style.format(noun)] = _Part(style.format(noun), "worker", noun, queue=queue)
    for part in parts.values():
        part.operations = [_operation(rng, part, n) for n in range(_operations(rng, part.role))]
    return parts


def _operations(rng: Random, role: str) -> int:
    if role in ("cache", "queue", "worker"):
        return 1
    return count(rng, parameters("graph")["operations"]) + (role in ("entry", "database"))


def _operation(rng: Random, part: _Part, number: int) -> Operation:
    words, times, role = table("words"), parameters("times"), part.role
    seconds = scaled(rng, times[_LENGTH.get(role, "service_log")])
    writes, held = False, ""
    if role == "database":
        writes, held = number == 0, rng.choice(words["tables"])
        name = f"{'INSERT' if writes else 'SELECT'} {held}{number or ''}"
    elif role in ("cache", "queue", "worker"):
        name = {
            "cache": "GET key",
            "queue": "publish",
            "worker": f"consume {part.queue}",
        }[role]
    else:
        noun = part.noun.replace("-", "_")
        name = f"{rng.choice(words['verbs'])} {words['paths'][number % len(words['paths'])].format(noun)}"
        name = f"{name}/{number}" if number else name
    return Operation(
        name=name,
        seconds=seconds,
        processor=seconds * _COMPUTES.get(role, between(rng, (0.3, 0.8))),
        spread=between(rng, times["spread"]),
        writes=writes,
        table=held,
        payload=int(scaled(rng, (500, 60_000))),
    )


def _connected(rng: Random, parts: dict[str, _Part]) -> dict[str, _Part]:
    """Every part is asked by somebody that stands before it; some more calls are drawn."""
    named = {role: [part for part in parts.values() if part.role == role] for role in table("words")["roles"]}
    upper, deep = [*named["entry"], *named["service"]], named["service"]
    _layered(rng, upper)
    users = [*deep, *named["worker"]]
    for store in named["database"]:
        for index in range(len(store.operations)):
            for part in some(rng, users, 1 + (rng.random() < 0.5)):
                _join(rng, part, store, index)
    for part in users:
        if not any(op.calls for op in part.operations):
            store = rng.choice(named["database"])
            _join(rng, part, store, rng.randrange(len(store.operations)))
    for external in named["external"]:
        for index in range(len(external.operations)):
            _join(rng, rng.choice(deep), external, index, often=rng.uniform(0.2, 0.8))
    for queue, worker in zip(named["queue"], named["worker"], strict=True):
        _join(rng, rng.choice(deep), queue, 0, queued=True)
        delivers = (worker.name, worker.operations[0].name)
        queue.operations[0] = queue.operations[0].model_copy(update={"delivers": delivers})
    for cache in named["cache"]:
        _cached(rng, deep, cache.name, {store.name: store for store in named["database"]})
    used = {call.cache for part in upper for op in part.operations for call in op.calls}
    return {name: part for name, part in parts.items() if part.role != "cache" or name in used}


def _layered(rng: Random, upper: list[_Part]) -> None:
    """Services ask services that stand after them."""
    extra = between(rng, parameters("graph")["extra_calls"])
    for number, part in enumerate(upper):
        if part.role == "service":
            for index in range(len(part.operations)):
                _join(rng, rng.choice(upper[:number]), part, index)
        later = [each for each in upper[number + 1 :] if each.role == "service"]
        for _ in part.operations:
            if later and rng.random() < extra:
                callee = rng.choice(later)
                _join(rng, part, callee, rng.randrange(len(callee.operations)))


def _join(
    rng: Random, part: _Part, callee: _Part, index: int, *, often: float = 0.0, queued: bool = False
) -> None:
    calls, graph = parameters("calls"), parameters("graph")
    at = rng.randrange(len(part.operations))
    operation = part.operations[at]
    if any(
        call.service == callee.name and call.operation == callee.operations[index].name
        for call in operation.calls
    ):
        return
    external = callee.role == "external"
    call = Call(
        service=callee.name,
        operation=callee.operations[index].name,
        probability=often or rng.choice((1.0, 1.0, rng.uniform(0.4, 1.0), rng.uniform(1.0, 1.6))),
        timeout=scaled(rng, calls["timeout_log"]),
        retries=count(rng, calls["retries"]),
        backoff=scaled(rng, calls["backoff_log"]),
        queued=queued,
        optional=callee.role in ("service", "external") and rng.random() < graph["optional"],
        breaker=(external or rng.random() < 0.5) and rng.random() < graph["breaker"] * 2,
    )
    part.operations[at] = operation.model_copy(update={"calls": (*operation.calls, call)})


def _cached(rng: Random, deep: list[_Part], cache: str, stores: dict[str, _Part]) -> None:
    reads = [
        (part, at, number)
        for part in deep
        for at, op in enumerate(part.operations)
        for number, call in enumerate(op.calls)
        if call.service in stores and call.operation.startswith("SELECT") and not call.cache
    ]
    for part, at, number in some(rng, reads, 2):
        operation = part.operations[at]
        calls = list(operation.calls)
        _heavier(rng, stores[calls[number].service], calls[number].operation)
        calls[number] = calls[number].model_copy(update={"cache": cache})
        part.operations[at] = operation.model_copy(update={"calls": tuple(calls)})


def _heavier(rng: Random, store: _Part, name: str) -> None:
    """What is kept in a cache is kept because it takes long."""
    factor = scaled(rng, (3, 10))
    store.operations = [
        op.model_copy(update={"seconds": op.seconds * factor, "processor": op.processor * factor})
        if op.name == name
        else op
        for op in store.operations
    ]


def _service(rng: Random, name: str, part: _Part) -> Service:
    role, graph = part.role, parameters("graph")
    single = role in ("cache", "queue", "external")
    return Service(
        name=name,
        role=role,
        owner=_OWNER.get(role) or rng.choice(table("words")["owners"]),
        operations=tuple(part.operations),
        instances=() if single else ("",) * count(rng, graph["instances"]),
        pool=count(rng, parameters("calls")["pool"]),
        replicas=count(rng, graph["replicas"]) if role == "database" else 0,
        most=rng.randint(4, 8) if role in ("entry", "service") and rng.random() < graph["autoscaled"] else 0,
        checked=role in ("entry", "service") and rng.random() < graph["health_checked"],
        hits=between(rng, parameters("calls")["hit_ratio"]) if role == "cache" else 0.0,
        memory=rng.choice((256e6, 512e6, 1e9, 2e9)),
        version=f"{rng.randint(1, 9)}.{rng.randint(0, 40)}.{rng.randint(1, 9)}",
    )


def _thinned(rng: Random, system: System) -> System:
    """Calls are made more seldom until a visit leads to as many requests as visits do."""
    wanted = between(rng, parameters("graph")["hops"])
    while system.hops > wanted:
        system = system.model_copy(update={"services": tuple(_rarer(service) for service in system.services)})
        system = System.model_validate(system.model_dump())  # what was counted before is forgotten
    return system


def _rarer(service: Service) -> Service:
    operations = [
        op.model_copy(
            update={
                "calls": tuple(c.model_copy(update={"probability": c.probability * 0.85}) for c in op.calls)
            }
        )
        for op in service.operations
    ]
    return service.model_copy(update={"operations": tuple(operations)})


def _sized(rng: Random, system: System, most: float) -> System:
    """As many workers as the usual day needs, and times such that the busiest part is busy."""
    rate = sum(visit.rate for visit in system.visits)
    wanted = between(rng, parameters("times")["busiest"])
    traffic = parameters("traffic")
    total = min(scaled(rng, traffic["rate"]), most / system.hops)
    system = _rated(system, total / rate)
    own = [service for service in system.services if service.role != "external"]
    load = {service.name: system.busy(service) / max(1, len(service.instances)) for service in own}
    slowest = max(load.values())
    longest = max(
        system.holds(system.by_name[v.service], system.by_name[v.service].operation(v.operation))
        for v in system.visits
    )
    stretch = min(2.5, max(1.0, wanted / slowest), max(0.5, _LONGEST / longest))
    services = []
    for service in system.services:
        stretched = service.role not in ("cache", "queue", "external")
        factor = stretch if stretched else 1.0
        busy = load.get(service.name, 0.0) * stretch
        least = 1 if service.role == "database" else 2
        workers = max(least, math.ceil(busy / wanted)) if service.name in load else 500
        room = (
            max(1, round(workers * rng.choice((1, 1, 2, 4))))
            if workers < 500 and busy < wanted / 2
            else workers
        )
        operations = tuple(
            op.model_copy(update={"seconds": op.seconds * factor, "processor": op.processor * factor})
            for op in service.operations
        )
        wide = 64 if service.role in ("cache", "queue") else room
        services.append(
            service.model_copy(
                update={
                    "operations": operations,
                    "workers": wide,
                    "backlog": max(8, wide * 12),
                    "cores": float(max(1, math.ceil(wide / 2))),
                }
            )
        )
    return _patient(System.model_validate({**system.model_dump(), "services": services}))


def _patient(system: System) -> System:
    """No caller gives up on a callee that takes as long as it usually does."""

    def waits(call: Call) -> Call:
        callee = system.by_name[call.service]
        held = system.holds(callee, callee.operation(call.operation))
        return call.model_copy(update={"timeout": max(call.timeout, _PATIENT * held)})

    services = [
        service.model_copy(
            update={
                "operations": tuple(
                    op.model_copy(update={"calls": tuple(map(waits, op.calls))}) for op in service.operations
                )
            }
        )
        for service in system.services
    ]
    return System.model_validate({**system.model_dump(), "services": services})


def _rated(system: System, factor: float) -> System:
    visits = [visit.model_copy(update={"rate": visit.rate * factor}) for visit in system.visits]
    return System.model_validate({**system.model_dump(), "visits": visits})


def _placed(rng: Random, system: System) -> System:
    """Names of instances and hosts, and which runs where."""
    kind = rng.choice(("node-{}", "worker-{:02d}", "ip-10-0-{}-17", "vm-{}.internal"))
    hosts = tuple(kind.format(n + 1) for n in range(count(rng, parameters("graph")["hosts"])))
    style = rng.choice(("{}-{}", "{}-{:05x}-{}", "{}.{}"))
    placement, services = {}, []
    for service in system.services:
        number = len(service.instances) or 1
        if service.role == "database":
            number = 1 + service.replicas
        names = tuple(_instance(rng, style, service.name, n + 1) for n in range(number))
        if service.role != "external":
            start = rng.randrange(len(hosts))
            placement.update({name: hosts[(start + n) % len(hosts)] for n, name in enumerate(names)})
        services.append(service.model_copy(update={"instances": names}))
    return System.model_validate(
        {**system.model_dump(), "services": services, "hosts": hosts, "placement": placement}
    )


def _instance(rng: Random, style: str, name: str, number: int) -> str:
    plain = name.replace("/", "-")
    if style.count("{") == 3:
        return style.format(
            plain, rng.randrange(16**5), "".join(rng.choices("bcdfghjklmnpqrstvwxz2456789", k=5))
        )
    return style.format(plain, number)
