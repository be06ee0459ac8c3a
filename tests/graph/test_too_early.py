"""A first look may come before the telemetry shows what is wrong: an innocent change must not pay for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from incidents.findings import Window
from tests.graph.harness import Bench, bench, incident
from tests.graph.worlds import ALERT, ONSET, START
from tools.analysis import TRACES_SCHEMA

SECOND = timedelta(seconds=1)


@dataclass
class Requests:
    """Spans of two services, one request every five seconds each; the named ones fail since the fault."""

    failing: tuple[str, ...]
    now: datetime = ALERT

    async def spans(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """What a tracing backend would answer."""
        rows = [
            (at, 1000, f"{name}{n}", f"{name}{n}", "", name, "GET /", "error" if bad else "ok")
            for n in range(int((self.now - START) / (5 * SECOND)))
            for name in ("web", "checkout")
            if window.start <= (at := START + n * 5 * SECOND) < window.end
            for bad in [at >= ONSET and name in self.failing]
        ]
        return pl.DataFrame(rows, schema=TRACES_SCHEMA, orient="row")


def traced(*failing: str) -> Bench:
    """A bench whose requests are traced; checkout's release is blamed, and its series deviate."""
    at = bench()
    at.deps = replace(at.deps, world=replace(at.deps.world, traces=Requests(failing)))
    return at


async def waited(at: Bench) -> list[str]:
    ended = await at.run(incident())
    assert ended.proposals[0].action.service == "checkout"
    return [text for text in await at.told() if "another look at" in text]


async def test_a_change_whose_service_answers_while_users_requests_fail_is_looked_at_again() -> None:
    (why,) = await waited(traced("web"))
    assert why.startswith("checkout answers as ever by now, while requests of users go on failing")


async def test_a_change_whose_service_fails_is_acted_on_at_once() -> None:
    assert await waited(traced("web", "checkout")) == []
    assert await waited(traced()) == []
