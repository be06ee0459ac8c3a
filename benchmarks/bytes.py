"""What a closed incident leaves on disk: `python -m benchmarks.bytes [CASE] [--old FOLDER] [--incidents N]`.

Runs the case to its end again and again in one home, each time in a process of its own, with the playbook and
every approval given, and counts the bytes of the home after each: rows, checkpoints, free pages, files. Told
are those after the first, in which the empty tables are, and what each further incident has added. With
`--old`, the Nexus of another checkout does the same meanwhile, and the ratios of the whole home after the
first and of what a further one adds are told.
"""

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.checkouts import python_of

ROOT = Path(__file__).parent.parent
CASE = ROOT / "demo" / "recording" / "shop-checkout-bad-release"


@dataclass(frozen=True)
class Left:
    """The bytes of a home: its store with free pages, and everything else in it."""

    store: int
    free: int
    files: int

    @property
    def all(self) -> int:
        """Every byte of the home."""
        return self.store + self.files

    def less(self, other: "Left", times: int) -> "Left":
        """What each of so many further incidents added to another state of the same home."""
        mine = (self.store, self.free, self.files)
        theirs = (other.store, other.free, other.files)
        return Left(*(round((one - two) / times) for one, two in zip(mine, theirs, strict=True)))

    def line(self, name: str) -> str:
        """One row of the table."""
        return f"{name:22}" + "".join(
            f"{figure:>12,}" for figure in (self.all, self.store, self.free, self.files)
        )


def homes_of(checkout: Path, case: Path, incidents: int) -> list[Left]:
    """What a home holds after each run of the case with the code of a checkout."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        environment = os.environ | {"NEXUS_HOME": str(home), "PYTHONPATH": str(checkout)}
        words = ("run", "--world", str(case), "--approve", "all", "--engine", "playbook", "--json")
        command, found = [python_of(checkout), "-m", "nexus", *words], []
        for _ in range(incidents):
            subprocess.run(command, cwd=checkout, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
            found.append(left_in(home))
        return found


def left_in(home: Path) -> Left:
    """What a home holds now."""
    sizes = {path: path.stat().st_size for path in home.rglob("*") if path.is_file()}
    store = sum(size for path, size in sizes.items() if path.name.startswith("nexus.db"))
    with closing(sqlite3.connect(home / "nexus.db")) as file:
        pages, size = (
            file.execute(f"pragma {name}").fetchone()[0] for name in ("freelist_count", "page_size")
        )
    return Left(store, pages * size, sum(sizes.values()) - store)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", type=Path, nargs="?", default=CASE)
    parser.add_argument("--old", type=Path, help="a checkout to compare with, such as one of 0.1.0")
    parser.add_argument("--incidents", type=int, default=4)
    asked = parser.parse_args()
    _say(f"{asked.case.name}: bytes in the home, {asked.incidents} closed incidents")
    _say(f"{'':22}{'all':>12}{'store':>12}{'of it free':>12}{'files':>12}")
    first, adds = {}, {}
    for name, checkout in (("now", ROOT), ("old", asked.old)):
        if checkout is not None:
            homes = homes_of(checkout.resolve(), asked.case.resolve(), asked.incidents)
            first[name] = homes[0]
            adds[name] = homes[-1].less(homes[0], asked.incidents - 1)
            _say(homes[0].line(f"{name}, after the first"))
            _say(adds[name].line(f"{name}, each further one"))
    if asked.old is not None:
        _say(f"the home after the first, now / old: {first['now'].all / first['old'].all:.3f}")
        _say(f"each further one, now / old: {adds['now'].all / adds['old'].all:.3f}")


if __name__ == "__main__":
    main()
