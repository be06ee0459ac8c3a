"""What the HTTP API answers is what it says of itself: `python -m benchmarks.api_contract [--examples 20]`.

Schemathesis with all of its checks and phases asks a server of its own over HTTP, whose home holds incidents
of every sort, as somebody who may everything. It ends as schemathesis ends, which is installed in an
environment of its own, for it wants other versions of what the tests use:

    python3 -m venv ~/st && ~/st/bin/pip install schemathesis==4.32.5
    python -m benchmarks.api_contract --schemathesis ~/st/bin/st
"""

import argparse
import asyncio
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nexus.cli.base import say
from nexus.server.limits import HttpLimits, server_of
from nexus.server.listening import listen, url_of
from nexus.store.records import WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.server.rooms import ENDED, Room, room, token_of

LIMITS = HttpLimits(requests=10_000_000, wrong_tokens=10_000_000)
WHO = "everybody"
PEOPLE = {WHO: ", roles: [admin, commander, approver, responder]"}
#: What there is: without it most of what is made up would only ever be answered with 404.
THERE = Path(__file__).with_suffix(".toml")
#: More that run: a request ends the one or restricts another.
MORE = 3


def main() -> None:
    """Ask it everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--schemathesis", default=shutil.which("st"), help="its command, st")
    parser.add_argument("--examples", type=int, default=20, help="of each operation and phase")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if asked.schemathesis is None:
        raise SystemExit("schemathesis is not there: see --help")
    with (
        tempfile.TemporaryDirectory() as folder,
        room(Path(folder), LIMITS, PEOPLE) as made,
        served(made) as root,
    ):
        words = [asked.schemathesis, "--config-file", str(THERE), "run", f"{root}/api/v1/openapi.json"]
        words += [
            "--header",
            f"Authorization: Bearer {token_of(WHO)}",
            "--checks",
            "all",
            "--continue-on-failure",
        ]
        words += ["--max-examples", str(asked.examples), "--seed", str(asked.seed)]
        say(" ".join(words[:1] + words[3:5]))
        raise SystemExit(subprocess.run(words, cwd=folder, check=False).returncode)  # noqa: S603


@contextmanager
def served(made: Room) -> Iterator[str]:
    """Its root, once it serves in a thread of this process."""
    for number in range(4):
        asyncio.run(made.home.store.put(sample.evidence(number), b'{"lines": 1204}'))
    asyncio.run(_more(made))
    server = server_of(made.app, LIMITS, made.app.state.streams.end)
    server.config.lifespan = "off"  # nothing is driven, nothing is watched
    with listen("127.0.0.1", 0) as sock:
        serving = threading.Thread(target=lambda: server.run([sock]))
        serving.start()
        try:
            yield url_of(sock)
        finally:
            server.should_exit = True
            serving.join()


async def _more(made: Room) -> None:
    world: WorldRef = await made.home.store.world_of(ENDED)
    assert world.kind is WorldKind.LIVE  # noqa: S101 - the room's own
    for number in range(MORE):
        incident = sample.opened(f"INC-2026-11-23-{10 + number:03}", number)
        await made.home.store.register(incident, world, sample.at(60), "default")


if __name__ == "__main__":
    main()
