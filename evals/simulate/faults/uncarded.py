"""Kinds of cause that no card describes: that the kind is not known is the right answer."""

from evals.simulate.background import Going
from evals.simulate.faults.base import Injected, Remedy, Site, wrongs
from incidents.findings import Category


def stalls(site: Site) -> Injected:
    """Again and again a service stands still for some seconds; nothing that is measured says why."""
    service = site.service("service", "entry")
    instances, length = site.hit(service), site.rng.uniform(4, 12)

    def stall() -> Going:
        while True:
            for part in (length, 0.0):
                for instance in instances:
                    for how in instance.behaviour.values():
                        how.extra = part / 2
                yield site.world.env.timeout(length if part else site.rng.uniform(6, 20))

    site.then(lambda: site.world.env.process(stall()))
    return _unknown(
        site,
        service.name,
        Category.CODE,
        f"stands still for {length:.0f} s again and again: two threads wait for each other",
    )


def descriptors(site: Site) -> Injected:
    """Files are opened and never closed until no connection can be taken any more."""
    service, seconds = site.service("service", "entry"), site.rng.uniform(40, 200)

    def leak() -> Going:
        while True:
            yield site.world.env.timeout(5.0)
            for instance in site.part(service).instances:
                instance.descriptors = min(1.0, instance.descriptors + 5.0 / seconds)

    site.then(lambda: site.world.env.process(leak()))
    return _unknown(
        site, service.name, Category.CODE, f"closes no file: after {seconds:.0f} s it can open none"
    )


def half_open(site: Site) -> Injected:
    """A firewall forgets connections that were idle; whoever uses one first is reset."""
    system = site.world.system
    service = site.service("service", "database", want=lambda s: bool(system.callers(s.name)))
    share = site.rng.uniform(0.3, 0.8)

    def strike() -> None:
        for caller in system.callers(service.name):
            link = site.world.links[caller, service.name]
            link.refuses, link.share, link.retries = "reset", share, 0

    site.then(strike)
    return _unknown(
        site,
        service.name,
        Category.INFRASTRUCTURE,
        f"is behind a firewall that forgets {share:.0%} of the connections",
    )


def _unknown(site: Site, service: str, category: Category, what: str) -> Injected:
    return Injected(
        service=service,
        category=category,
        mechanism="",
        harmless=(Remedy("restart", service),),
        wrong=wrongs(site, service),
        note=f"{service} {what}.",
    )
