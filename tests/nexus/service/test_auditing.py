"""The audit through the doors: whatever a person does stands in it, and nobody changes it unseen."""

import asyncio
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs

from incidents.access import AccessRole
from incidents.post_mortem_text import PostMortemText
from nexus.config.people import Person
from nexus.config.site import load_site
from nexus.service.auditing import AuditWatch, head_of, verified
from nexus.service.intake import AlertIntake
from nexus.service.request import Request
from nexus.service.requests import REQUESTS
from nexus.store.audit import Deed, DeedKind
from nexus.store.postgres.connecting import connect
from nexus.store.postgres.store import PostgresStore
from tests.nexus import sample
from tests.nexus.command_line import Terminal
from tests.nexus.sample import DIGEST, EVIDENCE, ID
from tests.nexus.server.rooms import ENDED, Room, room
from tests.postgres import PostgresServer
from tools.clock import VirtualClock

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
#: What each kind of request needs, and on which incident it counts.
BODIES: dict[str, dict[str, object]] = {
    "decisions": {"verdict": "approve", "action": "A1", "digest": DIGEST},
    "another-way": {"action": "A1", "digest": DIGEST, "wish": "without a restart"},
    "revoke": {"action": "A1", "digest": DIGEST, "note": "wait"}, "note": {"text": "look"},
    "severity": {"severity": "P1"}, "stop": {"reason": "wrong"}, "take": {}, "mitigated": {},
    "acknowledge": {}, "hand-over": {"to": "admin", "note": "my shift ends"},
    "changed": {"service": "web", "what": "restarted"}, "give-back": {"note": "go on"},
    "resolve": {}, "false-alarm": {}, "reopen": {"note": "not over"},
    "verdict": {"judgement": "right"},
    "post-mortem": {"based_on": 0, "text": PostMortemText.empty("Checkout").model_dump(mode="json")},
    "action-items": {"action": "Test it", "owner": "backend", "due": "2026-12-01"},
}  # fmt: skip
#: Those that need an incident in another state; their transactions are tried in the conformance suite, and
#: that of tickets, which take a tracker, in test_ticketing.py.
ELSEWHERE = {"tickets", "take-over", "settle", "replay", "split", "merge", "restrict", "unrestrict"}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path) as one:
        yield one


def deeds(made: Room) -> list[Deed]:
    return [row.deed for row in asyncio.run(made.home.store.audit())]


def test_no_kind_of_request_is_forgotten() -> None:
    assert {kind.path for kind in REQUESTS} == set(BODIES) | ELSEWHERE


@pytest.mark.parametrize("kind", [one for one in REQUESTS if one.path in BODIES], ids=lambda one: one.path)
def test_whatever_a_person_asks_stands_in_the_audit_once(made: Room, kind: type[Request]) -> None:
    if kind.path == "give-back":
        made.post(f"/incidents/{ID}/take")
    incident = ENDED if kind.path in {"reopen", "post-mortem"} else ID
    if kind.path == "revoke":
        made.post(f"/incidents/{ID}/decisions", BODIES["decisions"], by="dana")
        made.post(f"/incidents/{ID}/decisions", BODIES["decisions"], by="approver")
    before = len(deeds(made))
    for _ in range(2):
        made.post(f"/incidents/{incident}/{kind.path}", BODIES[kind.path], key="once")
    (deed,) = deeds(made)[before:]
    assert (deed.person, deed.via, deed.incident) == ("dana", "http", incident)
    assert deed.kind == {"decisions": "decision", "another-way": "decision"}.get(
        kind.path, kind.path.replace("-", "_")
    )


def test_a_decision_says_what_was_signed(made: Room) -> None:
    made.post(f"/incidents/{ID}/decisions", BODIES["decisions"])
    (deed,) = deeds(made)
    assert (deed.about, deed.said, deed.digest) == ("A1", "approve", DIGEST)


def test_what_is_refused_leaves_nothing(made: Room) -> None:
    assert made.post(f"/incidents/{ID}/take", by="viewer").status_code == 403
    assert made.post(f"/incidents/{ENDED}/take").status_code == 409
    assert deeds(made) == []


@pytest.fixture
def terminal(made: Room, nexus: Terminal) -> Terminal:
    """A terminal over a home in which three things were done."""
    for path in ("take", "note", "severity"):
        made.post(f"/incidents/{ID}/{path}", BODIES[path])
    nexus.home.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(made.home.settings.home / "nexus.db")) as file, file:
        file.execute(f"vacuum into '{nexus.home / 'nexus.db'}'")
    return nexus


def head_in(said: str) -> str:
    found = re.search(r"\d+:[0-9a-f]{64}", said)
    assert found is not None
    return found[0]


def test_it_is_listed_and_exported_with_its_head(terminal: Terminal, tmp_path: Path) -> None:
    assert [one["kind"] for one in json.loads(terminal("audit", "list", "--json").out)] == [
        "take", "note", "severity",
    ]  # fmt: skip
    assert f"dana (http): severity P1 of {ID}" in terminal("audit", "list").out
    said = terminal("audit", "export", "--out", tmp_path / "audit.jsonl")
    lines = (tmp_path / "audit.jsonl").read_text().splitlines()
    assert head_in(said.err) == f"3:{json.loads(lines[-1])['chain']}"


def test_without_a_head_it_says_what_it_cannot_show(terminal: Terminal) -> None:
    said = terminal("audit", "verify")
    assert said.code == 0
    assert "shows only accidental damage" in said.out


