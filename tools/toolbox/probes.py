"""`probes`: endpoints, databases and vendors' status pages, asked directly."""

from pydantic import Field

from incidents.errors import ToolFailed
from incidents.health import Figure, Probe
from incidents.value import Value
from tools.telemetry.data_gaps import collect_gaps
from tools.toolbox.arguments import ProbesArgs
from tools.toolset import Sources, Tool
from tools.wording import clock_time, paragraphs, rows


class ProbesView(Value):
    """What every part said, unhealthy ones first."""

    services: tuple[str, ...] = Field(description="whose parts were asked; empty: all")
    probes: tuple[Probe, ...] = ()
    gaps: tuple[str, ...] = ()


async def _ask(sources: Sources, args: ProbesArgs) -> ProbesView:
    health = sources.world.health
    if health is None:
        raise ToolFailed("nothing can be asked directly here: the world is a recording")
    services = (sources.world.catalogue.get(args.service).name,) if args.service else ()
    with collect_gaps() as gaps:
        probes = await health.probe(services)
    return ProbesView(services=services, probes=probes, gaps=tuple(gaps))


def _say(view: ProbesView) -> str:
    if not view.probes:
        who = ", ".join(view.services) or "any service"
        said = (
            f"No part of {who} told how it is." if view.gaps else f"Nothing of {who} can be asked directly."
        )
        return paragraphs(said, *view.gaps)
    ill = sum(not probe.healthy for probe in view.probes)
    lines = [
        f"{probe.service} {probe.target} [{'healthy' if probe.healthy else 'NOT healthy'}]: {probe.said}; "
        f"{probe.milliseconds:.0f} ms{_figures(probe.figures)}"
        for probe in view.probes
    ]
    return paragraphs(
        f"{len(view.probes)} parts asked directly at {clock_time(view.probes[0].at)}, {ill} not healthy.",
        rows(lines, 0, ""),
        *view.gaps,
    )


def _figures(figures: tuple[Figure, ...]) -> str:
    return "".join(f"; {one.name} {one.value:g}{' s' if one.unit == 'seconds' else ''}" for one in figures)


PROBES = Tool(
    name="probes",
    description=(
        "Health endpoints, databases and vendors' status pages, asked directly now. Changes nothing."
    ),
    args=ProbesArgs,
    ask=_ask,
    say=_say,
    empty=lambda view: not view.probes,
)
