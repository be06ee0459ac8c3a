"""Writes simulated incidents.

python -m evals.simulate --seed 1 --many 1000 --out FOLDER [--kind KIND] [--after 30]
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from evals.simulate.batch import write_one
from evals.simulate.faults import KINDS


def main(arguments: list[str] | None = None) -> int:
    """Write the cases of so many seeds; those that are there already are left as they are."""
    parser = argparse.ArgumentParser(
        prog="python -m evals.simulate", description="Writes simulated incidents."
    )
    parser.add_argument("--seed", type=int, default=1, help="the first seed; each case has the next one")
    parser.add_argument("--many", type=int, default=1, help="how many cases")
    parser.add_argument("--out", type=Path, required=True, help="the folder that the cases go into")
    parser.add_argument("--kind", choices=[*KINDS, "nothing"], help="this kind of fault alone")
    parser.add_argument("--after", type=float, help="minutes that are recorded after the alert; else drawn")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes")
    given = parser.parse_args(arguments)
    make = partial(write_one, given.out, given.kind, given.after)
    seeds = range(given.seed, given.seed + given.many)
    with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
        for line in pool.map(make, seeds):
            sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
