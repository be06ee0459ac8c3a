"""Records an incident of the shop: `python -m demo.record --out DIR [--rehearsal]`.

The full recording takes about 70 minutes, a rehearsal about three. Needs Prometheus and Alertmanager.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from demo.monitoring.stack import MonitoringMissingError
from demo.processes import NotReadyError
from demo.recorder import FULL, REHEARSAL, Recorder
from demo.scenarios import BAD_RELEASE, SCENARIOS


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the recorder from the command line; answers the exit status."""
    parser = argparse.ArgumentParser(prog="python -m demo.record", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder that gets the case's folder")
    parser.add_argument("--rehearsal", action="store_true", help="a short one, about three minutes")
    parser.add_argument(
        "--scenario",
        choices=sorted(name for name, one in SCENARIOS.items() if one.truth.right),
        default=BAD_RELEASE.id,
    )
    parser.add_argument("--work", type=Path, help="keep everything that ran in this fresh folder")
    arguments = parser.parse_args(argv)
    if (arguments.out / arguments.scenario).exists():
        return _refuse(f"{arguments.out / arguments.scenario} exists already")
    # The context managers that stop the processes only work if a signal becomes an exception.
    signal.signal(signal.SIGTERM, _leave)
    if arguments.work:
        return _record(arguments, arguments.work)
    with tempfile.TemporaryDirectory(prefix="shop-") as work:
        return _record(arguments, Path(work) / "run")


def _record(arguments: argparse.Namespace, work: Path) -> int:
    pace = REHEARSAL if arguments.rehearsal else FULL
    try:
        recorder = Recorder(SCENARIOS[arguments.scenario], pace, work=work, say=_say)
        _say(f"recorded: {recorder.record(arguments.out)}")
    except (MonitoringMissingError, NotReadyError) as error:
        return _refuse(str(error))
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{datetime.now(UTC):%H:%M:%S} {line}\n")
    sys.stdout.flush()


def _refuse(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return 1


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(143)


if __name__ == "__main__":
    sys.exit(main())
