"""Makes the replica of the shop's database its primary.

`python -m demo.failover --run RUN [--to INSTANCE] [--dry-run | --check]`; with `--to`, a second run changes
nothing.
"""

import argparse
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from demo.catalogue import Place, read_inventory
from demo.changes import Change, ChangeLog

DATABASE = "database"


class FailoverError(Exception):
    """The replica cannot take over."""


def primary_of(run: Path) -> str:
    """The instance that is the primary."""
    file = run / "state" / "database-primary"
    first, *_ = read_inventory(run / "inventory.json")[DATABASE]
    return file.read_text().strip() if file.exists() else first.instance


def replica_of(run: Path) -> Place:
    """The instance that is not the primary."""
    primary = primary_of(run)
    places = read_inventory(run / "inventory.json")[DATABASE]
    return next(place for place in places if place.instance != primary)


def promote(run: Path, *, author: str = "on call") -> Change:
    """Makes the replica the primary and writes that into the log.

    There is no way back: the old primary lacks what was ordered since.

    Raises:
        FailoverError: It does not answer.
    """
    before, replica = primary_of(run), replica_of(run)
    _ask(replica, "/promote", b'{"by": "failover"}')
    return ChangeLog(run / "releases" / "releases.log").add(
        DATABASE, "infra", before, replica.instance, author=author, summary="Fail over to the replica"
    )


def state(run: Path) -> str:
    """In words: which is which, and whether they answer."""
    lines = []
    for place in read_inventory(run / "inventory.json")[DATABASE]:
        role = "primary" if place.instance == primary_of(run) else "replica"
        lines.append(f"{role} {place.instance}: {_health(place)}")
    return "\n".join(lines)


def _health(place: Place) -> str:
    try:
        return f"runs {_ask(place, '/health', None)['version']}"
    except FailoverError:
        return "does not answer"


def _ask(place: Place, path: str, body: bytes | None) -> dict[str, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{place.port}{path}", body, timeout=30) as response:
            answer: dict[str, str] = json.load(response)
            return answer
    except (OSError, urllib.error.URLError) as error:
        raise FailoverError(f"{place.instance} does not answer: {error}") from error


def main(argv: Sequence[str] | None = None) -> int:
    """Fails over from the command line; answers the exit status."""
    parser = argparse.ArgumentParser(prog="python -m demo.failover", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="the shop's run folder")
    parser.add_argument("--to", metavar="INSTANCE", help="the instance that is to be the primary")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--dry-run", action="store_true", help="say what would happen")
    what.add_argument(
        "--check", action="store_true", help="succeed if it has happened: INSTANCE is the primary"
    )
    arguments = parser.parse_args(argv)
    if arguments.check and not arguments.to:
        parser.error("--check needs --to")
    run: Path = arguments.run
    done = arguments.to == primary_of(run)
    if arguments.check or done:
        sys.stdout.write(f"{primary_of(run)} is the primary\n")
        return 0 if done else 1
    if arguments.to not in {None, replica_of(run).instance}:
        sys.stderr.write(f"{arguments.to} is no instance of {DATABASE}\n")
        return 1
    try:
        sys.stdout.write(state(run) + "\n")
        if arguments.dry_run:
            sys.stdout.write(f"{replica_of(run).instance} would become the primary\n")
        else:
            sys.stdout.write(f"{promote(run).version_to} is the primary now\n")
    except FailoverError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
