"""What breaks off is told, tried again, handed to people, and goes on from its row; ends are in order."""

import asyncio
import json
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from demo.processes import wait_for
from incidents.events import NoteAdded
from incidents.incident import Incident
from incidents.severity import Status
from nexus.store.records import Process
from nexus.store.sqlite.store import Store
from tests import patient
from tests.nexus.command_line import Terminal
from tests.nexus.served import Serving, served
from tests.nexus.server.test_serve import SITE, alert, send
from tests.patience import PATIENCE

SHORT = SITE + "worker: {lease: 2s}\n"


class Served:
    """A home, and the servers that are started on it."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.home = home
        (folder / "nexus.yaml").write_text(SHORT)

    @contextmanager
    def server(self) -> Iterator[Serving]:
        with served(self.folder, self.home, SHOP_TOKEN="a-token-of-the-test") as running:
            yield running

    def incident(self) -> Incident:
        """The only one, as it stands."""
        with Store.existing(self.home) as store:
            (summary,) = asyncio.run(store.page())
            found = asyncio.run(store.load(summary.id))
        assert found is not None
        return found

    def change(self, statement: str, **values: object) -> None:
        """Change a row of the file."""
        with closing(sqlite3.connect(self.home / "nexus.db")) as database, database:
            assert database.execute(statement, values).rowcount > 0

    def row(self, what: str) -> tuple[Any, ...]:
        """Columns of the only incident."""
        with closing(sqlite3.connect(self.home / "nexus.db")) as database:
            found: tuple[Any, ...] = database.execute(f"select {what} from incidents").fetchone()  # noqa: S608
            return found

    def free(self) -> bool:
        """Whether nobody drives it."""
        return self.row("lease_owner is null") == (1,)

    def waits(self) -> None:
        """Until nobody drives it and it wants to be woken some time."""
        self.seen(lambda: self.row("lease_owner is null, wake_at is not null") == (1, 1))

    def seen(self, true: Callable[[], bool]) -> None:
        wait_for("what is awaited", lambda: true() or None, seconds=PATIENCE, pause=0.02)


@pytest.fixture
def here(nexus: Terminal, tmp_path: Path) -> Served:
    return Served(tmp_path, nexus.home)


def health(server: Serving) -> dict[str, Any]:
    shown: dict[str, Any] = patient.get(f"{server.root}/healthz").json()
    return shown


def test_an_incident_whose_turns_break_off_is_told_everywhere_and_people_get_it(
    here: Served, nexus: Terminal
) -> None:
    with here.server() as server:
        send(server.url, alert("mail"))
        server.until("cause unknown")
        here.waits()
    mine = here.incident().id
    here.change("update checkpoints set checkpoint = x'c1'")  # no reader understands it
    with here.server() as server:
        nexus("note", mine, "--by", "ana", "look again")
        here.seen(lambda: health(server)["status"] == "degraded")
        assert health(server)["broken_off"] == [mine]
        shown = nexus("incidents")
        assert f"{mine}: its last " in shown.err
        assert "turns broke off; it is tried again at" in shown.err
        assert f"turns break off: {mine}" in " ".join(nexus("doctor").out.split())

        for number in range(10):  # a person's word cuts the pause short
            if here.incident().status is Status.HANDED_OVER:
                break
            before = here.row("lease_number")
            nexus("note", mine, "--by", "ana", f"try {number}")
            here.seen(lambda was=before: here.row("lease_number") > was and here.free())  # type: ignore[misc]
        handed = here.incident()
        assert handed.status is Status.HANDED_OVER
        assert "its turns broke off 5 times and nothing works on it any more" in handed.end_reason
        pages = (here.home / "incidents" / mine / "pages.md").read_text()
        assert "people have to look" in pages

        # The row is the truth: from there it goes on, although its checkpoints are gone.
        here.change("update incidents set retry_at = null")
        here.seen(lambda: here.row("retry_at is null and lease_owner is null and tries = 0") == (1,))
        assert (health(server)["status"], health(server)["broken_off"]) == ("ok", [])
        assert here.incident().status is Status.HANDED_OVER


def test_a_row_that_cannot_be_read_is_paged_and_listed_and_goes_on_once_it_can(
    here: Served, nexus: Terminal
) -> None:
    with here.server() as server:
        send(server.url, alert("mail"))
        server.until("cause unknown")
        here.waits()
        mine = here.incident().id
        (body,) = here.row("body")
        here.change("update incidents set body = json_set(body, '$.status', 'wandering')")
        nexus("resume")
        pages = here.home / "incidents" / mine / "pages.md"
        here.seen(lambda: pages.exists() and "nothing works on it any more" in pages.read_text())
        told = " ".join(pages.read_text().split())
        assert f"{mine}: a row of the store (Incident) cannot be read: status: " in told
        here.seen(lambda: health(server)["status"] == "degraded")
        assert health(server)["broken_off"] == [mine]
        shown = nexus("incidents")
        assert "handed over" in shown.out
        assert f"{mine}: its last " in shown.err
        assert "cannot be read: status" in " ".join(shown.err.split())
        assert "cannot be read: status" in " ".join(nexus("doctor").out.split())
        assert "cannot be read: status" in " ".join(nexus("show", mine).err.split())

        _, answer = send(server.url, alert("mail", fingerprint="another"))
        assert answer["taken"] == "opened", "no alert is lost in it"
        here.change("update incidents set body = :body where id = :id", body=body, id=mine)
        nexus("resume")
        here.seen(lambda: health(server)["broken_off"] == [])


def test_an_event_that_cannot_be_read_is_set_aside_and_what_comes_after_it_is_heard(
    here: Served, nexus: Terminal
) -> None:
    with here.server() as server:
        send(server.url, alert("mail"))
        server.until("cause unknown")
        here.waits()
        mine = here.incident().id
        later = '{"kind": "pager_ack", "by": "ana", "id": "e1"}'  # as a later version wrote it
        here.change("insert into inbox (id, incident, body) values ('e1', :id, :body)", id=mine, body=later)
        nexus("note", mine, "--by", "ben", "is anybody there?")
        here.seen(lambda: [note.text for note in here.incident().notes] == ["is anybody there?"])
        handed = here.incident()
        assert handed.status is Status.HANDED_OVER
        assert "the event e1 (pager_ack of ana), which is set aside" in handed.end_reason
        assert "e1 (pager_ack of ana)" in (here.home / "incidents" / mine / "pages.md").read_text()
        here.waits()
        assert (health(server)["status"], health(server)["dead_letters"]) == ("degraded", [mine])
        assert f"{mine}: 1 of its events are set aside" in nexus("incidents").err
        assert f"set aside: {mine}: the event e1" in " ".join(nexus("doctor").out.split())
        assert "Set aside" in nexus("show", mine).out
        (letter,) = json.loads(nexus("show", mine, "--json").out)["dead_letters"]
        assert (letter["event"], letter["kind"], letter["by"]) == ("e1", "pager_ack", "ana")

        refused = nexus("replay", mine, "--by", "ben")
        assert (refused.code, "the event e1 cannot be read" in refused.err) == (1, True)
        said = NoteAdded(id="e1", incident=mine, at=datetime.now(UTC), by="ana", text="I see it")
        here.change("update inbox set body = :body where id = 'e1'", body=said.model_dump_json())
        assert nexus("replay", mine, "--by", "ben").out == "Heard again: the event e1 (note of ana).\n"
        here.seen(lambda: [note.text for note in here.incident().notes][1:] == ["I see it"])
        assert health(server)["dead_letters"] == []
        assert "ben has the event e1 (note of ana) heard again" in nexus("show", mine, "--json").out


def test_a_holder_on_another_machine_is_waited_for_and_then_followed(here: Served) -> None:
    with here.server() as server:
        send(server.url, alert("mail"))
        server.until("triage the incident")
        server.kill()
    until = datetime.now(UTC) + timedelta(seconds=3)
    elsewhere = Process(host="nexus-7f9c-old", pid=1, started="boot 1", machine="another boot")
    here.change(
        "update incidents set lease_owner = 'other', lease_process = :process, lease_until = :until",
        process=elsewhere.model_dump_json(), until=until.isoformat(timespec="microseconds"),
    )  # fmt: skip
    with here.server() as server:
        server.until("cause unknown")
        assert datetime.now(UTC) >= until, "not before the lease has run out"
        server.stop()


def test_when_one_of_two_servers_dies_the_other_goes_on_at_once(here: Served) -> None:
    with ExitStack() as stack:
        one, two = (stack.enter_context(here.server()) for _ in range(2))
        send(one.url, alert("mail"))
        one.until("triage the incident")
        one.kill()
        two.until("cause unknown", patience=20)
        two.stop()
    assert here.row("count(*)") == (1,), "it went on with the same incident"


def test_on_sigterm_what_runs_comes_to_its_next_boundary_and_is_due_for_the_next(here: Served) -> None:
    with here.server() as server:
        send(server.url, alert("mail"))
        server.until("triage the incident")
        server.end(signal.SIGTERM)
    assert here.row("lease_owner is null, tries, retry_at is null, wake_at is not null") == (1, 0, 1, 1)
    with here.server() as server:
        diagnoses = "(select count(*) from timeline where id like '%:diagnosis')"
        here.seen(lambda: here.row(diagnoses) == (1,))  # whichever of the two comes as far
        server.stop()
    with closing(sqlite3.connect(here.home / "nexus.db")) as database:
        lines = [line for (line,) in database.execute("select id from timeline")]
    assert len(lines) == len(set(lines))


def test_resume_rings_for_what_a_live_world_drives(here: Served, nexus: Terminal) -> None:
    with here.server() as server:
        send(server.url, alert("mail"))
        server.until("cause unknown")
        here.waits()
        server.stop()
    later = here.row("wake_at")
    said = nexus("resume")
    assert "belongs to a live world and is due now" in said.err
    assert here.row("wake_at") < later
