"""Asking a backend, or several, for the parts of one answer: what fails is a gap, unless all of it fails."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from incidents.errors import Declined, ToolFailed
from tools.live.http import TimedOut
from tools.telemetry.data_gaps import note_gap

R = TypeVar("R")

#: Questions under way at once.
AT_ONCE = 8
#: As many names as a sentence bears.
_NAMED = 5


async def gather_parts(asks: Mapping[str, Callable[[], Awaitable[R]]]) -> dict[str, R]:
    """The answers by part, in order; the parts that failed are noted as gaps.

    As soon as one part stayed without an answer in time and none has come yet, the rest is not asked.

    Raises:
        Declined: there were parts, and all of them were refused.
        ToolFailed: all of them failed.
    """
    gate = asyncio.Semaphore(AT_ONCE)
    answers: dict[str, R] = {}
    failed: dict[str, str] = {}
    refused: set[str] = set()
    silent: list[TimedOut] = []

    async def ask(name: str) -> None:
        async with gate:
            try:
                if silent and not answers:
                    raise silent[0]
                answers[name] = await asks[name]()
            except TimedOut as error:
                silent.append(error)
                failed[name] = str(error)
            except ToolFailed as error:
                failed[name] = str(error)
                refused.update([name] if isinstance(error, Declined) else [])

    await asyncio.gather(*map(ask, asks))
    if asks and not answers:
        kind = Declined if refused == asks.keys() else ToolFailed
        raise kind("; ".join(_sentences(failed, len(asks))))
    for sentence in _sentences(failed, len(asks)):
        note_gap(sentence)
    return {name: answers[name] for name in asks if name in answers}


def _sentences(failed: Mapping[str, str], asked: int) -> list[str]:
    """Each way to fail once, with the parts that it hit, if not all."""
    hit: dict[str, list[str]] = {}
    for name, why in failed.items():
        hit.setdefault(why, []).append(name)
    return [why if len(names) == asked else f"{enumerated(names)}: {why}" for why, names in hit.items()]


def enumerated(names: list[str]) -> str:
    """Names as a list that stays readable: `a, b, c and 4 more`."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
