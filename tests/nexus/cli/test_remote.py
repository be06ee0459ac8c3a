"""Verbs at a server that runs elsewhere: what they print and how they end is what they do at home."""

import asyncio
import http.server
import json
import re
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from nexus.cli.parser import Group, Parser
from nexus.cli.verbs import known
from nexus.store.sqlite.store import Store
from tests.nexus.cli.test_signing import DANA, KIM, keep
from tests.nexus.cli.test_speaking import PEOPLE, SAM
from tests.nexus.command_line import Terminal, Typed
from tests.nexus.sample import DIGEST, ID
from tests.nexus.served import Serving, served

#: What only a home that nobody serves has to be told.
_DRIVES = re.compile(r"If nothing drives .*\n")
#: When it was said, and what is counted.
_CHANGING = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z|INC-2026-11-29-\d+")

#: Where `--server` is the address that a link begins with; nothing is asked there.
LINKED = {"people"}
READ = {
    "incidents": (("incidents",), ("incidents", "--json"), ("incidents", "--open", "--limit", "1"),
                  ("incidents", "--severity", "P3"), ("incidents", "--after", "INC-9")),
    "show": (("show", ID), ("show", ID, "--json"), ("show", "INC-2026-11-23-009")),
    "approvals": (("approvals",), ("approvals", "--json")),
    "verdicts": (("verdicts",), ("verdicts", "--json")),
    "watch": (("watch", "INC-2026-11-23-009"),),
    "oncall": (("oncall",), ("oncall", "--at", "2026-10-24T22:00:00+02:00", "--days", "3", "--json"),
               ("oncall", "--at", "1999-01-01T00:00:00Z"), ("oncall", "--days", "91")),
    "tickets": (("tickets",), ("tickets", ID, "--json"), ("tickets", "INC-2026-11-23-009"),
                ("tickets", "--create"), ("tickets", ID, "--create")),
    "destinations": (("destinations",), ("destinations", "--json")),
    "policy": (("policy",), ("policy", "--json"), ("policy", "explain", ID),
               ("policy", "explain", ID, "--json"),
               ("policy", "explain", ID, "--action", "A7"), ("policy", "explain", "INC-2026-11-23-009")),
    "alerts": (("alerts",), ("alerts", "--json", "--limit", "300"), ("alerts", "--incident", "INC-9"),
               ("alerts", "show", "7")),
}  # fmt: skip
WRITTEN = {
    "approve": (("approve", ID, "--digest", DIGEST[:8]), ("approve", ID, "--digest", "0" * 64),
                ("approve", ID, "--action", "A7")),
    "reject": (("reject", ID, "--note", "no"),),
    "another-way": (("another-way", ID, "without a restart"), ("another-way", ID, " ")),
    "revoke": (("revoke", ID, "--note", "not now"), ("revoke", ID, "--action", "A7", "--note", "no")),
    "restrict": (("restrict", ID, "--why", "misuse", "--to", "kim"), ("restrict", ID)),
    "verdict": (("verdict", ID, "right", "--note", "yes"), ("verdict", ID, "maybe"),
                ("verdict", ID, "wrong", "--service", "chekout")),
    "status": (("status", "write", ID, "--impact", "orders fail", "--doing", "we look"),
               ("status", "release", ID)),
    "note": (("note", ID, "look at payment"), ("note", ID, " ")),
    "severity": (("severity", ID, "p1"), ("severity", ID, "P9")),
    "stop": (("stop", ID, "--reason", "wrong cluster"), ("stop", "--all", "--reason", "enough"), ("stop",)),
    "settle": (("settle", ID, "A1", "--done"),),
    "replay": (("replay", ID),),
    "acknowledge": (("acknowledge", ID), ("acknowledge", ID, "--json", "--note", "at the laptop")),
    "take-over": (("take-over", ID),),
    "hand-over": (("hand-over", ID, "--to", "kim", "--note", "bye"),
                  ("hand-over", ID, "--to", "nobody", "--note", "bye")),
    "take": (("take", ID), ("take", ID, "--json"), ("take", "INC-2026-11-23-009")),
    "give-back": (("give-back", ID, "--note", "again"), ("give-back", ID, "--note", " ")),
    "changed": (("changed", ID, "--service", "checkout", "--what", "restarted it", "--when", "5m"),
                ("changed", ID, "--service", "chekout", "--what", "restarted it"),
                ("changed", ID, "--service", "checkout", "--what", "x", "--when", "2999-01-01T00:00:00Z")),
    "mitigated": (("mitigated", ID, "--note", "a workaround"),),
    "resolve": (("resolve", ID),),
    "false-alarm": (("false-alarm", ID),),
    "reopen": (("reopen", ID, "--note", "not over"),),
    "declare": (("declare", "customers cannot pay", "--service", "checkout"),
                ("declare", "customers cannot pay", "--service", "chekout")),
    "split": (("split", ID, "a1b2c3d4", "--reason", "another team's"), ("split", ID, "x", "--reason", "y")),
    "policy": (("policy", "renew", "rollback", "checkout"), ("policy", "renew", "rollback", "chekout")),
    "merge": (("merge", ID, ID, "--reason", "one cause"),),
}  # fmt: skip


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Serving]]:
    """A home, and a server of a copy of it."""
    folder = tmp_path_factory.mktemp("twins")
    here = folder / "here"
    keep(here, PEOPLE)
    there = shutil.copytree(here, folder / "there")
    with served(there, there, KIM=KIM, SAM=SAM) as running:
        yield here, running
        running.stop()


