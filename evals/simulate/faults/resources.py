"""What runs out, or dies, under a service: processor, memory, disk, a whole machine."""

from functools import partial

from evals.simulate.background import crash
from evals.simulate.draw import scaled
from evals.simulate.faults.base import Injected, Remedy, Site, Unfit, brought, undone, wrongs
from evals.simulate.state import Behaviour, Host, Instance
from incidents.findings import Category


def cpu_starvation(site: Site) -> Injected:
    """Something else takes the cores, or a limit leaves few of them."""
    rng, service = site.rng, site.service("entry", "service", "database")
    hit, limited = site.hit(service), rng.random() < 0.5
    slow = min(60.0, max(6.0, rng.uniform(0.3, 1.5) / site.operation(service).processor))
    amount = 1 / slow if limited else slow

    def starve() -> None:
        for instance in hit:
            if limited:
                instance.cores *= amount
            else:
                instance.hog = amount * instance.cores

    site.then(starve)
    what = (
        f"may use {amount:.0%} of its cores"
        if limited
        else "shares its cores with a process that takes all it gets"
    )
    return Injected(
        service=service.name,
        category=Category.INFRASTRUCTURE,
        mechanism="cpu",
        right=(Remedy("scale", service.name, len(service.instances) + 2),),
        harmless=(Remedy("restart", service.name),),
        wrong=wrongs(site, service.name),
        note=f"{', '.join(instance.name for instance in hit)} {what}.",
    )


def memory_leak(site: Site) -> Injected:
    """Every request leaves something behind until the instance is killed; sometimes a release brought it."""
    rng, service = site.rng, site.service("entry", "service")
    each = site.rate(service) / len(service.instances)
    kept = 0.7 * service.memory / max(5.0, each * rng.uniform(60, 240))

    def turn(how: Behaviour) -> None:
        how.retains = kept

    change = site.change(service, "deploy", "Answers are kept for later") if rng.random() < 0.5 else None
    if change:
        site.release(service, turn)
    else:
        site.then(lambda: site.turn(site.part(service).instances, turn))
    return Injected(
        service=service.name,
        category=Category.DEPLOYMENT if change else Category.CODE,
        mechanism="memory_leak",
        change=change,
        right=(*(undone(change) if change else ()), Remedy("restart", service.name)),
        wrong=wrongs(site, service.name),
        note=f"Every request leaves {kept / 1e6:.1f} MB in memory; full instances are killed.",
    )


def crash_loop(site: Site) -> Injected:
    """A release whose instances die a few seconds after they began."""
    service = site.service("service")
    change = site.change(service, "deploy", "Starts faster")
    instances = site.part(service).instances

    def die(instance: Instance) -> None:
        crash(site.world, instance, site.rng.uniform(5, 12), "crashed")

    at = 0.0
    while site.at + at < site.until:
        for instance in instances:
            site.then(partial(die, instance), later=at + site.rng.uniform(0, 4))
        at += site.rng.uniform(14, 25)
    return Injected(
        **brought(change),
        mechanism="bad_release",
        wrong=wrongs(site, service.name),
        note=f"The release {change.version_to} dies soon after each start.",
    )


def disk_full(site: Site) -> Injected:
    """A disk fills until a database can write no more."""
    service = site.service("database", want=lambda s: any(op.writes for op in s.operations))
    site.operation(service, lambda op: op.writes)
    part, seconds = site.part(service), site.rng.uniform(10, 150)
    part.disk = part.capacity * site.rng.uniform(0.8, 0.95)

    def fill() -> None:
        part.grows = (part.capacity - part.disk) / seconds

    site.then(fill)
    return Injected(
        service=service.name,
        category=Category.INFRASTRUCTURE,
        mechanism="disk_full",
        wrong=(
            Remedy("failover", service.name),
            Remedy("restart", service.name),
            *wrongs(site, service.name),
        ),
        note=f"The disk of {service.name} is full about {seconds:.0f} s later, and nothing can be written.",
    )


def _host(site: Site) -> tuple[Host, list[Instance]]:
    """A machine that enough requests go through."""
    system = site.world.system
    load = dict.fromkeys(system.hosts, 0.0)
    for service in system.services:
        for name in service.instances:
            if name in system.placement:
                load[system.placement[name]] += site.rate(service) / len(service.instances)
    usual = sum(visit.rate for visit in system.visits)
    fit = [name for name, rate in load.items() if rate > 0.5 * usual]
    if not fit or len(system.hosts) < 2:
        raise Unfit("no machine that enough requests go through")
    host = site.world.hosts[site.rng.choice(fit)]
    return host, [instance for instance in site.world.instances if instance.host is host]


def _of_host(site: Site, host: Host, mechanism: str, what: str) -> Injected:
    on_it = sorted({i.service.name for i in site.world.instances if i.host is host})
    return Injected(
        service=host.name,
        category=Category.INFRASTRUCTURE,
        mechanism=mechanism,
        harmless=tuple(Remedy("restart", name) for name in on_it),
        wrong=wrongs(site, ""),
        note=f"The machine {host.name} {what}; {', '.join(on_it)} run on it.",
    )


def node_processor(site: Site) -> Injected:
    """A machine computes slowly for all that run on it."""
    host, _ = _host(site)
    slow = scaled(site.rng, (6, 20))

    def strike() -> None:
        host.slow, host.hog = slow, 0.9

    site.then(strike)
    return _of_host(site, host, "node", f"computes {slow:.0f} times as slowly")


def node_network(site: Site) -> Injected:
    """A machine's network delays or loses packets."""
    host, _ = _host(site)
    loses = site.rng.random() < 0.5
    amount = site.rng.uniform(0.1, 0.35) if loses else scaled(site.rng, (0.15, 1.5))

    def strike() -> None:
        if loses:
            host.loss = amount
        else:
            host.delay = amount

    site.then(strike)
    return _of_host(
        site,
        host,
        "node",
        f"loses {amount:.0%} of its packets" if loses else f"delays packets by {amount:.2f} s",
    )


def node_down(site: Site) -> Injected:
    """A machine is gone, with all that ran on it."""
    host, instances = _host(site)

    def strike() -> None:
        host.up = False
        for instance in instances:
            crash(site.world, instance, 60.0, "host_lost")

    site.then(strike)
    return _of_host(site, host, "node", "is down")
