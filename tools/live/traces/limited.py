"""Traces of a service up to a limit: what a server refuses or cannot send is asked for with a lower one."""

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

from tools.live.http import Rejected
from tools.live.limits import TooLarge
from tools.live.partial import enumerated, gather_parts
from tools.live.service_names import Names
from tools.live.traces.spans import Span
from tools.telemetry.data_gaps import note_gap

R = TypeVar("R")

#: VictoriaTraces behind Jaeger's API.
_TOO_MANY = re.compile(r"limit should be not higher than (\d{1,9})")


class OfService(NamedTuple):
    """The spans that were asked for by a service, of how many traces, and with which limit."""

    spans: list[Span]
    traces: int
    limit: int


class TraceLimit:
    """How many traces one question asks for; it falls with what the server says that it takes."""

    def __init__(self, traces: int) -> None:
        self.traces = traces

    async def asked(self, ask: Callable[[int], Awaitable[R]]) -> tuple[R, int]:
        """An answer, and the limit that it was asked with.

        Raises:
            ToolFailed: it does not answer, also not a question for one trace.
        """
        limit = self.traces
        while True:
            try:
                return await ask(limit), limit
            except Rejected as error:
                told = _TOO_MANY.search(error.text)
                if told is None or not 0 < int(told[1]) < limit:
                    raise
                limit = self.traces = int(told[1])
            except TooLarge as error:
                if limit == 1:
                    raise
                # Of this service alone: others have smaller traces.
                limit = max(1, int(limit / max(2.0, error.times)))


async def spans_by_service(
    backend: str, told: Sequence[str], services: Sequence[str], ask: Callable[[str], Awaitable[OfService]]
) -> list[Span]:
    """The spans of every service that a backend tells of and the catalogue knows.

    Args:
        backend: as sentences name it.
        told: the services that it knows, as it calls them.
        services: the catalogue's names.
        ask: the spans of one service.

    Raises:
        ToolFailed: it answers for no service.
    """
    names = Names(services)
    known = [said for said in told if names.known(said) is not None]
    names.report(f"the services of {backend}", len(known))
    answers = await gather_parts({said: partial(ask, said) for said in known})
    if full := [said for said, answer in answers.items() if answer.traces >= answer.limit]:
        least = min(answers[said].limit for said in full)
        note_gap(
            f"{backend} was asked for {least} traces of {enumerated(full)} and had more; "
            "what is missing is not known to be like the rest"
        )
    return [span for answer in answers.values() for span in answer.spans]


def said_services(told: Sequence[str]) -> str:
    """The services that a backend knows, in words."""
    return f"it knows {len(told)} services: {enumerated(sorted(told))}" if told else "it knows no service yet"
