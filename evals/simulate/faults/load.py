"""Too much of something: visitors, retries, misses of a cache, checks that remove the healthy, a thief."""

from collections.abc import Callable

from evals.simulate import mechanism
from evals.simulate.background import Going
from evals.simulate.draw import some
from evals.simulate.faults.base import Injected, Remedy, Site, Unfit, brought, wrongs
from evals.simulate.system import Service
from incidents.findings import Category

#: A simulation of more than so many times the usual visitors takes too long.
_MOST = 10.0
#: Less than so many times what it can bear does not overrun a service.
_OVERRUN = 1.2


def _bottleneck(site: Site, want: Callable[[Service], bool], *roles: str) -> tuple[Service, float]:
    """The busiest service, and how busy it is on a usual day."""
    system = site.world.system
    found = [
        (system.busy(s) / len(s.instances) / s.workers, s)
        for s in system.having(*roles)
        if s.name not in site.taken and want(s)
    ]
    busy, service = max(found, key=lambda each: (each[0], each[1].name), default=(0.0, None))
    if service is None:
        raise Unfit("nothing is left to be overrun")
    if busy * _MOST < _OVERRUN:  # a system that was built with less in reserve
        for instance in site.part(service).instances:
            instance.workers, instance.backlog = 1, 8
        busy *= service.workers
    if busy * _MOST < _OVERRUN:
        raise Unfit("nothing is busy enough to be overrun")
    return service, busy


def traffic_surge(site: Site) -> Injected:
    """Many times the usual visitors come."""
    service, busy = _bottleneck(site, lambda _: True, "entry", "service", "database")
    factor = min(_MOST, site.rng.uniform(1.3, 2.0) / busy)
    site.part(service).may_grow = False
    _more_visitors(site, factor)
    entries = tuple(each.name for each in site.world.system.having("entry") if each.name != service.name)
    return Injected(
        service=service.name,
        category=Category.INFRASTRUCTURE,
        mechanism="traffic",
        also=entries,
        right=(Remedy("scale", service.name, 2 * len(service.instances)),),
        harmless=(Remedy("restart", service.name),),
        wrong=wrongs(site, service.name),
        note=f"{factor:.1f} times the usual visitors come, and {service.name} cannot bear them.",
    )


def scaling_stuck(site: Site) -> Injected:
    """More visitors come, as on other days, and no instance can be added."""
    service, busy = _bottleneck(site, lambda s: s.most > 0, "entry", "service")
    part, factor = site.part(service), min(_MOST, site.rng.uniform(1.2, 1.5) / busy)

    def stick() -> None:
        part.may_grow = False

    site.then(stick)
    _more_visitors(site, factor, over=120.0)
    return Injected(
        service=service.name,
        category=Category.INFRASTRUCTURE,
        mechanism="autoscaling",
        wrong=wrongs(site, service.name),
        note=f"{service.name} needs more instances for {factor:.1f} times the visitors; no machine has room.",
    )


def _more_visitors(site: Site, factor: float, over: float = 30.0) -> None:
    start = site.at

    def surge(now: float) -> float:
        return 1.0 + (factor - 1.0) * min(1.0, max(0.0, (now - start) / over))

    site.world.surge = surge


def retry_storm(site: Site) -> Injected:
    """A short stall, and callers that ask again and again keep the callee from recovering."""
    system = site.world.system
    service = site.service("service", "database", want=lambda s: bool(system.callers(s.name)))
    held = max(system.holds(service, op) for op in service.operations)
    for caller in system.callers(service.name):
        link = site.world.links[caller, service.name]
        link.timeout, link.retries = max(0.25, 4 * held), site.rng.randint(5, 9)
    stall, instances = site.rng.uniform(15, 40), site.part(service).instances

    def freeze(extra: float) -> None:
        for instance in instances:
            for how in instance.behaviour.values():
                how.extra = extra

    site.then(lambda: freeze(site.rng.uniform(3, 8)))
    site.then(lambda: freeze(held * site.rng.uniform(0.5, 2.0)), later=stall)  # caches are cold
    return Injected(
        service=service.name,
        category=Category.INFRASTRUCTURE,
        mechanism="retry_storm",
        also=tuple(system.callers(service.name)),
        right=(Remedy("scale", service.name, 2 * len(service.instances)),)
        if service.role != "database"
        else (),
        harmless=(Remedy("restart", service.name),),
        wrong=wrongs(site, service.name),
        note=f"After {stall:.0f} s without answers its callers ask {service.name} too often.",
    )