@pytest.fixture
def both(
    twins: tuple[Path, Serving], nexus: Terminal, monkeypatch: pytest.MonkeyPatch
) -> tuple[Terminal, str]:
    """A command line at a fresh copy of the home, and the server's address; both homes are alike before."""
    here, running = twins
    shutil.copytree(here, nexus.home)
    with closing(sqlite3.connect(here.with_name("there") / "nexus.db")) as raw, raw:
        for table in ("inbox", "approvals", "restrictions", "verdicts"):
            raw.execute(f"delete from {table} where incident = ?", (ID,))  # noqa: S608 - the test's own
        raw.execute("delete from incidents where id <> ?", (ID,))  # what another test has declared there
    for name, value in (("KIM", KIM), ("SAM", SAM), ("NEXUS_TOKEN", DANA)):
        nexus.set(name, value)
    nexus.set("NEXUS_CONFIG", str(nexus.home / "nexus.yaml"))
    monkeypatch.setenv("COLUMNS", "100")
    return nexus, running.root


def alike(typed: Typed) -> tuple[int, str, str]:
    """What may not differ between home and server."""
    return typed.code, _CHANGING.sub("*", _DRIVES.sub("", typed.out)), _CHANGING.sub("*", typed.err)


def inbox(home: Path) -> list[str]:
    """Who said what, as it waits to be read."""
    with Store.existing(home) as store:
        events = asyncio.run(store.events(ID))
    return [f"{event.kind} by {getattr(event, 'by', '?')}" for event in events]


def test_every_verb_that_takes_a_server_is_tried_here() -> None:
    taking = {
        name
        for name, verb in known("").items()
        for one in (verb, *(verb.verbs.values() if isinstance(verb, Group) else ()))
        if "--server" in Parser(name, one).format_usage()
    }
    assert taking - LINKED == set(READ) | set(WRITTEN)


@pytest.mark.parametrize("words", [words for cases in READ.values() for words in cases], ids=" ".join)
def test_what_is_looked_at_there_is_what_is_looked_at_here(
    both: tuple[Terminal, str], words: tuple[str, ...]
) -> None:
    nexus, server = both
    here, there = nexus(*words), nexus(*words, "--server", f"{server}/")
    assert alike(there) == alike(here)


@pytest.mark.parametrize("words", [words for cases in WRITTEN.values() for words in cases], ids=" ".join)
def test_what_is_done_there_is_what_is_done_here(
    both: tuple[Terminal, str], twins: tuple[Path, Serving], words: tuple[str, ...]
) -> None:
    nexus, server = both
    here = nexus(*words)
    nexus.set("NEXUS_SERVER", server)
    there = nexus(*words)
    assert alike(there) == alike(here)
    assert inbox(twins[0].with_name("there")) == inbox(nexus.home)


def test_who_may_not_is_refused_there_as_here(both: tuple[Terminal, str]) -> None:
    nexus, server = both
    nexus.set("NEXUS_TOKEN", SAM)
    for words in (("take", ID), ("approve", ID), ("stop", "--all", "--reason", "x")):
        here, there = nexus(*words), nexus(*words, "--server", server)
        assert here.code == there.code == 1
        assert there.err.partition(" (stopped")[0] == here.err.partition(" (stopped")[0]
    assert nexus("show", ID, "--server", server).code == 0


@pytest.mark.parametrize(
    ("token", "by", "sentence"),
    [
        ("", (), "has to know who you are: set NEXUS_TOKEN"),
        ("wrong", (), "show your own token of nexus.yaml's `people`"),
        ("a\nb", (), "the token that was shown is nobody's"),
        (DANA, ("--by", "kim"), "the token that was shown is not kim's, but Dana Lee's; nothing was changed"),
    ],
)
def test_who_is_not_who_they_say_does_nothing_there(
    both: tuple[Terminal, str], twins: tuple[Path, Serving], token: str, by: tuple[str, ...], sentence: str
) -> None:
    nexus, server = both
    nexus.set("NEXUS_TOKEN", token)
    typed = nexus("take", ID, *by, "--server", server)
    assert (typed.code, sentence in typed.err) == (1, True)
    assert inbox(twins[0].with_name("there")) == []
    assert DANA not in typed.out + typed.err


