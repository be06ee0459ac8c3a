"""What is drawn for one case beside its system: how long it runs, which fault, what of it is recorded."""

from dataclasses import dataclass

from evals.simulate.draw import between, parameters, scaled, stream, table
from evals.simulate.faults import CARDED, UNCARDED


@dataclass(frozen=True)
class Plan:
    """The clock of a case, in seconds since its first sample, and what happens in it.

    Attributes:
        kinds: the kinds of fault: one, two, or none.
        alert: after the onset; a monitoring that sees nothing by then is slower.
        after: how long the recording goes on after the alert.
    """

    seed: int
    kinds: tuple[str, ...]
    onset: float
    alert: float
    after: float

    @property
    def seconds(self) -> float:
        """How long the simulation runs."""
        return self.onset + self.alert + _PATIENCE + self.after


#: So much longer than planned may an alert take where its symptom comes late.
_PATIENCE = 240.0


@dataclass(frozen=True)
class Lens:
    """What of a world is recorded, and how well.

    Attributes:
        interval: seconds between samples.
        noise: the relative error of a sample; `gap`: the share of samples that are missing.
        traces, error_lines, access_lines: the share that is kept.
    """

    style: str
    interval: float
    noise: float
    gap: float
    traces: float
    client_spans: bool
    error_lines: float
    access_lines: float
    with_logs: bool
    with_traces: bool
    with_changes: bool
    resources: bool
    edges: bool
    instances: bool
    hosts: bool
    blind: bool


def draw_plan(seed: int, kind: str | None = None, after: float | None = None) -> Plan:
    """What happens in the world of a seed.

    Args:
        seed: the world.
        kind: the kind of fault, or `nothing`; None: drawn.
        after: how many seconds are recorded after the alert; None: drawn.
    """
    rng, clock, world = stream(seed, "plan"), parameters("clock"), parameters("world")
    chance, first, second, uncarded = (
        rng.random(),
        rng.choice(list(CARDED)),
        rng.choice(list(CARDED)),
        rng.choice([*UNCARDED, ""]),
    )
    kinds: tuple[str, ...] = (first,)
    if chance < world["nothing"]:
        kinds = ()
    elif chance < world["nothing"] + world["two"] and second != first:
        kinds = (first, second)
    elif chance < world["nothing"] + world["two"] + world["uncarded"] and uncarded:
        kinds = (uncarded,)
    if kind is not None:
        kinds = () if kind == "nothing" else (kind,)
    when, usual = rng.random(), (clock["alert_early"][1], clock["alert_late"][0])
    span = (
        clock["alert_early"]
        if when < clock["early"]
        else clock["alert_late"]
        if when > 1 - clock["late"]
        else usual
    )
    return Plan(
        seed=seed,
        kinds=kinds,
        onset=60 * between(rng, clock["before"]),
        alert=60 * between(rng, span),
        after=60 * between(rng, clock["after"]) if after is None else after,
    )


def draw_lens(seed: int, visits: float) -> Lens:
    """What is recorded of the world of a seed.

    Args:
        seed: the world.
        visits: how many come per second; a sample is about as many as make sense.
    """
    rng, how = stream(seed, "lens"), parameters("recording")

    def no(name: str) -> bool:
        return bool(rng.random() >= how[name])

    enough = [seconds for seconds in how["interval"] if seconds * visits >= how["visits"]] or how["interval"][
        -1:
    ]
    return Lens(
        style=rng.choice(sorted(table("conventions"))),
        interval=float(rng.choice(enough[:2])),
        noise=scaled(rng, how["noise_log"]),
        gap=between(rng, how["gap"]),
        traces=scaled(rng, how["traces_log"]),
        client_spans=rng.random() < how["client_spans"],
        error_lines=between(rng, how["error_lines"]),
        access_lines=between(rng, how["access_lines"]),
        with_logs=no("no_logs"),
        with_traces=no("no_traces"),
        with_changes=no("no_changes"),
        resources=no("no_resources"),
        edges=no("no_edges"),
        instances=no("no_instances"),
        hosts=no("no_hosts"),
        blind=not no("blind"),
    )