def test_with_a_head_the_rows_up_to_it_are_proved(terminal: Terminal) -> None:
    head = head_in(terminal("audit", "verify").out)
    said = terminal("audit", "verify", "--head", head)
    assert (said.code, "Rows 1 to 3 are those that the head proves; 0 came later" in said.out) == (0, True)


def forged(home: Path, *, whole: bool) -> None:
    """Somebody who may write the file takes the triggers away and changes a row; `whole`: and all digests."""
    from nexus.store.audit import AuditHead, chained  # noqa: PLC0415

    with closing(sqlite3.connect(home / "nexus.db")) as file, file:
        for (name,) in file.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            file.execute(f"drop trigger {name}")
        file.execute("update audit set body = replace(body, 'dana', 'kim')")
        head: AuditHead | None = None
        for number, body in file.execute("select number, body from audit").fetchall() if whole else ():
            head = chained(head, body)
            file.execute("update audit set digest = ? where number = ?", (head.digest, number))


@pytest.mark.parametrize("whole", [False, True])
def test_who_forges_rows_is_found_out_by_a_head_that_was_kept(terminal: Terminal, whole: bool) -> None:
    head = head_in(terminal("audit", "verify").out)
    forged(terminal.home, whole=whole)
    assert terminal("audit", "verify").code == (0 if whole else 1)
    said = terminal("audit", "verify", "--head", head)
    assert said.code == 1
    assert ("not the audit in which row 3" if whole else "row 1 does not fit") in said.out


def test_what_is_no_head_is_refused(terminal: Terminal) -> None:
    said = terminal("audit", "verify", "--head", "3:abc")
    assert (said.code, "NUMBER:DIGEST" in said.err) == (2, True)


CHANGES = (
    "update audit set body = '{}' where number = 1",
    "delete from audit where number = 1",
    "insert into audit (number, kind, body, digest) values (1, 'note', '{}', 'x')",
    "insert into audit (number, kind, body, digest) values (9, 'note', '{}', 'x')",
)


@pytest.mark.parametrize("change", [*CHANGES, CHANGES[2].replace("insert", "insert or replace")])
def test_the_file_refuses_every_change_of_a_row(terminal: Terminal, change: str) -> None:
    with (
        closing(sqlite3.connect(terminal.home / "nexus.db")) as file,
        pytest.raises(sqlite3.DatabaseError, match="audit"),
    ):
        file.execute(change)


@pytest.mark.parametrize("change", [*CHANGES, "truncate audit"])
async def test_the_database_refuses_every_change_of_a_row(postgres: PostgresServer, change: str) -> None:
    address = postgres.empty()
    with PostgresStore.open(address, create=False) as store:
        await store.record(Deed(at=NOW, kind=DeedKind.LOGIN, person="dana"))
    with connect(address) as connection, pytest.raises(psycopg.Error, match="audit"):
        connection.execute(change)


@pytest.fixture
def watch(made: Room) -> AuditWatch:
    path = made.home.settings.home / "nexus.yaml"
    return AuditWatch(AlertIntake(made.home, load_site(path), path, "playbook", VirtualClock(NOW)))


async def test_the_head_is_told_to_the_log_at_the_start_and_every_hour(watch: AuditWatch) -> None:
    clock = watch.intake.clock
    assert isinstance(clock, VirtualClock)
    with capture_logs() as lines:
        for minutes in (0, 30, 61):
            clock.advance_to(NOW + timedelta(minutes=minutes))
            await watch.look()
    told = [head_of(line["head"]) for line in lines if line["event"] == "audit head"]
    assert len(told) == 2
    assert (await verified(watch.intake.home.store, told[-1])).holds


async def test_whoever_gains_or_loses_rights_is_recorded_once(watch: AuditWatch) -> None:
    async def rights() -> dict[str, str]:
        rows = await watch.intake.home.store.audit(limit=1000, kind=DeedKind.RIGHTS)
        assert len(rows) == len({row.body for row in rows})
        return {row.deed.about: row.deed.said for row in rows}

    await watch.look()
    first = await rights()
    assert first["viewer"] == "viewer"
    site = watch.intake.site
    *others, last = (one for one in site.people if one.name != "viewer")
    promoted = Person(name="viewer", roles=(AccessRole.ADMIN,))
    watch.intake.site = site.model_copy(update={"people": (*others, promoted)})
    await watch.look()
    await AuditWatch(watch.intake).look()  # a server that starts anew
    assert await rights() == first | {"viewer": "admin", last.identity: "none"}


async def test_a_password_that_is_set_is_no_change_of_rights(watch: AuditWatch) -> None:
    await watch.look()
    store = watch.intake.home.store
    await store.record(
        Deed(at=NOW, kind=DeedKind.RIGHTS, person="admin", via="web", about="viewer", said="password")
    )
    before = await store.audit_head()
    await AuditWatch(watch.intake).look()
    assert await store.audit_head() == before


def test_who_reads_a_raw_answer_stands_in_it(made: Room) -> None:
    asyncio.run(made.home.store.put(sample.evidence(0), b"{}"))
    raw = f"/incidents/{ID}/evidence/{EVIDENCE[0]}/raw"
    assert made.browser("viewer").get(raw).status_code == 200
    assert made.get(raw, by="dana").status_code == 200
    read = [one for one in deeds(made) if one.kind is DeedKind.EVIDENCE_READ]
    assert [one.person for one in read] == ["viewer", "dana"]
    assert {(one.about, one.incident) for one in read} == {(EVIDENCE[0], ID)}
