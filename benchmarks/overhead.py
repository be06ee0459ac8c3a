"""What orchestration costs: `python -m benchmarks.overhead [CASE] [--delay 1.0] [--incidents 5]`.

Three figures. First, playbook incidents per second on one core. Second, one incident under the LLM engine
against a local server that answers every request after a fixed delay: its wall time against the critical path
of its model calls (the time in which at least one request was in flight), the time beyond the model's own per
agent call, and the processor's. Third, the tokens of one incident of each severity under the default budgets;
the local server counts them as real endpoints do about, four characters each. Ratios are within this run and
on this machine.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import multiprocessing
import os
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import structlog

from agents.budget import DEFAULT_BUDGET
from agents.engine import Engine
from incidents.action import Approval, Proposal, Verdict
from incidents.incident import Incident
from incidents.severity import Severity
from nexus.config.settings import Settings
from nexus.home import open_home
from nexus.runtime.announcer import RunListeners
from nexus.runtime.engines import engine_of
from nexus.runtime.recorded_run import open_recorded
from nexus.runtime.wiring import drive_recorded
from tests.fake_answers import obliging
from tests.fake_openai import FakeOpenAI
from tests.fake_turns import Asked, Turn

CASE = Path(__file__).parent.parent / "demo" / "recording" / "shop-checkout-bad-release"


#: Characters of one token, roughly, in English and JSON.
CHARACTERS = 4


@dataclass
class Steady:
    """Answers after a fixed delay and remembers when each request was in flight."""

    delay: float = 0.0
    flights: list[tuple[float, float]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, asked: Asked) -> Turn:
        """Answer, late."""
        begun = time.monotonic()
        said = obliging(asked)
        turn = replace(
            said,
            tokens_in=len(json.dumps(asked.body)) // CHARACTERS,
            tokens_out=len("".join(call.wire for call in said.calls)) // CHARACTERS,
        )
        time.sleep(max(0.0, self.delay - (time.monotonic() - begun)))
        with self.lock:
            self.flights.append((begun, time.monotonic()))
        return turn


def serve(delay: float, pipe: Connection) -> None:
    """A server in a process of its own, so that its work is not counted as ours."""
    steady = Steady(delay)
    with FakeOpenAI(steady) as server:
        pipe.send(server.base_url)
        pipe.recv()
    pipe.send(steady.flights)


@contextlib.contextmanager
def server(delay: float) -> Iterator[Connection]:
    """The server's end of the pipe; send anything to stop it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(delay, theirs), daemon=True)
    process.start()
    try:
        yield ours
    finally:
        process.join(timeout=10)
        process.kill()


def busy(flights: list[tuple[float, float]]) -> float:
    """Seconds in which at least one request was in flight: the critical path of the model calls."""
    total, until = 0.0, float("-inf")
    for begun, ended in sorted(flights):
        total += max(0.0, ended - max(begun, until))
        until = max(until, ended)
    return total


async def approve(incident: Incident, proposal: Proposal, now: datetime) -> Approval:
    """Approve everything."""
    by = f"benchmark {len(proposal.approvals) + 1}"
    return Approval(action=proposal.id, digest=proposal.digest, verdict=Verdict.APPROVE, by=by, at=now)


async def run(
    case: Path, settings: Settings, engine: Engine, mode: str, severity: Severity | None = None
) -> Incident:
    """One incident in a throw-away home, with a severity that a person has set if one is given."""
    home = open_home(settings, create=True)
    try:
        incident = await open_recorded(home, case, None, mode)
        if severity is not None:
            at = await home.store.clock_of(incident.id)
            set_by_hand = incident.evolve(severity=severity, severity_at=at, severity_by="benchmark")
            now = datetime.now(UTC)
            number = await home.store.lease(incident.id, "benchmark", now + timedelta(seconds=30), now)
            assert number is not None  # nobody else knows of it  # noqa: S101
            await home.store.save(set_by_hand, at, number)
            await home.store.give_back(incident.id, number, None)
        quiet = RunListeners(entry=lambda _: None, message=lambda _: None)
        return await drive_recorded(home, incident.id, engine, approve, quiet)
    finally:
        home.store.close()


