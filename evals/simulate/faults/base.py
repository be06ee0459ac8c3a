"""What every fault has: where and when it strikes, what is turned, and what was true of it."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import NamedTuple, TypedDict

from evals.simulate.background import after, crash
from evals.simulate.draw import table
from evals.simulate.journal import Happening
from evals.simulate.state import Behaviour, Instance, Part
from evals.simulate.system import Operation, Service
from evals.simulate.world import World
from incidents.findings import Category


class Remedy(NamedTuple):
    """One action of the truth; `to` is its argument, for a flag `NAME=off`."""

    kind: str
    service: str
    to: str | int | None = None


@dataclass(frozen=True, kw_only=True)
class Injected:
    """What was true.

    Attributes:
        mechanism: the word for what broke; empty where no card of causes has one.
        also: further services that count as right.
        change: the change that began it.
        told: what the alert says where users notice nothing, or late.
    """

    service: str | None
    category: Category | None
    mechanism: str
    note: str
    also: tuple[str, ...] = ()
    change: Happening | None = None
    right: tuple[Remedy, ...] = ()
    harmless: tuple[Remedy, ...] = ()
    wrong: tuple[Remedy, ...] = ()
    told: str = ""
    breach: bool = False


class Unfit(Exception):
    """This system has no place where the fault could strike."""


@dataclass
class Site:
    """Where a fault is injected: a world that has not begun yet.

    Attributes:
        at: the onset, in seconds; `until`: the end of the simulation.
        rng: chance of this fault alone.
        taken: services that something else happens to.
    """

    world: World
    rng: Random
    at: float
    until: float
    taken: frozenset[str] = frozenset()

    def then(self, do: Callable[[], object], later: float = 0.0) -> None:
        """Do something at the onset, or so many seconds after it."""
        after(self.world, self.at + later, do)

    def service(self, *roles: str, want: Callable[[Service], bool] = lambda _: True) -> Service:
        """A service that is asked for; the more often, the likelier.

        Raises:
            Unfit: there is none.
        """
        system = self.world.system
        found = [
            each
            for each in system.having(*roles)
            if want(each) and each.name not in self.taken and self.rate(each) > 0.05
        ]
        if not found:
            raise Unfit(f"no {' or '.join(roles)} that is asked for")
        return self.rng.choices(found, [self.rate(each) ** 0.5 for each in found])[0]

    def rate(self, service: Service) -> float:
        """How many requests per second a service has on a usual day."""
        rates = self.world.system.rates
        return sum(rates.get((service.name, operation.name), 0.0) for operation in service.operations)

    def operation(self, service: Service, want: Callable[[Operation], bool] = lambda _: True) -> Operation:
        """One of its operations, the most asked for first.

        Raises:
            Unfit: it has none such.
        """
        rates = self.world.system.rates
        found = [
            op for op in service.operations if want(op) and rates.get((service.name, op.name), 0.0) > 0.03
        ]
        if not found:
            raise Unfit(f"{service.name} has no such operation")
        return max(found, key=lambda op: rates[service.name, op.name])

    def part(self, service: Service) -> Part:
        """What a service is while it runs."""
        return self.world.parts[service.name]

    def hit(self, service: Service) -> list[Instance]:
        """All instances, or, of several, sometimes only one."""
        instances = self.part(service).instances
        alone = len(instances) > 1 and self.rng.random() < 0.35
        return [self.rng.choice(instances)] if alone else list(instances)

    def change(
        self, service: Service, kind: str, summary: str, later: float = 0.0, flag: str = ""
    ) -> Happening:
        """Put a change on record; it takes effect at the onset, or so many seconds after it."""
        before, new = (
            (f"{flag}=off", f"{flag}=on")
            if flag
            else (service.version, bumped(service.version, kind, self.rng))
        )
        author = self.rng.choice(table("words")["authors"])
        made = Happening(self.at + later, service.name, kind, before, new, author, summary)
        self.world.journal.changes.append(made)
        return made

    def release(self, service: Service, turn: Callable[[Behaviour], None], only: str = "") -> None:
        """Instance after instance restarts and behaves in another way from then on."""
        for number, instance in enumerate(self.part(service).instances):

            def roll(instance: Instance = instance) -> None:
                crash(self.world, instance, 2.0, "stopped")
                self.turn([instance], turn, only)

            self.then(roll, later=number * 6.0)

    def turn(self, instances: list[Instance], turn: Callable[[Behaviour], None], only: str = "") -> None:
        """Change how instances do one operation, or all."""
        for instance in instances:
            for operation, behaviour in instance.behaviour.items():
                if only in ("", operation):
                    turn(behaviour)


def bumped(version: str, kind: str, rng: Random) -> str:
    """The version after this one."""
    major, minor, patch = version.split(".")
    return (
        f"{major}.{minor}.{int(patch) + 1}"
        if kind != "deploy" or rng.random() < 0.5
        else f"{major}.{int(minor) + 1}.0"
    )


Fault = Callable[[Site], Injected]


def wrongs(site: Site, service: str) -> tuple[Remedy, ...]:
    """What would harm without helping: a failover of a healthy database, and a restart of somebody else."""
    rng, system = site.rng, site.world.system
    stores = [each.name for each in system.having("database") if each.name != service]
    others = [each.name for each in system.having("service", "entry") if each.name != service]
    found = [Remedy("failover", name) for name in stores[:1]]
    return (*found, *(Remedy("restart", name) for name in rng.sample(others, min(1, len(others)))))


class Brought(TypedDict):
    """What is true of every fault that a change brings, as `Injected` calls it."""

    service: str
    category: Category
    change: Happening
    right: tuple[Remedy, ...]
    harmless: tuple[Remedy, ...]


def brought(change: Happening) -> Brought:
    """What is true of the service that was changed: taking it back helps, and a restart harms nobody."""
    return Brought(
        service=change.service,
        category=Category.DEPLOYMENT,
        change=change,
        right=undone(change),
        harmless=(Remedy("restart", change.service),),
    )


def undone(change: Happening) -> tuple[Remedy, ...]:
    """Taking a change back."""
    if change.kind == "flag":
        name = change.version_to.partition("=")[0]
        return (Remedy("feature_flag", change.service, f"{name}=off"),)
    return (Remedy("rollback", change.service, change.version_from),)