def thundering_herd(site: Site) -> Injected:
    """Every minute at the same second, many clients ask at once."""
    system, world = site.world.system, site.world
    visit = site.rng.choice(system.visits)
    service = system.by_name[visit.service]
    number = int(service.workers * len(service.instances) * site.rng.uniform(8, 20))
    at = 0.0
    while site.at + at < site.until:

        def herd() -> None:
            for _ in range(number):
                world.env.process(mechanism.visit(world, visit.service, visit.operation))

        site.then(herd, later=at)
        at += 60.0
    return Injected(
        service=service.name,
        category=Category.INFRASTRUCTURE,
        mechanism="thundering_herd",
        also=tuple(system.callees(service.name)),
        right=(Remedy("scale", service.name, 4 * len(service.instances)),),
        harmless=(Remedy("restart", service.name),),
        wrong=wrongs(site, service.name),
        note=f"Since then {number} clients ask {service.name} in the same second of every minute.",
    )


def cache_flush(site: Site) -> Injected:
    """A cache is emptied, and has room for little from then on."""
    service = site.service("cache")
    part, room = site.part(service), site.rng.choice((1, 5, 20))

    def flush() -> None:
        part.keys.clear()
        part.room = room

    site.then(flush)
    return Injected(
        service=service.name,
        category=Category.INFRASTRUCTURE,
        mechanism="cache",
        harmless=(Remedy("restart", service.name),),
        wrong=wrongs(site, service.name),
        note=f"{service.name} was emptied and holds at most {room} keys: the database has to answer.",
    )


def strict_checks(site: Site) -> Injected:
    """A new configuration of health checks takes instances out that are well."""
    service = site.service("service", "entry", want=lambda s: s.checked)
    change = site.change(service, "config", "Faster detection of dead instances")
    part, seconds = site.part(service), site.rng.uniform(0.008, 0.016)

    def tighten() -> None:
        part.strict = seconds

    site.then(tighten)
    return Injected(
        **brought(change),
        mechanism="health_checks",
        wrong=wrongs(site, service.name),
        note=f"Checks give an instance {seconds * 1000:.0f} ms: the balancer takes out what is well.",
    )


def misuse(site: Site) -> Injected:
    """Somebody takes the customers' data out with an account; nothing is slow, nothing fails."""
    system, world = site.world.system, site.world
    visit = site.rng.choice(system.visits)
    service, every = system.by_name[visit.service], site.rng.uniform(1.5, 5.0)

    def thief() -> Going:
        while True:
            yield world.env.timeout(site.rng.expovariate(1 / every))
            instance = world.pick(service.name, writes=False)
            if instance is not None:
                instance.sent += site.rng.uniform(1.5e6, 6e6)
                world.line(instance, "info", "export", visit.operation, "")
            yield from mechanism.visit(world, service.name, visit.operation)

    site.then(lambda: world.env.process(thief()))
    owners = some(site.rng, ["data protection", "an auditor", "a customer"], 1)[0]
    return Injected(
        service=service.name,
        category=None,
        mechanism="misuse",
        told=f"Word of {owners}: somebody may be copying customer data out of {service.name}",
        wrong=(Remedy("restart", service.name), *wrongs(site, service.name)),
        breach=True,
        note=f"The account support-7 takes customer data out of {service.name}, a page every {every:.1f} s.",
    )
