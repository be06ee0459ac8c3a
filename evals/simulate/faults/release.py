"""What changes bring: releases, configuration, flags; and old code that meets new data."""

from collections.abc import Callable

from evals.simulate.draw import scaled
from evals.simulate.faults.base import Injected, Remedy, Site, Unfit, brought, wrongs
from evals.simulate.state import Behaviour
from evals.simulate.system import Service
from incidents.findings import Category

_SUMMARIES = (
    "Smaller answers and clearer names",
    "New pricing rules",
    "The client in its newest version",
    "Fewer copies of lists",
)


def release_errors(site: Site) -> Injected:
    """A new version raises an exception for a part of the requests."""
    share, early = site.rng.uniform(0.15, 0.9), site.rng.random() < 0.5

    def turn(how: Behaviour) -> None:
        how.fails, how.early = share, early

    return _released(
        site, site.service("service", "entry"), turn, "bad_release", f"fails in {share:.0%} of its requests"
    )


def release_slow(site: Site) -> Injected:
    """A new version takes longer for everything."""
    seconds = scaled(site.rng, (0.4, 2.5))

    def turn(how: Behaviour) -> None:
        how.extra = seconds

    return _released(
        site, site.service("service", "entry"), turn, "bad_release", f"takes {seconds:.1f} s longer"
    )


def release_wrong(site: Site) -> Injected:
    """A new version answers in time what its callers cannot use."""
    share = site.rng.uniform(0.3, 1.0)

    def turn(how: Behaviour) -> None:
        how.wrong = share

    return _released(
        site, site.service("service"), turn, "bad_release", f"answers wrongly in {share:.0%} of its requests"
    )


def _released(
    site: Site, service: Service, turn: Callable[[Behaviour], None], mechanism: str, what: str
) -> Injected:
    operation = (
        site.operation(service).name if len(service.operations) > 1 and site.rng.random() < 0.4 else ""
    )
    change = site.change(service, "deploy", site.rng.choice(_SUMMARIES))
    site.release(service, turn, operation)
    return Injected(
        **brought(change),
        mechanism=mechanism,
        wrong=wrongs(site, service.name),
        note=f"The release {change.version_to} {what}.",
    )


def config_timeout(site: Site) -> Injected:
    """A new configuration gives up on a callee before it can answer."""
    service = site.service("service", "entry", want=lambda s: bool(site.world.system.callees(s.name)))
    call = max((c for op in service.operations for c in op.calls), key=lambda c: c.probability)
    callee = site.world.system.by_name[call.service]
    usual = site.world.system.holds(callee, callee.operation(call.operation))
    change = site.change(service, "config", "Timeouts as in the guideline")
    link = site.world.links[service.name, call.service]

    def shorten() -> None:
        link.timeout = usual * site.rng.uniform(0.3, 0.9)

    site.then(shorten)
    return Injected(
        **brought(change),
        mechanism="configuration",
        wrong=(Remedy("restart", call.service), *wrongs(site, service.name)),
        note=f"Configuration {change.version_to} gives up on {call.service} before it can answer.",
    )


def config_access(site: Site) -> Injected:
    """A new configuration names a callee that does not exist, or a password that does not fit."""
    service = site.service("service", "entry", want=lambda s: bool(site.world.system.callees(s.name)))
    calls = [c for op in service.operations for c in op.calls if not c.optional]
    if not calls:
        raise Unfit("it can do without everybody")
    call = max(calls, key=lambda c: c.probability)
    change = site.change(service, "config", "Addresses and secrets from the new store")
    link, reason = site.world.links[service.name, call.service], site.rng.choice(("dns", "credentials"))

    what = "address" if reason == "dns" else "password"

    def refuse() -> None:
        link.refuses = reason

    site.then(refuse)
    return Injected(
        **brought(change),
        mechanism="configuration",
        wrong=(Remedy("restart", call.service), *wrongs(site, service.name)),
        note=f"Configuration {change.version_to} has the wrong {what} of {call.service}.",
    )


def feature_flag(site: Site) -> Injected:
    """A flag switches on a path that fails, is slow, or asks for everything many times."""
    rng, service = site.rng, site.service("service", "entry")
    name = rng.choice(("new_ranking", "express_lane", "strict_rules", "bulk_prices", "fresh_totals"))
    change = site.change(service, "flag", f"{name} for everybody", flag=name)
    operation = site.operation(service)
    way = rng.choice(("fails", "slow", "repeats") if operation.calls else ("fails", "slow"))
    amount = {
        "fails": rng.uniform(0.2, 0.9),
        "slow": scaled(rng, (0.5, 2.5)),
        "repeats": float(rng.randint(5, 12)),
    }[way]

    def turn(how: Behaviour) -> None:
        if way == "fails":
            how.fails, how.early = amount, True
        elif way == "slow":
            how.extra = amount
        else:
            how.repeats = int(amount)

    site.then(lambda: site.turn(site.part(service).instances, turn, operation.name))
    return Injected(
        **brought(change),
        mechanism="feature_flag",
        wrong=wrongs(site, service.name),
        note=f"The flag {name} {way}: {amount:.2g}.",
    )


def new_data(site: Site) -> Injected:
    """Old code meets data that it was not written for; nothing was changed."""
    service, share = site.service("service", "worker"), site.rng.uniform(0.2, 0.8)
    operation = site.operation(service)

    def turn(how: Behaviour) -> None:
        how.fails, how.reason, how.early = share, "unexpected_data", site.rng.random() < 0.5

    site.then(lambda: site.turn(site.part(service).instances, turn, operation.name))
    return Injected(
        service=service.name,
        category=Category.CODE,
        mechanism="data",
        right=(),
        harmless=(Remedy("restart", service.name),),
        wrong=wrongs(site, service.name),
        note=f"{operation.name} fails on {share:.0%} of what a supplier sends since then.",
    )