def test_a_name_in_any_spelling_is_whose_token_it_is(both: tuple[Terminal, str]) -> None:
    nexus, server = both
    for name in ("dana  lee", "U1"):
        taken = json.loads(nexus("take", ID, "--by", name, "--json", "--server", server).out)
        assert taken["by"] == "Dana Lee"


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://nexus.example.com", "without TLS your token could be read on the way; use https://"),
        ("nexus.example.com", "write https://HOST"),
        ("ftp://127.0.0.1", "write https://HOST"),
        ("https://dana:pass@nexus.example.com", "write https://HOST"),
        ("https://", "write https://HOST"),
        ("http://[::1", "write https://HOST"),
    ],
)
def test_a_token_is_sent_only_where_it_is_safe(nexus: Terminal, address: str, sentence: str) -> None:
    nexus.set("NEXUS_TOKEN", DANA)
    typed = nexus("incidents", "--server", address)
    assert (typed.code, sentence in typed.err, typed.out) == (2, True, "")


def test_where_nothing_answers_it_is_said(nexus: Terminal) -> None:
    nexus.set("NEXUS_TOKEN", DANA)
    typed = nexus("incidents", "--server", "http://127.0.0.1:9")
    assert (typed.code, "http://127.0.0.1:9 does not answer" in typed.err) == (1, True)


class Odd(http.server.BaseHTTPRequestHandler):
    """Something that is no Nexus, or a Nexus in trouble: what it answers stands in the class."""

    answers: list[tuple[int, dict[str, str], bytes]] = []  # noqa: RUF012
    asked: list[tuple[str, str]] = []  # noqa: RUF012

    def do_POST(self) -> None:
        """Answer what comes next."""
        self.rfile.read(int(self.headers["content-length"]))
        self.asked.append((self.path, self.headers["idempotency-key"]))
        status, headers, body = self.answers.pop(0)
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def odd(*answers: tuple[int, dict[str, str], bytes]) -> Iterator[tuple[str, type[Odd]]]:
    class One(Odd):
        pass

    One.answers, One.asked = list(answers), []
    server = http.server.HTTPServer(("127.0.0.1", 0), One)
    with server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield f"http://127.0.0.1:{server.server_port}", One
        server.shutdown()


TAKEN = json.dumps(
    {"incident": ID, "verb": "take", "by": "Dana Lee", "at": "2026-11-23T03:11:10Z", "known": False, "new": 1}
).encode()
BUSY = json.dumps({"detail": "Dana Lee asks too often; wait a moment"}).encode()


def test_a_server_that_is_busy_is_asked_again_under_the_same_key(nexus: Terminal) -> None:
    nexus.set("NEXUS_TOKEN", DANA)
    busy = (429, {"retry-after": "0"}, BUSY)
    with odd(busy, busy, (200, {}, TAKEN)) as (server, one):
        assert "Dana Lee has it" in nexus("take", ID, "--server", f"{server}/nexus").out
    assert len({key for _, key in one.asked}) == 1
    assert {path for path, _ in one.asked} == {f"/nexus/api/v1/incidents/{ID}/take"}
    with odd(busy, busy, busy) as (server, one):
        refused = nexus("take", ID, "--server", server)
    assert (refused.code, "asks too often" in refused.err, len(one.asked)) == (1, True, 3)
    with odd((503, {"retry-after": "3600"}, BUSY)) as (server, one):
        assert nexus("take", ID, "--server", server).code == 1


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((200, {}, b"<html>"), "answered 200, and not as Nexus does"),
        ((502, {}, b"<html>bad gateway"), "answered 502, and not as Nexus does"),
        ((302, {"location": "http://127.0.0.1:9/"}, b""), "answered 302, and not as Nexus does"),
        ((500, {}, b'{"detail": "the log says why"}'), "the log says why"),
    ],
)
def test_what_is_no_nexus_is_told_so(
    nexus: Terminal, answer: tuple[int, dict[str, str], bytes], sentence: str
) -> None:
    nexus.set("NEXUS_TOKEN", DANA)
    with odd(answer) as (server, _):
        typed = nexus("take", ID, "--server", server)
    assert (typed.code, sentence in typed.err) == (1, True)


def test_certificates_are_checked_and_may_be_named(nexus: Terminal, tmp_path: Path) -> None:
    nexus.set("NEXUS_TOKEN", DANA)
    nexus.set("NEXUS_SERVER_CA_FILE", str(tmp_path / "none.pem"))
    typed = nexus("incidents", "--server", "https://127.0.0.1:9")
    assert (typed.code, "NEXUS_SERVER_CA_FILE" in typed.err) == (2, True)
