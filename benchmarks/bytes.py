"""What one closed incident leaves on disk: `python -m benchmarks.bytes [CASE] [--old CHECKOUT]`.

Runs the case to its end in a home and a process of its own, with the playbook and every approval given, and
counts the bytes of the whole home once that process has ended: rows, checkpoints, free pages, files. With
`--old`, the Nexus of another checkout runs the same case in the same minute, and the ratio is told.
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

ROOT = Path(__file__).parent.parent
CASE = ROOT / "demo" / "recording" / "shop-checkout-bad-release"


@dataclass(frozen=True)
class Left:
    """The bytes of a home: its store with free pages, and everything else in it."""

    store: int
    files: int
    free: int
    checkpoints: int

    @property
    def all(self) -> int:
        """Every byte of the home."""
        return self.store + self.files

    def line(self, name: str) -> str:
        """One row of the table."""
        figures = (self.all, self.store, self.free, self.files)
        return f"{name:8}" + "".join(f"{figure:>12,}" for figure in figures) + f"{self.checkpoints:>13,}"


def left_by(checkout: Path, case: Path) -> Left:
    """Run the case with the code of a checkout; what its home holds afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        environment = os.environ | {"NEXUS_HOME": str(home), "PYTHONPATH": str(checkout)}
        words = ("run", "--world", str(case), "--approve", "all", "--engine", "playbook", "--json")
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "nexus", *words], cwd=checkout, env=environment, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        sizes = {path: path.stat().st_size for path in home.rglob("*") if path.is_file()}
        store = sum(size for path, size in sizes.items() if path.name.startswith("nexus.db"))
        with closing(sqlite3.connect(home / "nexus.db")) as file:
            free, page = (
                file.execute(f"pragma {name}").fetchone()[0] for name in ("freelist_count", "page_size")
            )
            checkpoints = file.execute("select count(*) from checkpoints").fetchone()[0]
        return Left(store, sum(sizes.values()) - store, free * page, checkpoints)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", type=Path, nargs="?", default=CASE)
    parser.add_argument("--old", type=Path, help="a checkout to compare with, such as one of 0.1.0")
    asked = parser.parse_args()
    _say(f"{asked.case.name}: bytes in the home of one closed incident")
    _say(f"{'':8}{'all':>12}{'store':>12}{'of it free':>12}{'files':>12}{'checkpoints':>13}")
    now = left_by(ROOT, asked.case.resolve())
    _say(now.line("now"))
    if asked.old is not None:
        old = left_by(asked.old.resolve(), asked.case.resolve())
        _say(old.line("old"))
        _say(f"now / old: {now.all / old.all:.3f}")


if __name__ == "__main__":
    main()
