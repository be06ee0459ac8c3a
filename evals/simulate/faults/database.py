"""What ails databases and the ways to them."""

from evals.simulate.background import Going
from evals.simulate.draw import scaled
from evals.simulate.faults.base import Injected, Remedy, Site, brought, undone, wrongs
from evals.simulate.state import Behaviour
from incidents.findings import Category


def pool_leak(site: Site) -> Injected:
    """A service does not give every connection back; sometimes a release brought it."""
    system = site.world.system
    stores = {each.name for each in system.having("database")}
    service = site.service("service", want=lambda s: bool(stores & set(system.callees(s.name))))
    store = site.rng.choice(sorted(stores & set(system.callees(service.name))))
    asked = sum(
        system.rates.get((service.name, operation.name), 0.0) * call.probability
        for operation in service.operations
        for call in operation.calls
        if call.service == store
    )
    connections = service.pool * len(service.instances)
    share = min(0.95, connections / max(0.01, asked * site.rng.uniform(20, 150)))

    def leak() -> None:
        for instance in site.part(service).instances:
            instance.pools[store].leaks = share

    change = site.change(service, "deploy", "A new way to ask for lists") if site.rng.random() < 0.5 else None
    site.then(leak)
    return Injected(
        service=service.name,
        category=Category.DEPLOYMENT if change else Category.CODE,
        mechanism="pool_exhausted",
        change=change,
        right=(*(undone(change) if change else ()), Remedy("restart", service.name)),
        wrong=(Remedy("failover", store), Remedy("restart", store), *wrongs(site, service.name)),
        note=f"{service.name} keeps {share:.0%} of its connections to {store} for ever.",
    )


def few_connections(site: Site) -> Injected:
    """A new configuration leaves a database one connection, and nobody may wait for it for long."""
    service = site.service("database")
    change = site.change(service, "config", "Fewer idle connections")
    instances = site.part(service).instances

    def limit() -> None:
        for instance in instances:
            instance.workers, instance.backlog = 1, 1

    site.then(limit)
    login = site.rng.uniform(0.1, 0.4)

    def turn(how: Behaviour) -> None:
        how.extra = login  # no connection stays open: each statement begins with a login

    site.then(lambda: site.turn(instances, turn))
    return Injected(
        **brought(change),
        mechanism="pool_exhausted",
        wrong=(Remedy("failover", service.name), *wrongs(site, service.name)),
        note=f"Configuration {change.version_to} leaves one connection of {service.name} to all.",
    )


def lock_contention(site: Site) -> Injected:
    """A session takes a table's lock and keeps it, for ever or again and again."""
    service = site.service("database", want=lambda s: any(op.writes for op in s.operations))
    operation = site.operation(service, lambda op: op.writes)
    lock, forever = site.part(service).lock(operation.table), site.rng.random() < 0.4
    world, length = site.world, site.rng.uniform(6, 20)

    def session() -> Going:
        while True:
            if lock.taken:
                yield from world.patient(lock.waiting, 1e6)
            lock.taken = True
            yield world.env.timeout(1e6 if forever else length)
            world.unlock(lock)
            yield world.env.timeout(site.rng.uniform(1, 5))

    site.then(lambda: world.env.process(session()))
    return Injected(
        service=service.name,
        category=Category.INFRASTRUCTURE,
        mechanism="lock",
        right=(Remedy("restart", service.name),),
        wrong=(Remedy("failover", service.name), *wrongs(site, service.name)),
        note=f"A session keeps the lock of {operation.table}: whoever writes there waits and gives up.",
    )


def slow_statement(site: Site) -> Injected:
    """One statement takes much longer: its plan changed."""
    service = site.service("database")
    operation, factor = site.operation(service, lambda op: not op.writes), scaled(site.rng, (12, 60))

    def turn(how: Behaviour) -> None:
        how.factor = factor

    site.then(lambda: site.turn(site.part(service).instances, turn, operation.name))
    return Injected(
        service=service.name,
        category=Category.INFRASTRUCTURE,
        mechanism="slow_statement",
        harmless=(Remedy("restart", service.name),),
        wrong=(Remedy("failover", service.name), *wrongs(site, service.name)),
        note=f"{operation.name} has another plan now, and takes {factor:.0f} times as long.",
    )


def replica_lag(site: Site) -> Injected:
    """Replicas follow too slowly: what was just written cannot be read yet."""
    service = site.service(
        "database", want=lambda s: s.replicas > 0 and any(op.writes for op in s.operations)
    )
    site.operation(service, lambda op: not op.writes)
    followers, speed = site.part(service).instances[1:], site.rng.uniform(0.0, 0.6)

    def lag() -> None:
        for instance in followers:
            instance.applies = speed

    site.then(lag)
    return Injected(
        service=service.name,
        category=Category.INFRASTRUCTURE,
        mechanism="replica_lag",
        wrong=(Remedy("failover", service.name), *wrongs(site, service.name)),
        note=f"The replicas of {service.name} follow at {speed:.0%} of the speed of its writes.",
    )


def database_overload(site: Site) -> Injected:
    """A report asks a database for everything, all the time, beside what services ask."""
    service = site.service("database")
    operation, part = site.operation(service, lambda op: not op.writes), site.part(service)

    factor = scaled(site.rng, (8, 40))

    def turn(how: Behaviour) -> None:
        how.factor = factor  # the report reads from the same disk

    def load() -> None:
        site.turn(part.instances, turn)
        for instance in part.instances:
            instance.hog = 2.0 * instance.cores

    site.then(load)
    return Injected(
        service=service.name,
        category=Category.INFRASTRUCTURE,
        mechanism="load",
        harmless=(Remedy("restart", service.name),),
        wrong=(Remedy("failover", service.name), *wrongs(site, service.name)),
        note=f"A report reads {operation.table or operation.name} again and again, and takes disk and cores.",
    )