@contextlib.contextmanager
def home() -> Iterator[Path]:
    """A throw-away home."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def with_a_model(case: Path, delay: float) -> str:
    """The first figure."""
    with home() as folder, server(delay) as pipe:
        settings = Settings.model_validate(
            {"home": folder, "engine": "llm", "llm_base_url": pipe.recv(), "llm_model": "steady"}
        )
        engine = engine_of(settings, "llm")
        begun, cpu = time.monotonic(), time.process_time()
        ended = asyncio.run(run(case, settings, engine, "llm"))
        wall, cpu = time.monotonic() - begun, time.process_time() - cpu
        pipe.send("stop")
        flights: list[tuple[float, float]] = pipe.recv()
    path = busy(flights)
    return (
        f"with a model ({delay:g} s a call): {ended.status}, {len(flights)} calls, wall {wall:.2f} s, "
        f"critical path of the calls {path:.2f} s, ratio {wall / path:.3f} (goal 1.05), "
        f"beyond the model {1000 * (wall - path) / len(flights):.0f} ms a call, "
        f"processor {cpu:.2f} s"
    )


def tokens_of(case: Path, severity: Severity) -> str:
    """The third figure, for one severity."""
    with home() as folder, server(0.0) as pipe:
        settings = Settings.model_validate(
            {"home": folder, "engine": "llm", "llm_base_url": pipe.recv(), "llm_model": "steady"}
        )
        ended = asyncio.run(run(case, settings, engine_of(settings, "llm"), "llm", severity))
        pipe.send("stop")
        pipe.recv()
    used, limit = ended.usage, DEFAULT_BUDGET.by_severity[severity].tokens
    tokens = used.tokens_in + used.tokens_out
    by: dict[str, int] = {}
    for line in ended.usage_lines:
        by[line.role] = by.get(line.role, 0) + line.usage.tokens_in + line.usage.tokens_out
    most = max(by, key=lambda role: by[role], default="nobody")
    alone = sum(line.engine == "playbook" for line in ended.usage_lines)
    return (
        f"{severity} ({ended.status}): {used.model_calls} calls, {tokens:,} tokens ({used.tokens_in:,} in, "
        f"{used.tokens_out:,} out) of {limit:,}; most by {most}: {by.get(most, 0):,}; "
        f"{alone} of {len(ended.usage_lines)} assignments by the playbook"
    )


def with_the_playbook(case: Path, incidents: int) -> str:
    """The second figure."""
    with home() as folder:
        settings = Settings.model_validate({"home": folder, "engine": "playbook"})
        engine = engine_of(settings, "playbook")
        asyncio.run(run(case, settings, engine, "playbook"))  # the first one pays for imports
        begun, cpu = time.monotonic(), time.process_time()
        for _ in range(incidents):
            ended = asyncio.run(run(case, settings, engine, "playbook"))
        wall, cpu = time.monotonic() - begun, time.process_time() - cpu
    return (
        f"with the playbook: {ended.status}, {incidents} incidents in {wall:.2f} s wall and {cpu:.2f} s of "
        f"processor time: {incidents / cpu:.2f} incidents per second of one core"
    )


def main() -> None:
    """Print the figures and the machine."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("case", nargs="?", type=Path, default=CASE)
    parser.add_argument("--delay", type=float, default=1.0)
    parser.add_argument("--incidents", type=int, default=5)
    given = parser.parse_args()
    level = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=level)  # a terminal full of log lines costs more than what is measured
    given.case = given.case.resolve()
    machine = f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    sys.stdout.write(f"{machine}, load {load}\n")
    sys.stdout.write(with_the_playbook(given.case, given.incidents) + "\n")
    sys.stdout.write(with_a_model(given.case, given.delay) + "\n")
    for severity in Severity:
        sys.stdout.write(tokens_of(given.case, severity) + "\n")


if __name__ == "__main__":
    main()
