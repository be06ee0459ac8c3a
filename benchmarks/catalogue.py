"""What a large catalogue costs: one incident among five services, among 300, and with all of those broken.

Run from the repository's root:

    python -m benchmarks.catalogue [--services 300] [--against PATH]

The recorded demo's five services are multiplied under further names, with thinner telemetry: once as they
were before the fault, once with the same fault everywhere. Each run is a process of its own under the
playbook, through the whole graph; `--against` takes the path of an older checkout, which runs the same three
in turn with this one. Processor seconds are those of the run, without imports.

On 2026-11-29, two busy processors, beside 6376209: as recorded 2.06 s (3.88 s), among 300 services 2.29 s
(14.64 s), with all 300 broken 2.54 s (19.02 s). All six found checkout and proposed its rollback.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl
import yaml

from benchmarks.checkouts import python_of

ROOT = Path(__file__).resolve().parent.parent
CASE = ROOT / "demo" / "recording" / "shop-checkout-bad-release"
#: The release that broke it, and the time in which the fault is in full bloom.
BROKEN_AT = datetime(2026, 11, 23, 7, 47, 35, tzinfo=UTC)
IN_BLOOM = BROKEN_AT + timedelta(minutes=3)
#: Of a multiplied service every so manieth sample, and every so manieth trace with its lines.
SAMPLES, TRACES = 3, 10

#: What a checkout runs: prints one line of JSON. An older one has its settings elsewhere.
RUN = """
import asyncio, json, resource, sys
from pathlib import Path
try:
    from nexus.config.settings import Settings
except ImportError:
    from nexus.config import Settings
