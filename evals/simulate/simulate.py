"""One simulated incident: a system, what happens to it, and what monitoring saw."""

from dataclasses import dataclass

import polars as pl

from evals.simulate import background
from evals.simulate.around import surround
from evals.simulate.draw import stream
from evals.simulate.drawing import draw_system
from evals.simulate.faults import KINDS
from evals.simulate.faults.base import Injected, Site, Unfit
from evals.simulate.plan import Lens, Plan, draw_lens, draw_plan
from evals.simulate.readings import Readings
from evals.simulate.symptom import Symptom, first_symptom, vague
from evals.simulate.system import System
from evals.simulate.telemetry import spans_frame
from evals.simulate.world import World

#: So many systems are drawn to find one that a kind of fault fits.
_SYSTEMS = 25


@dataclass(frozen=True)
class Simulated:
    """A world after it ran.

    Attributes:
        causes: what was wrong, the one that users feel first in front; empty where nothing was.
        until: the last moment that is recorded, in seconds.
    """

    plan: Plan
    lens: Lens
    system: System
    world: World
    spans: pl.DataFrame
    causes: tuple[Injected, ...]
    kinds: tuple[str, ...]
    herrings: tuple[str, ...]
    symptom: Symptom
    until: float


def simulate(
    seed: int, kind: str | None = None, hops: float | None = None, after: float | None = None
) -> Simulated:
    """Draw the world of a seed and let it run.

    Args:
        seed: the world.
        kind: the kind of fault, or `nothing`; None: drawn.
        hops: about how many requests all services together get; None: as the parameters have it.

        after: how many seconds are recorded after the alert; None: drawn.

    Raises:
        Unfit: a kind of fault was asked for that fits no system drawn for this seed.
    """
    plan = draw_plan(seed, kind, after)
    world, causes = _prepared(plan, hops)
    system = world.system
    lens = draw_lens(seed, sum(visit.rate for visit in system.visits))
    taken = frozenset(name for cause in causes for name in (cause.service or "", *cause.also))
    herrings = surround(Site(world, stream(seed, "around"), plan.onset, plan.seconds, taken))
    background.start(world, seed)
    world.env.process(Readings(world, lens.interval).run())
    world.env.run(until=plan.seconds)
    spans = spans_frame(world.journal)
    symptom = _alerted(plan, system, spans, causes)
    return Simulated(
        plan,
        lens,
        system,
        world,
        spans,
        causes,
        plan.kinds if causes else (),
        herrings,
        symptom,
        min(plan.seconds, symptom.at + plan.after),
    )


def _prepared(plan: Plan, hops: float | None) -> tuple[World, tuple[Injected, ...]]:
    """A world with its faults; a system that has no place for them gives way to another."""
    unfit = Unfit()
    for number in range(_SYSTEMS):
        world = World(draw_system(plan.seed, plan.seconds, number, hops), plan.seed)
        try:
            return world, tuple(_injected(world, plan))
        except Unfit as error:
            unfit = error
    raise unfit


def _injected(world: World, plan: Plan) -> list[Injected]:
    causes: list[Injected] = []
    for number, kind in enumerate(plan.kinds):
        rng = stream(plan.seed, f"fault {number}")
        taken = frozenset(name for cause in causes for name in (cause.service or "", *cause.also))
        at = plan.onset + (rng.uniform(-60, 120) if number else 0.0)
        causes.append(KINDS[kind](Site(world, rng, at, plan.seconds, taken)))
    return causes


def _alerted(plan: Plan, system: System, spans: pl.DataFrame, causes: tuple[Injected, ...]) -> Symptom:
    """The first symptom of what users touch, as early or late as planned, or what people write instead."""
    rng = stream(plan.seed, "alert")
    entries = [service.name for service in system.having("entry")]
    told = causes[0].told if causes else ""
    found = None
    if causes and not told:  # where users notice nothing, whoever owns a service may
        owned = [service.name for service in system.having("service", "worker")]
        found = first_symptom(spans, entries, plan.onset) or first_symptom(spans, owned, plan.onset)
    planned = plan.onset + plan.alert
    latest = plan.seconds - plan.after
    if found is None or found.at > latest:
        name = causes[0].service if told and causes[0].service else rng.choice(entries)
        return Symptom(planned, name, "", told or vague(rng, name))
    return Symptom(max(planned, found.at), found.service, found.metric, found.title)
