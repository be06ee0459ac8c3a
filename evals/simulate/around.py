"""What happens near an onset without being its cause: idle changes, and neighbours that are odd."""

from contextlib import suppress
from functools import partial

from evals.simulate.background import crash
from evals.simulate.draw import count, parameters, table
from evals.simulate.faults.base import Site, Unfit


def surround(site: Site) -> tuple[str, ...]:
    """Put innocent changes and odd neighbours around the onset.

    Returns:
        the services that look like a cause and are not.
    """
    rng, how = site.rng, parameters("around")
    herrings = []
    makers = [_innocent] * count(rng, how["innocent"]) + [_neighbour] * (rng.random() < how["neighbour"])
    for make in makers:
        with suppress(Unfit):
            herrings.append(make(site))
    return tuple(sorted(set(herrings)))


def _innocent(site: Site) -> str:
    """A change that changes nothing for anybody; a release restarts its instances one after the other."""
    service, kind = (
        site.service("entry", "service", "worker", "database"),
        site.rng.choice(("deploy", "deploy", "config", "flag", "scale", "infra")),
    )
    later = site.rng.uniform(-600, 120)
    summary = site.rng.choice(table("words")["summaries"][kind])
    flag = (
        f"{site.rng.choice(('beta', 'colour', 'wording'))}_{site.rng.randrange(90)}" if kind == "flag" else ""
    )
    site.change(service, kind, summary, later, flag)
    instances = site.part(service).instances
    if kind == "deploy" and len(instances) > 1 and service.role != "database":
        for number, instance in enumerate(instances):
            site.then(partial(crash, site.world, instance, 1.0, "stopped"), later + 8.0 * number)
    return service.name


def _neighbour(site: Site) -> str:
    """A service that computes, remembers or fails more than usual without harming anybody."""
    service = site.service("service", "worker", "database")
    instances, rng = site.part(service).instances, site.rng
    way, later = rng.choice(("computes", "remembers", "restarts")), rng.uniform(-240, 120)

    def odd() -> None:
        instance = rng.choice(instances)
        if way == "computes":  # a report in a process of its own, on cores that nobody needs
            instance.hog = 0.6 * instance.cores
            instance.cores *= 2
        elif way == "remembers":
            instance.memory += 0.35 * service.memory
        elif len(instances) > 1 and service.role != "database":
            crash(site.world, instance, 3.0, "crashed")

    site.then(odd, later)
    return service.name
