"""What it costs to look at a large estate and to rank its services: seconds of the processor by size.

Run from the repository's root:

    POLARS_MAX_THREADS=1 python -m benchmarks.ranking [--services 50 100 200 400]

Every service reports five metrics each 10 s for 30 minutes, calls the next two, is traced in one request of
three seconds and writes a line with each; one in the middle slows down and fails from minute 20 on. "look" is
what every look at the world does (signals, levels), "rank" what orders the suspects. Both are the best of
three, on fresh frames, so that nothing of the one before is remembered.

On 2026-11-30, two processors under a load of 22:

  services  metric rows   spans    lines   look s   rank s  first suspect
        50        45000   17640     6000     0.04     0.11  service-025 (right)
       100        90000   35640    12000     0.06     0.19  service-050 (right)
       200       180000   71640    24000     0.15     0.36  service-100 (right)
       400       360000  143640    48000     0.45     0.88  service-200 (right)
"""

import argparse
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import polars as pl

from incidents.findings import Window
from tools.analysis import (
    LOGS_SCHEMA,
    METRICS_SCHEMA,
    TRACES_SCHEMA,
    Node,
    NodeKind,
    Symptom,
    Telemetry,
    Topology,
    rank_suspects,
)
from tools.telemetry.levels import compare, signal_frame

BEGIN = datetime(2026, 11, 30, 8, tzinfo=UTC)
BROKEN, END = BEGIN + timedelta(minutes=20), BEGIN + timedelta(minutes=30)
STEP, EVERY = timedelta(seconds=10), timedelta(seconds=3)
#: What is measured: its usual level, its unit, how many times as much of it there is in trouble.
METRICS = {
    "error_ratio": (0.002, "ratio", 150.0),
    "latency_p95": (0.08, "seconds", 9.0),
    "requests_per_second": (40.0, "per_second", 0.7),
    "cpu_utilisation": (0.35, "ratio", 1.0),
    "memory_working_set_bytes": (4e8, "bytes", 1.0),
}


def estate(services: int) -> tuple[Telemetry, Topology, str]:
    """The telemetry of so many services, who calls whom, and which one is broken."""
    rng, names = random.Random(services), [f"service-{number:03}" for number in range(services)]  # noqa: S311
    broken = names[services // 2]
    calls = {name: tuple(names[place + 1 : place + 3]) for place, name in enumerate(names)}
    metrics, logs, traces = [], [], []
    for at in _moments(STEP):
        for name in names:
            for metric, (usual, unit, times) in METRICS.items():
                off = times if name == broken and at >= BROKEN else 1.0
                metrics.append((at, name, "a", metric, "", usual * off * rng.uniform(0.9, 1.1), unit))
    for number, at in enumerate(_moments(EVERY)):
        for name in names[number % 5 :: 5]:
            bad = name == broken and at >= BROKEN
            took, status = (700_000, "error") if bad else (80_000, "ok")
            took, trace = int(took * rng.uniform(0.9, 1.1)), f"{number}-{name}"
            traces.append((at, took, trace, "1", "", name, "GET /", status))
            traces += [
                (at, took // 3, trace, str(place), "1", callee, "GET /", "ok")
                for place, callee in enumerate(calls[name], 2)
            ]
            text = f"request {trace} took {took} us" if not bad else f"request {trace} timed out"
            logs.append((at, name, "a", "error" if bad else "info", text, trace, "1"))
    nodes = tuple(Node(name=name, kind=NodeKind.SERVICE, depends_on=calls[name]) for name in names)
    frames = ((metrics, METRICS_SCHEMA), (logs, LOGS_SCHEMA), (traces, TRACES_SCHEMA))
    made = [pl.DataFrame(rows, schema=schema, orient="row").sort("time") for rows, schema in frames]
    return Telemetry(metrics=made[0], logs=made[1], traces=made[2]), Topology(nodes=nodes), broken


def _moments(step: timedelta) -> list[datetime]:
    return [BEGIN + step * number for number in range(int((END - BEGIN) / step))]


def fresh(telemetry: Telemetry) -> Telemetry:
    """The same rows in other objects."""
    return Telemetry(
        metrics=telemetry.metrics.clone(), logs=telemetry.logs.clone(), traces=telemetry.traces.clone()
    )


def look(telemetry: Telemetry) -> None:
    """What every look does."""
    signals = signal_frame(telemetry)
    recent = Window(start=END - timedelta(minutes=2), end=END)
    compare(signals, None, True, Window(start=BEGIN, end=BROKEN), recent)


def best(work: Callable[[Telemetry], object], telemetry: Telemetry) -> float:
    """Seconds of the processor, the least of three."""
    spent = []
    for _ in range(3):
        rows = fresh(telemetry)
        begun = time.process_time()
        work(rows)
        spent.append(time.process_time() - begun)
    return min(spent)


def main() -> None:
    """Print a row for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--services", type=int, nargs="+", default=[50, 100, 200, 400])
    sys.stdout.write("services  metric rows   spans    lines   look s   rank s  first suspect\n")
    for services in parser.parse_args().services:
        telemetry, topology, broken = estate(services)
        symptom = Symptom(service=topology.nodes[0].name, at=BROKEN + timedelta(minutes=3), kind="errors")
        ranked = rank_suspects(telemetry, None, topology, symptom, ())
        first = ranked.suspects[0].service if ranked.suspects else "-"
        order = partial(rank_suspects, baseline=None, topology=topology, symptom=symptom, changes=())
        sys.stdout.write(
            f"{services:8} {telemetry.metrics.height:12} {telemetry.traces.height:7} "
            f"{telemetry.logs.height:8} {best(look, telemetry):8.2f} {best(order, telemetry):8.2f}  "
            f"{first} ({'right' if first == broken else 'WRONG'})\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
