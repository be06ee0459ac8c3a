"""A team's own numbers: what an address answers, found by JMESPath, judged by the team's limits."""

import math
import time

from incidents.errors import ToolFailed
from incidents.health import Figure, Probe
from tools.clock import Clock
from tools.expression import found_by
from tools.live.http import Backend
from tools.live.secrets import Secrets
from tools.live.settings_health import Gauge, HttpGauges
from tools.telemetry.data_gaps import note_gap
from tools.wording import plain, quantity

#: A longer answer is no status of a service, in bytes: expressions are searched in it while others wait.
LARGEST_STATUS = 1_000_000


class HttpGaugesHealth:
    """One address of one service, with the numbers that are read from its answer.

    Args:
        spec: the address and the gauges.
        secrets: resolves its credentials.
        clock: when it was asked.
    """

    def __init__(self, spec: HttpGauges, secrets: Secrets, clock: Clock) -> None:
        self._spec = spec
        self._clock = clock
        self._backend = Backend(f"the gauges of {spec.service}", spec, secrets, largest=LARGEST_STATUS)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()

    async def probe(self) -> Probe:
        """The numbers; unhealthy where one is beyond its limit. One that is not in the answer is a gap.

        Raises:
            ToolFailed: it does not answer JSON, or none of the numbers is in it.
        """
        at, began = self._clock.now(), time.perf_counter()
        answer = await self._backend.get(self._spec.path)
        figures: list[Figure] = []
        lacking: list[str] = []
        said: dict[bool, list[str]] = {True: [], False: []}
        for gauge in self._spec.gauges:
            try:
                figure = Figure(name=gauge.name, value=_number(gauge, answer), unit=gauge.unit)
            except ValueError as error:
                lacking.append(f"gauge {gauge.name!r} of {self._spec.service}: {error}")
                continue
            figures.append(figure)
            limit = broken_limit(gauge, figure.value)
            said[not limit].append(f"{gauge.name} {quantity(figure.value, gauge.unit)}{limit}")
        if not figures:
            raise ToolFailed("; ".join(lacking))
        for gap in lacking:
            note_gap(gap)
        return Probe(
            service=self._spec.service,
            target=f"GET {self._spec.path.partition('?')[0] or '/'}",
            at=at,
            healthy=not said[False],
            said="; ".join([*said[False], *said[True]]),
            milliseconds=round((time.perf_counter() - began) * 1000, 1),
            figures=tuple(figures),
        )


def broken_limit(gauge: Gauge, value: float) -> str:
    """The limit that a value breaks, in words behind it; empty if it keeps all."""
    if gauge.above is not None and value > gauge.above:
        return f" (above {quantity(gauge.above, gauge.unit)})"
    if gauge.below is not None and value < gauge.below:
        return f" (below {quantity(gauge.below, gauge.unit)})"
    return ""


def _number(gauge: Gauge, answer: object) -> float:
    """The number that a gauge finds.

    Raises:
        ValueError: it finds none; says what it finds, and what to write.
    """
    try:
        found = found_by(gauge.find, answer)
    except ValueError as error:
        raise ValueError(f"`find`: {plain(str(error))}") from None
    if instead := _instead(found):
        raise ValueError(f"`find: {gauge.find}` {instead}")
    try:
        number = float(found)
    except OverflowError:  # JSON's whole numbers have no end
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"`find: {gauge.find}` finds a number that is not finite")
    return number


def _instead(found: object) -> str:
    """What stands where a number was looked for, and what to write; empty for a number."""
    match found:
        case None:
            return "finds nothing in the answer, which is not 0"
        case bool():  # which is a whole number to Python
            return "finds true or false; write `… && `1` || `0`` for a number"
        case str():
            return "finds a text; write `to_number(…)` around it"
        case list():
            return f"finds a list of {len(found)}; write `[0]`, `length(…)` or `sum(…)` for one number"
        case int() | float():
            return ""
        case _:
            return "finds an object; name the key of the number in it"
