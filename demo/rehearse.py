"""Breaks the shop, waits for its alert, tries a remedy that is not right, and then the right one.

`python -m demo.rehearse SCENARIO…|--all` shows that every scenario does what its truth says. A scenario takes
two minutes. With `--into CASES` it records what the cases in that folder lack. Needs
Prometheus and Alertmanager.
"""

import argparse
import logging
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType

from demo.gameday.aftermath import complete
from demo.monitoring.stack import MonitoringMissingError, require_programs
from demo.processes import NotReadyError
from demo.rehearsal import Rehearsal, Result
from demo.scenarios import SCENARIOS
from incidents.errors import NexusError
from nexus.config.logs import log_plainly


def main(argv: Sequence[str] | None = None) -> int:
    """Rehearses from the command line; answers the exit status: 1 if a scenario was not as written."""
    parser = argparse.ArgumentParser(prog="python -m demo.rehearse", description=__doc__)
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO", help="ids, see --list")
    parser.add_argument("--all", action="store_true", help="every scenario, one after the other")
    parser.add_argument("--list", action="store_true", help="the ids and what they are called")
    parser.add_argument("--work", type=Path, help="keep everything that ran in this fresh folder")
    parser.add_argument(
        "--into", type=Path, help="instead: add the aftermaths that the recorded cases in this folder lack"
    )
    arguments = parser.parse_args(argv)
    if arguments.list:
        _say("\n".join(f"{one.id:26} {one.truth.severity}  {one.title}" for one in SCENARIOS.values()))
        return 0
    chosen = list(SCENARIOS) if arguments.all else arguments.scenario
    if not chosen or set(chosen) - set(SCENARIOS):
        parser.error(f"which scenario? One of: {', '.join(SCENARIOS)}")
    try:
        require_programs()
    except MonitoringMissingError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    # The context managers that stop the processes only work if a signal becomes an exception.
    signal.signal(signal.SIGTERM, _leave)
    if arguments.into:
        log_plainly(logging.ERROR)
        return max(_complete(arguments.into / name, arguments.work) for name in chosen)
    results = [_rehearse(name, arguments.work) for name in chosen]
    _say(table(results))
    return 0 if all(result.as_written for result in results) else 1


def table(results: Sequence[Result]) -> str:
    """The results in columns; times are seconds after the fault, and after the remedy for `healed`."""
    rows = [("scenario", "alert", "signs", "wrong remedy", "healed", "")]
    rows += [
        (
            result.scenario,
            _seconds(result.alert),
            f"{len(result.signs) - len(result.missing)}/{len(result.signs)}",
            {True: "does not heal", False: "HEALS", None: "-"}[result.wrong_fails],
            _seconds(result.healed),
            "ok" if result.as_written else f"NOT AS WRITTEN: {'; '.join(result.complaints)}",
        )
        for result in results
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(text.ljust(w) for text, w in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


def _complete(case: Path, work: Path | None) -> int:
    with _place(case.name, work) as where:
        try:
            kept = complete(case.resolve(), SCENARIOS[case.name], where, say=partial(_told, case.name))
        except (NexusError, NotReadyError) as error:
            sys.stderr.write(f"{case.name}: {error}\n")
            return 1
    return 0 if kept else 1


def _rehearse(name: str, work: Path | None) -> Result:
    with _place(name, work) as where:
        try:
            return Rehearsal(SCENARIOS[name], where, say=partial(_told, name)).run()
        except Exception as error:  # noqa: BLE001 - the edge: the others are still to be rehearsed
            traceback.print_exc()
            return Result(scenario=name, failure=f"{type(error).__name__}: {error}")


@contextmanager
def _place(name: str, work: Path | None) -> Iterator[Path]:
    """A fresh folder for a run; without a `work` it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="shop-") as folder:
        yield work / name if work else Path(folder) / "run"


def _told(name: str, line: str) -> None:
    _say(f"{datetime.now(UTC):%H:%M:%S} {name}: {line}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(143)


if __name__ == "__main__":
    sys.exit(main())
