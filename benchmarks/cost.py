"""What a playbook incident costs in processor seconds, beside an older checkout; of verbs `verbs.py` tells.

Run from the repository's root:

    git worktree add --detach ../older 6376209    (and a venv in it: `checkouts.py`)
    python -m benchmarks.cost --against ../older [--times 5]

Each command is a process of its own, run in turn by the one checkout and the other, so that both meet the
same machine; the ratio is the median of the pairs. "Imports" is what the incident's process imports, alone;
"warm" is a further incident in a process that has run one.

On 2026-11-29, two processors under a load of 22, two pairs, each checkout with its own venv, beside 6376209:
whole process 5.12 s (11.33 s), ratio 0.45; its imports 3.13 s (5.16 s), 0.61, three fifths of them LangGraph
with what it brings. Earlier that day, in one venv and with less load: whole 0.73, warm 1.51 s (1.73 s), 0.86.

On 2026-11-30, under a load of 25, two pairs, after rows were worked on in frames and series one by one: whole
process 6.16 s (7.68 s), 0.80 (0.98 before that), of that imports 1.16, since there is more to import. Warm,
in processes that took turns: this case 1.95 s (2.18 s), 0.86 (1.05 before); of recorded cases 0.80 to 0.96,
but `nz-20230129-0858` 1.22 and `ps-low-test-15` 2.56.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.checkouts import python_of

ROOT = Path(__file__).resolve().parent.parent
CASE = ROOT / "demo" / "recording" / "shop-checkout-bad-release"

_IMPORTS = """
import nexus.cli
try:
    import nexus.cli.run, nexus.runtime.recorded_run, nexus.runtime.wiring, nexus.runtime.engines
except ImportError:
    import nexus.recorded, nexus.app, nexus.engines
"""

#: Prints the processor seconds of the cheapest of some incidents after a first one.
_WARM = """
import asyncio, resource, sys
from pathlib import Path
try:  # as the verb that serves does
    from nexus.cli.base import collect_garbage
    from nexus.cli.startup import prepare
    prepare()
    collect_garbage()
except ImportError:
    pass
try:
    from nexus.config.settings import Settings
except ImportError:
    from nexus.config import Settings
from evals.batch import keep_quiet
from evals.case import open_eval_case
from evals.run import run_case
settings, case = Settings(log_level="error"), open_eval_case(Path(sys.argv[1]))
keep_quiet(settings)
def spent():
    return sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
def once():
    begun = spent()
    asyncio.run(run_case(case, settings, "playbook"))
    return spent() - begun
once()
print(min(once() for _ in range(4)))
"""


class Spent(NamedTuple):
    """What one command cost in one checkout and in the other, run by run."""

    now: list[float]
    before: list[float]

    @property
    def ratio(self) -> float:
        """The median of the pairs."""
        return statistics.median(now / before for now, before in zip(self.now, self.before, strict=True))


def ran(checkout: Path, home: Path, arguments: Sequence[str]) -> tuple[float, str]:
    """The processor seconds of one process with its children, and what it printed."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(checkout),
        "NEXUS_HOME": str(home),
        "PYTHONWARNINGS": "ignore",
    }
    before = os.times()
    command = [python_of(checkout), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=home, env=environment)  # noqa: S603
    after = os.times()
    if done.returncode not in {0, 3}:
        sys.exit(f"{' '.join(arguments[:4])}: {done.stderr.strip()[-400:]}")
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return spent, done.stdout


def whole(checkout: Path, arguments: Sequence[str]) -> float:
    """The processor seconds of a command, in a home of its own."""
    with tempfile.TemporaryDirectory(prefix="nexus-cost-") as fresh:
        return ran(checkout, Path(fresh), arguments)[0]


def warm(checkout: Path) -> float:
    """The processor seconds of an incident in a process that has run one."""
    with tempfile.TemporaryDirectory(prefix="nexus-cost-") as fresh:
        return float(ran(checkout, Path(fresh), ["-c", _WARM, str(CASE)])[1])


def main() -> None:
    """Print each figure of both checkouts and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--against", type=Path, required=True, help="the path of an older checkout")
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    checkouts = (ROOT, given.against.resolve())
    figures = {
        "an incident, whole process": [
            "-m", "nexus", "run", "--world", str(CASE), "--engine", "playbook", "--approve", "all",
        ],
        "of that, imports": ["-c", _IMPORTS],
        "an incident, warm": None,
    }  # fmt: skip
    for name, command in figures.items():
        spent = Spent([], [])
        for turn in range(given.times + 1):
            now, before = (
                warm(checkout) if command is None else whole(checkout, command) for checkout in checkouts
            )
            if turn:  # the first one compiles modules
                spent.now.append(now)
                spent.before.append(before)
        now, before = statistics.median(spent.now), statistics.median(spent.before)
        sys.stdout.write(f"{name:<27} {now:6.3f} s, before {before:6.3f} s: ratio {spent.ratio:.2f}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
