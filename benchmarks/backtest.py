"""What a backtest costs beside an eval of the same recordings: `python -m benchmarks.backtest [--count 14]`.

The shop's game days become a week in a real Prometheus and in files. By turns they are evaluated as recorded,
and read out of that week and played again, each with one worker. Told are the time of a case, the ratio (the
goal is 1.2 at most, without the reading), and how much memory the backtest's own process had at most, with
so many alerts and with half of them.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from evals.case import shipped_cases
from tests.evals.backtest.week import days, running_week

GOAL = 1.2
#: As the recordings of game days look at their world; the demo's own is of another pace.
_CASES = tuple(path for path in shipped_cases() if "cases" in path.parts)


def memory(home: Path, *words: str | Path) -> float:
    """Run `nexus` in a home and tell how many MB its own process had at most."""
    argv = [sys.executable, "-c", _WATCHED, *map(str, words)]
    environment = {**os.environ, "NEXUS_HOME": str(home), "NEXUS_LOG_LEVEL": "error"}
    ran = subprocess.run(argv, env=environment, check=True, capture_output=True, text=True)  # noqa: S603 - ours
    return float(ran.stderr.rsplit("peak ", 1)[1]) / 1000


#: Tells the most memory of its own process alone; what children had is another figure.
_WATCHED = """
import sys
from pathlib import Path
from nexus.cli import main
sys.argv = ["nexus", *sys.argv[1:]]
try:
    main()
finally:
    status = Path("/proc/self/status").read_text()
    sys.stderr.write("peak " + status.partition("VmHWM:")[2].split()[0])
"""


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--count", type=int, default=len(_CASES), help="so many alerts, the recordings in turn"
    )
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nexus-backtest-") as place:
        folder = Path(place)
        lived = list(days(_CASES, datetime.now(UTC), timedelta(hours=6), asked.count))
        with running_week(folder / "week", lived) as week:
            words = ("backtest", "--config", week.site, "--since", "60d", "--pause", "0", "--workers", "1")
            half = memory(
                folder / "h1", *words, "--limit", str(max(1, asked.count // 2)), "--out", folder / "half"
            )
            whole = memory(folder / "h2", *words, "--out", folder / "whole")
        memory(folder / "h3", "eval", *_CASES, "--workers", "1", "--out", folder / "eval")
        _tell(folder, asked.count, half, whole)


def _tell(folder: Path, count: int, half: float, whole: float) -> None:
    played, usual = _seconds(folder / "whole"), _seconds(folder / "eval")
    say = sys.stdout.write
    say(f"a case, wall: backtest {median(played):.2f} s, eval {median(usual):.2f} s, ")
    say(f"ratio {median(played) / median(usual):.2f} (goal {GOAL})\n")
    say(f"memory: {half:.0f} MB for {max(1, count // 2)} alerts, ")
    say(f"{whole:.0f} MB for {count}\n")


def _seconds(folder: Path) -> list[float]:
    lines = filter(None, (folder / "runs.jsonl").read_text(encoding="utf-8").split("\n"))
    return [float(json.loads(line)["run"]["seconds"]) for line in lines]


if __name__ == "__main__":
    main()
