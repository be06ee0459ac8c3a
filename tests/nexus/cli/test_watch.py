"""`nexus watch`: what happens is printed as it happens, and a place in it can be taken up again."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from incidents.timeline import Entry, EntryKind
from nexus.store.records import WorldKind, WorldRef
from nexus.store.sqlite.store import Store
from tests.nexus import sample
from tests.nexus.command_line import Terminal
from tests.nexus.sample import ID, at
from tests.nexus.schemas import assert_as_published

WORLD = WorldRef(kind=WorldKind.LIVE, path="nexus.yaml")
OTHER = "INC-2026-11-23-002"


def entry(number: int, incident: str = ID) -> Entry:
    made = sample.entry(f"e{number}", number, EntryKind.NOTE, "", f"number {number}\x1b[2J")
    return made.model_copy(update={"incident": incident})


def written(home: Path, *entries: Entry) -> None:
    """As another process writes them."""
    with Store.open(home) as store:
        for one in entries:
            asyncio.run(store.write(one))


def opened(home: Path, *, closed: bool = False) -> None:
    with Store.open(home) as store:
        for identity in (ID, OTHER):
            incident = sample.resolved() if closed else sample.opened()
            asyncio.run(store.register(incident.evolve(id=identity, closed=closed), WORLD, at(0), "shop"))


@contextmanager
def watching(home: Path, *words: str) -> Iterator["subprocess.Popen[str]"]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    running = subprocess.Popen(  # noqa: S603  # not by `process`: each line has to come without being asked for
        [sys.executable, "-m", "nexus", "watch", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment | {"NEXUS_HOME": str(home)},
    )
    patience = threading.Timer(
        60, running.kill
    )  # a line that does not come is an empty one, not a test that hangs
    patience.start()
    try:
        yield running
    finally:
        patience.cancel()
        running.kill()
        running.communicate()


def line(running: "subprocess.Popen[str]") -> str:
    assert running.stdout is not None
    return running.stdout.readline()


def test_it_follows_what_another_process_writes_until_ctrl_c(tmp_path: Path) -> None:
    opened(tmp_path)
    written(tmp_path, entry(1))
    with watching(tmp_path, "--after", "0") as running:
        assert "number 1" in line(running)
        written(tmp_path, entry(2, OTHER))
        told = line(running)
        assert (OTHER in told, "number 2" in told, "\x1b" in told) == (True, True, False)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
        assert (running.returncode, out, err) == (0, "", "")


def test_json_lines_carry_the_place_from_which_to_go_on(tmp_path: Path) -> None:
    opened(tmp_path)
    written(tmp_path, *map(entry, range(3)))
    with watching(tmp_path, "--json", "--after", "0") as running:
        first = line(running)
    assert_as_published(["watch"], first)
    assert "\\u001b" in first
    place = json.loads(first)["sequence"]
    with watching(tmp_path, "--json", "--after", str(place)) as running:
        told = [json.loads(line(running))["id"] for _ in range(2)]
        written(tmp_path, entry(7))
        assert [*told, json.loads(line(running))["id"]] == ["e1", "e2", "e7"]


def test_one_incident_is_told_from_its_beginning_to_its_end(nexus: Terminal) -> None:
    opened(nexus.home, closed=True)
    written(nexus.home, entry(1), entry(2, OTHER), entry(3))
    told = nexus("watch", ID)
    assert told.code == 0
    assert [number for number in (1, 2, 3) if f"number {number}" in told.out] == [1, 3]
    assert told.out.splitlines()[-1].startswith(f"{ID} has ended: the signals stayed")
    lines = [json.loads(one) for one in nexus("watch", ID, "--json").out.splitlines()]
    assert [one["id"] for one in lines] == ["e1", "e3"]
    assert nexus("watch", "INC-2026-11-23-009").code == 2


def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    opened(tmp_path)
    written(tmp_path, entry(1))
    with watching(tmp_path, "--json", "--after", "0") as running:
        line(running)
        assert running.stdout is not None
        running.stdout.close()
        written(tmp_path, *map(entry, range(2, 5)))
        assert running.wait(timeout=30) in {0, 1}
        assert running.stderr is not None
        assert "Traceback" not in running.stderr.read()
        running.stdout = None
