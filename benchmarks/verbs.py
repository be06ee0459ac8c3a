"""What verbs cost that only look or decide: `python -m benchmarks.verbs [--against CHECKOUT] [--runs 9]`.

Each verb runs as a whole process, as people type it, on a copy of the home that 0.1.0 left behind (a recorded
incident that waits for an approval, and a live one). Counted is the processor's time, user and system. With
`--against` the same verb of another checkout runs right after each of ours, on a home of its own: the ratio
is the median over the pairs, and beside it that of the least of each, which a busy machine disturbs less.
`--json` prints the rows.

On 2026-11-29, two processors under a load of 22, beside 6376209, each with its own venv: `incidents` 0.29 s
(0.49 s), ratio 0.58, of the least 0.62; `show`, which reads an incident whole, 0.36 s
(0.56 s), 0.65, 0.71; `approvals` 0.30 s (0.50 s), 0.59, 0.62; `approve` 0.32 s (0.54 s), 0.60, 0.69. The
interpreter, pydantic and the base of all values are half of ours.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.checkouts import python_of
from nexus.config.settings import Settings
from nexus.home import open_home
from tests.homes import RECORDED, unpacked

HERE = Path(__file__).parents[1]

VERBS = (
    ("incidents",),
    ("show", RECORDED),
    ("approvals",),
    ("approve", RECORDED, "--by", "dana"),
)


def seconds(checkout: Path, home: Path, verb: tuple[str, ...]) -> float:
    """The processor's time of one verb on a copy of a home."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(home, Path(folder) / "home"))
        environment = {"NEXUS_HOME": str(copy), "HOME": folder, "PATH": os.environ["PATH"]}
        asked = [python_of(checkout), "-c", "from nexus.cli import main; main()", *verb]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        # `-c` puts the working folder first on the path: the checkout that stands there is the one that runs.
        subprocess.run(asked, cwd=checkout, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure each verb."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, help="Another checkout, such as a worktree of 6376209.")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = (unpacked("0.1.0", Path(folder) / name) for name in ("ours", "theirs"))
        open_home(Settings(home=ours), create=False).close()  # upgraded once, and not in what is measured
        for verb in VERBS:
            pairs = []
            for _ in range(asked.runs):
                mine = seconds(HERE, ours, verb)
                pairs.append((mine, seconds(asked.against, theirs, verb) if asked.against else None))
            rows.append(_row(verb[0], pairs))
    if asked.json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
        return
    for row in rows:
        paired = (
            f"  {row['theirs']:.3f} s  ratio {row['ratio']:.2f}, of the least {row['least']:.2f}"
            if "ratio" in row
            else ""
        )
        sys.stdout.write(f"{row['verb']:<10} {row['ours']:.3f} s{paired}\n")


def _row(verb: str, pairs: list[tuple[float, float | None]]) -> dict[str, str | float]:
    row: dict[str, str | float] = {"verb": verb, "ours": statistics.median(mine for mine, _ in pairs)}
    paired = [(mine, other) for mine, other in pairs if other is not None]
    if paired:
        row["theirs"] = statistics.median(other for _, other in paired)
        row["ratio"] = statistics.median(mine / other for mine, other in paired)
        row["least"] = min(mine for mine, _ in paired) / min(other for _, other in paired)
    return row


if __name__ == "__main__":
    main()
