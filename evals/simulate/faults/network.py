"""What lies between services: delay, loss, names, certificates, and clocks that differ."""

from functools import partial

from evals.simulate.background import after
from evals.simulate.draw import scaled
from evals.simulate.faults.base import Injected, Remedy, Site, Unfit, wrongs
from evals.simulate.state import Link
from evals.simulate.system import Call, Service
from incidents.findings import Category


def _edge(site: Site) -> tuple[Service, Call]:
    """A call that is made often, and without which its caller fails."""
    system = site.world.system
    found = [
        (service, call, system.rates.get((service.name, operation.name), 0.0) * call.probability)
        for service, operation, call in system.edges()
        if not call.optional and not {service.name, call.service} & site.taken
    ]
    fit = [(service, call, rate) for service, call, rate in found if rate > 0.1]
    if not fit:
        raise Unfit("no call that is made often")
    service, call, _ = site.rng.choices(fit, [rate**0.5 for _, _, rate in fit])[0]
    return service, call


def _between(site: Site, service: Service, call: Call, mechanism: str, what: str) -> Injected:
    return Injected(
        service=call.service,
        category=Category.INFRASTRUCTURE,
        mechanism=mechanism,
        also=(service.name,),
        harmless=(Remedy("restart", service.name),),
        wrong=wrongs(site, call.service),
        note=f"The network between {service.name} and {call.service} {what}.",
    )


def delay_between(site: Site) -> Injected:
    """Packets between two services take longer."""
    service, call = _edge(site)
    link, seconds = site.world.links[service.name, call.service], scaled(site.rng, (0.2, 2.0))

    def strike() -> None:
        link.delay = seconds

    site.then(strike)
    return _between(site, service, call, "network_delay", f"takes {seconds:.2f} s longer")


def loss_between(site: Site) -> Injected:
    """Packets between two services are lost, some or all."""
    service, call = _edge(site)
    link, share = (
        site.world.links[service.name, call.service],
        site.rng.choice((site.rng.uniform(0.1, 0.4), 1.0)),
    )

    def strike() -> None:
        link.loss = share

    site.then(strike)
    return _between(site, service, call, "packet_loss", f"loses {share:.0%} of the packets")


def _interface(site: Site, mechanism: str, what: str, service: Service) -> Injected:
    return Injected(
        service=service.name,
        category=Category.INFRASTRUCTURE,
        mechanism=mechanism,
        harmless=(Remedy("restart", service.name),),
        wrong=wrongs(site, service.name),
        note=f"The network of {service.name} {what}.",
    )


def delay_at(site: Site) -> Injected:
    """Everything that goes to and from a service takes longer."""
    service, seconds = site.service("service", "database"), scaled(site.rng, (0.1, 1.2))
    hit = site.hit(service)

    def strike() -> None:
        for instance in hit:
            instance.delay = seconds

    site.then(strike)
    return _interface(site, "network_delay", f"takes {seconds:.2f} s longer", service)


def loss_at(site: Site) -> Injected:
    """Packets to and from a service are lost."""
    service, share = site.service("service", "database"), site.rng.uniform(0.1, 0.4)
    hit = site.hit(service)

    def strike() -> None:
        for instance in hit:
            instance.loss = share

    site.then(strike)
    return _interface(site, "packet_loss", f"loses {share:.0%} of the packets", service)


def certificate(site: Site) -> Injected:
    """The certificate of a service has run out: connections that are made anew fail, soon all."""
    service = site.service(
        "service", "database", "external", want=lambda s: bool(site.world.system.callers(s.name))
    )
    links = [site.world.links[caller, service.name] for caller in site.world.system.callers(service.name)]
    length = site.rng.uniform(20, 120)

    def refuse(link: Link, share: float) -> None:
        link.refuses, link.share = "certificate", share

    for step in range(5):
        for link in links:
            site.then(partial(refuse, link, (step + 1) / 5), later=step * length / 5)
    external = service.role == "external"
    return Injected(
        service=service.name,
        category=Category.DEPENDENCY if external else Category.INFRASTRUCTURE,
        mechanism="certificate",
        wrong=(Remedy("restart", service.name), *wrongs(site, service.name))
        if not external
        else wrongs(site, service.name),
        note=f"The certificate of {service.name} ran out.",
    )


def dns(site: Site) -> Injected:
    """A name is found only now and then."""
    service = site.service("service", "database", want=lambda s: bool(site.world.system.callers(s.name)))
    share = site.rng.uniform(0.3, 0.95)

    def strike() -> None:
        for caller in site.world.system.callers(service.name):
            link = site.world.links[caller, service.name]
            link.refuses, link.share = "dns", share

    site.then(strike)
    return _interface(site, "dns", f"cannot be found by name in {share:.0%} of the attempts", service)


def clock_skew(site: Site) -> Injected:
    """A clock jumps or drifts: what one side signed is not valid yet at the other."""
    service = site.service("service", want=lambda s: bool({"service", "entry"} & _roles(site, s)))
    hit, seconds = site.hit(service), site.rng.choice((-1, 1)) * scaled(site.rng, (40, 900))
    steps, where = site.rng.choice((1, 6)), "ahead" if seconds > 0 else "behind"

    def drift() -> None:
        for instance in hit:
            instance.clock += seconds / steps

    for step in range(steps):
        after(site.world, site.at + 20.0 * step, drift)
    return Injected(
        service=service.name,
        category=Category.INFRASTRUCTURE,
        mechanism="clock",
        harmless=(Remedy("restart", service.name),),
        wrong=wrongs(site, service.name),
        note=f"The clocks of {', '.join(i.name for i in hit)} are {abs(seconds):.0f} s {where}.",
    )


def _roles(site: Site, service: Service) -> set[str]:
    system = site.world.system
    return {system.by_name[name].role for name in system.callers(service.name)}
