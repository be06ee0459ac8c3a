"""An incident of a million samples beside the same one as it was recorded: seconds, memory, what was said.

Run from the repository's root:

    python benchmarks/large.py [CASE] [--rows 1000000]

Every sample of the case's metrics is repeated under further instances of its service until there are so many
rows. Each run is a process of its own under the playbook, through the whole graph.
"""

import argparse
import asyncio
import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from evals.batch import keep_quiet
from evals.case import open_eval_case, shipped_cases
from evals.run import run_case
from nexus.config.settings import Settings


class Measured(NamedTuple):
    """One run: rows of metrics, wall seconds, peak memory in MiB, the diagnosis."""

    rows: int
    seconds: float
    peak: float
    said: str


def enlarge(case: Path, rows: int, into: Path) -> Path:
    """A copy of a case with at least so many rows of metrics."""
    copy = shutil.copytree(case, into / case.name)
    path = copy / "telemetry" / "metrics.parquet"
    few = pl.read_parquet(path)
    parts = (
        few.with_columns(instance=pl.concat_str(pl.col("instance"), pl.lit(f"-{number}")))
        for number in range(-(-rows // few.height))
    )
    pl.concat(parts).sort("time").write_parquet(path)
    return copy


def measure(folder: Path) -> Measured:
    """Run one case to its end, in this process."""
    settings = Settings(log_level="error")
    keep_quiet(settings)
    rows = pl.scan_parquet(folder / "telemetry" / "metrics.parquet").select(pl.len()).collect().item()
    begun = time.perf_counter()
    run = asyncio.run(run_case(open_eval_case(folder), settings, "playbook"))
    seconds = time.perf_counter() - begun
    found = run.record.incident.diagnosis if run.record else None
    said = f"{found.category} in {found.service}, {found.confidence}" if found else str(run.error)
    return Measured(rows, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, said)


def main() -> int:
    """Measure both, each in a fresh process."""
    parser = argparse.ArgumentParser(description="Run a large incident beside the recorded one.")
    parser.add_argument("case", type=Path, nargs="?", default=None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    chosen = parser.parse_args()
    case = chosen.case or shipped_cases()[-1]
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="nexus-large-") as folder:
        both = (case, enlarge(case, chosen.rows, Path(folder)))
        with context.Pool(1, maxtasksperchild=1) as pool:
            small, large = pool.map(measure, both, chunksize=1)
    for name, one in (("recorded", small), ("large", large)):
        told = f"{one.rows:>10,} rows {one.seconds:8.2f} s {one.peak:8.0f} MiB  {one.said}"
        sys.stdout.write(f"{name:<9}{told}\n")
    sys.stdout.write(
        f"{large.rows / small.rows:.0f} times the rows take {large.seconds / small.seconds:.1f} times"
    )
    sys.stdout.write(f" the seconds and {large.peak / small.peak:.1f} times the memory\n")
    return 0 if small.said == large.said else 1


if __name__ == "__main__":
    sys.exit(main())
