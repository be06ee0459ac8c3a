"""Traces of a service up to a limit: what a server refuses or cannot send is asked for with a lower one."""

import re
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

from tools.live.http import Rejected
from tools.live.limits import TooLarge
from tools.live.traces.spans import Span

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
