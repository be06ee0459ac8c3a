"""What others do: a provider that is slow, fails, or has a quota."""

from evals.simulate.draw import scaled
from evals.simulate.faults.base import Injected, Remedy, Site, wrongs
from evals.simulate.state import Behaviour
from evals.simulate.system import Service
from incidents.findings import Category


def slow_provider(site: Site) -> Injected:
    """A provider takes much longer."""
    provider, factor = site.service("external"), scaled(site.rng, (5, 30))

    def turn(how: Behaviour) -> None:
        how.factor = factor

    site.then(lambda: site.turn(site.part(provider).instances, turn))
    return _theirs(site, provider, "slow_dependency", f"answers {factor:.0f} times as slowly")


def failing_provider(site: Site) -> Injected:
    """A provider refuses a part of the requests."""
    provider, share = site.service("external"), site.rng.uniform(0.4, 1.0)

    def turn(how: Behaviour) -> None:
        how.fails, how.early = share, True

    site.then(lambda: site.turn(site.part(provider).instances, turn))
    return _theirs(site, provider, "dependency_down", f"fails in {share:.0%} of the requests")


def quota(site: Site) -> Injected:
    """A provider takes only so many requests a minute from us."""
    provider = site.service("external")
    part, allowed = site.part(provider), max(1.0, site.rate(provider) * 60 * site.rng.uniform(0.1, 0.6))

    def limit() -> None:
        part.quota = allowed

    site.then(limit)
    return _theirs(site, provider, "quota", f"takes {allowed:.0f} requests a minute and refuses the others")


def _theirs(site: Site, provider: Service, mechanism: str, what: str) -> Injected:
    callers = site.world.system.callers(provider.name)
    return Injected(
        service=provider.name,
        category=Category.DEPENDENCY,
        mechanism=mechanism,
        right=tuple(Remedy("fallback", name) for name in (*callers, provider.name)),
        harmless=(),
        wrong=(*(Remedy("restart", name) for name in callers), *wrongs(site, provider.name)),
        note=f"{provider.name}, which is not ours, {what}.",
    )
