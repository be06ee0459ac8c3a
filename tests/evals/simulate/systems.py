"""Small systems that tests run."""

from collections.abc import Sequence

from evals.simulate import mechanism
from evals.simulate.background import Going
from evals.simulate.system import Call, Operation, Service, System, Visit
from evals.simulate.world import World


def chain(
    *seconds: float, workers: int = 4, backlog: int = 20, timeout: float = 5.0, retries: int = 0
) -> System:
    """Services `s0`, `s1`, ...: each takes so long by itself and asks the next one, once per request."""
    last = len(seconds) - 1
    services = [
        Service(
            name=f"s{n}",
            role="service" if n else "entry",
            owner="backend",
            instances=(f"s{n}-1",),
            workers=workers,
            backlog=backlog,
            operations=(
                Operation(
                    name="work",
                    seconds=each,
                    processor=0.0,
                    spread=0.0,
                    calls=(Call(service=f"s{n + 1}", operation="work", timeout=timeout, retries=retries),)
                    if n < last
                    else (),
                ),
            ),
        )
        for n, each in enumerate(seconds)
    ]
    return System(
        services=tuple(services),
        hosts=(),
        placement={},
        visits=(Visit(service="s0", operation="work", rate=1.0),),
    )


def run(world: World, arrivals: Sequence[float], until: float) -> None:
    """Let visits come at moments, and run."""

    def visitors() -> Going:
        now = 0.0
        for at in sorted(arrivals):
            yield world.env.timeout(at - now)
            now = at
            world.env.process(mechanism.visit(world, "s0", "work"))

    world.env.process(visitors())
    world.env.run(until=until)
