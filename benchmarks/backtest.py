"""What a backtest costs beside an eval of the same recordings: `python -m benchmarks.backtest [--count 14]`.

The shop's game days become a history in a real Prometheus and in files. It is read and played, then the same
recordings are evaluated, each with one worker. Told are the time of a case, the ratio (the goal is 1.2 at
most, without the reading), and how much memory the backtest's own process and its worker held on the way.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import NamedTuple

from demo.week import days, running_week
from evals.case import shipped_cases

GOAL = 1.2
#: So many moments of each phase are told.
_TOLD = 10
#: As recordings of game days look at their world; the demo's own is of another pace.
_CASES = tuple(path for path in shipped_cases() if "cases" in path.parts)


class Held(NamedTuple):
    """What the backtest itself and the process that plays held when a line of progress came, in MB."""

    phase: str
    done: int
    own: float
    worker: float


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
        lived = list(days(_CASES, datetime.now(UTC), timedelta(hours=2), asked.count))
        with running_week(folder / "week", lived) as week:
            since = f"{2 * asked.count + 24}h"
            words = ("backtest", "--config", week.site, "--since", since, "--pause", "0", "--workers", "1")
            _tell_memory(list(held(folder / "h1", *words, "--out", folder / "whole")))
        for _ in held(folder / "h2", "eval", *_CASES, "--workers", "1", "--out", folder / "eval"):
            pass
        played, usual = _seconds(folder / "whole"), _seconds(folder / "eval")
        _say(f"{len(played)} played; a case: backtest {median(played):.2f} s, eval {median(usual):.2f} s, ")
        _say(f"ratio {median(played) / median(usual):.2f} (goal {GOAL})\n")


def held(home: Path, *words: str | Path) -> Iterator[Held]:
    """Run `nexus` in a home; what it and its children hold at each of its lines of progress."""
    argv = [sys.executable, "-m", "nexus", *map(str, words)]
    environment = {**os.environ, "NEXUS_HOME": str(home), "NEXUS_LOG_LEVEL": "error", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True) as running:  # noqa: S603
        for line in running.stdout or ():
            count, _, told = line.partition("] ")
            done = count.removeprefix("[").partition("/")[0]
            if done.isdecimal():
                phase = "played" if "played in" in told else "read"
                workers = [_resident(one) for one in _below(running.pid)]
                yield Held(phase, int(done), _resident(running.pid), max(workers, default=0.0))
    if running.returncode:
        raise SystemExit(running.returncode)


def _below(pid: int) -> Iterator[int]:
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split():
        yield int(child)
        yield from _below(int(child))


def _resident(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0  # ended meanwhile
    return float((status.partition("VmRSS:")[2].split() or ["0"])[0]) / 1000


def _tell_memory(moments: list[Held]) -> None:
    for phase, group in groupby(moments, key=lambda one: one.phase):
        of_it = list(group)
        every = max(1, len(of_it) // _TOLD)
        for one in of_it[every - 1 :: every]:
            _say(f"{phase} {one.done:4}: {one.own:.0f} MB, its worker {one.worker:.0f} MB\n")


def _seconds(folder: Path) -> list[float]:
    lines = filter(None, (folder / "runs.jsonl").read_text(encoding="utf-8").split("\n"))
    return [float(json.loads(line)["run"]["seconds"]) for line in lines]


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