from evals.batch import keep_quiet
from evals.case import open_eval_case
from evals.run import run_case
settings = Settings(log_level="error")
keep_quiet(settings)
spent = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
begun = spent()
run = asyncio.run(run_case(open_eval_case(Path(sys.argv[1])), settings, "playbook"))
cpu = spent() - begun
found = run.record.incident if run.record else None
print(json.dumps({
    "cpu": cpu,
    "status": str(found.status) if found else run.error,
    "cause": found.diagnosis.service if found and found.diagnosis else None,
    "proposed": [one.action.title for one in found.proposals] if found else [],
    "suspects": [one.service for one in found.suspects] if found else [],
    "end": found.end_reason if found else None,
}))
"""


class Ran(NamedTuple):
    """One run: processor seconds, how it ended, which cause was found, what was proposed."""

    cpu: float
    status: str
    cause: str | None
    proposed: list[str]


def tiled(frame: pl.DataFrame, start: datetime, end: datetime, until: datetime) -> Iterator[pl.DataFrame]:
    """The rows from `start` to `end` again and again, moved until they reach `until`."""
    part = frame.filter(pl.col("time").is_between(start, end, closed="left"))
    moved = timedelta()
    while start + moved < until:
        tile = part.with_columns(pl.col("time") + moved)
        if "trace_id" in tile.columns:
            tile = tile.with_columns(pl.col("trace_id") + pl.lit(f"-{moved.total_seconds():.0f}"))
        yield tile.filter(pl.col("time") < until)
        moved += end - start


def thinner(frame: pl.DataFrame) -> pl.DataFrame:
    """A part of the rows: of each series some samples, of all traces some, whole."""
    if "metric" in frame.columns:
        place = pl.int_range(pl.len()).over("service", "instance", "metric", "peer")
        return frame.filter(place % SAMPLES == 0)
    return frame.filter(pl.col("trace_id").hash(seed=3) % TRACES == 0)


def renamed(frame: pl.DataFrame, names: list[str], suffix: str) -> pl.DataFrame:
    """The same rows of other services: every name in them gets the suffix."""
    named = [column for column in ("service", "instance", "peer") if column in frame.columns]
    texts = [column for column in ("operation", "message") if column in frame.columns]
    other = {name: f"{name}{suffix}" for name in names}
    pattern = rf"\b({'|'.join(names)})\b"
    frame = frame.with_columns(
        *(pl.col(column).replace(other) for column in named if column != "instance"),
        *(pl.col(column).str.replace_all(pattern, f"${{1}}{suffix}") for column in texts),
    )
    keys = [column for column in ("instance", "trace_id") if column in frame.columns]
    return frame.with_columns(pl.col(column) + suffix for column in keys)


def multiply(case: Path, services: int, broken: bool, into: Path) -> Path:
    """A copy of a case among so many services."""
    document = yaml.safe_load((case / "case.yaml").read_text())
    own = list(document["services"])
    names = [one["name"] for one in own]
    suffixes = [f"-{number:02d}" for number in range(1, services // len(names))]
    document["id"] = f"{case.name}-{services}{'-broken' if broken else ''}"
    for suffix in suffixes:
        document["services"] += [
            {**one, "name": one["name"] + suffix, "depends_on": [name + suffix for name in one["depends_on"]]}
            for one in own
        ]
    target = into / str(document["id"])
    recorded = {file.name: pl.read_parquet(file) for file in (case / "telemetry").glob("*.parquet")}
    for folder in (case / "telemetry", *(case / "aftermath").iterdir()):
        copy = target / folder.relative_to(case)
        copy.mkdir(parents=True)
        for file in folder.iterdir():
            if file.suffix == ".parquet":
                frame, source = pl.read_parquet(file), recorded[file.name]
                more = _others(source, frame, broken, folder.name == "telemetry")
                parts = [frame, *(renamed(more, names, suffix) for suffix in suffixes)]
                pl.concat(parts).sort("time", maintain_order=True).write_parquet(copy / file.name)
            else:
                (copy / file.name).write_bytes(file.read_bytes())
    (target / "case.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return target


def _others(source: pl.DataFrame, frame: pl.DataFrame, broken: bool, first: bool) -> pl.DataFrame:
    """The rows of a further shop over the time of a frame."""
    if broken and first:
        return thinner(source)
    (start, end), (oldest, newest) = span_of(frame), span_of(source)
    began, ended = (IN_BLOOM, newest) if broken else (oldest, BROKEN_AT)
    moved = source.with_columns(pl.col("time") + (start - began))
    parts = tiled(moved, start, start + (ended - began), end)
    return thinner(pl.concat(list(parts)).sort("time"))


def span_of(frame: pl.DataFrame) -> tuple[datetime, datetime]:
    """The first and the last moment of a frame that has rows."""
    first, last = frame.select(pl.col("time").min(), last=pl.col("time").max()).row(0)
    return first, last


def run(case: Path, checkout: Path) -> Ran:
    """One case to its end, by the code of a checkout, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONWARNINGS": "ignore"}
    command = [python_of(checkout), "-c", RUN, str(case)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=case, env=environment)  # noqa: S603
    if done.returncode:
        return Ran(float("nan"), (done.stderr.strip().splitlines() or ["no word"])[-1], None, [])
    told = json.loads(done.stdout.splitlines()[-1])
    return Ran(told["cpu"], told["status"], told["cause"], told["proposed"])


def main() -> None:
    """Run them in turn and print them beside each other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--services", type=int, default=300)
    parser.add_argument("--against", type=Path, help="the path of an older checkout")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nexus-catalogue-") as folder:
        cases = {
            "as recorded": CASE,
            f"among {given.services}": multiply(CASE, given.services, False, Path(folder)),
            f"all {given.services} broken": multiply(CASE, given.services, True, Path(folder)),
        }
        checkouts = {"now": ROOT, **({"before": given.against.resolve()} if given.against else {})}
        for which, checkout in checkouts.items():
            small = 0.0
            for name, case in cases.items():
                ran = run(case, checkout)
                small = small or ran.cpu
                proposed = "; ".join(ran.proposed) or "nothing"
                sys.stdout.write(
                    f"{which:<7} {name:<16} {ran.cpu:6.2f} s of processor, {ran.cpu / small:5.2f} times "
                    f"the small one; {ran.status}, cause {ran.cause}, proposed: {proposed}\n"
                )
                sys.stdout.flush()


if __name__ == "__main__":
    main()
