"""Approving at the command line: in a live world with people a name alone counts for nothing."""

import asyncio
import io
import json
import os
import pty
import select
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.testclient import TestClient

from incidents.action import Approval
from incidents.actor import Via
from nexus.config.settings import Settings
from nexus.home import open_home
from nexus.server.auth import Authenticator
from nexus.server.decisions import decision_routes
from nexus.server.limits import HttpLimits
from nexus.service.decisions import IncidentDecisions
from nexus.service.identity import Credential, People, hash_of
from nexus.store.records import WorldKind, WorldRef
from nexus.store.sqlite.store import Store
from tests.nexus import sample
from tests.nexus.command_line import Terminal
from tests.nexus.sample import DIGEST, ID, at

DANA, KIM = "the-token-of-dana", "the-token-of-kim"
HASHES = {DANA: hash_of(DANA), KIM: hash_of(KIM)}
PEOPLE = f"[{{name: Dana Lee, id: u1, token_hash: {HASHES[DANA]!r}}}, {{name: kim, token: 'env:KIM'}}]"
#: The command line in a process whose controlling terminal is its stdin, as it is for people.
_IN_A_TERMINAL = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from nexus.cli import main
sys.argv = ["nexus", *sys.argv[1:]]
main()
"""
LATE = datetime(2999, 1, 1, tzinfo=UTC)


def keep(home: Path, people: str = PEOPLE, kind: WorldKind = WorldKind.LIVE) -> None:
    """A home in which an incident waits for two signatures, in a world with these people."""
    home.mkdir()
    (home / "nexus.yaml").write_text(f"services: [{{name: checkout}}]\npeople: {people}\n")
    proposal = sample.proposal(approvers_needed=2, expires_at=LATE)
    incident = sample.waiting().evolve(proposals=(proposal,))
    world = WorldRef(kind=kind, path=str(home / "nexus.yaml"))
    with Store.open(home) as store:
        asyncio.run(store.register(incident, world, at(12)))


def given(home: Path) -> list[Approval]:
    """The signatures that were kept."""
    with Store.existing(home) as store:
        return list(asyncio.run(store.approvals(ID)))


@pytest.fixture
def world(nexus: Terminal) -> Terminal:
    """A command line at such a home; both tokens can be checked here."""
    keep(nexus.home)
    nexus.set("KIM", KIM)
    return nexus


def test_a_person_signs_with_their_token_the_digest_that_they_are_shown(world: Terminal) -> None:
    world.set("NEXUS_TOKEN", f"{DANA}\n")
    typed = world("approve", ID, "--note", "go")
    assert typed.code == 0, typed.err
    assert DIGEST in typed.out
    assert "What will change" in typed.out
    assert "A1 (roll back checkout to 2026.11.1): proposed; 1 more approval(s) needed." in typed.out
    (signed,) = given(world.home)
    assert (signed.by, signed.person, signed.via, signed.authenticated) == ("Dana Lee", "u1", Via.CLI, True)
    assert signed.digest == DIGEST
    world.set("NEXUS_TOKEN", KIM)
    second = world("approve", ID, "--by", "Kim", "--digest", DIGEST[:8])
    assert "A1 (roll back checkout to 2026.11.1): approved.\n" in second.out, "nothing drives it meanwhile"
    assert [one.signer for one in given(world.home)] == ["u1", "kim"]


@pytest.mark.parametrize(
    ("token", "words", "sentence"),
    [
        ("", ("--by", "kim"), "--by alone does not decide in a live world with people: show that it is kim. "
                              "Set NEXUS_TOKEN to your own token"),
        ("", (), "show that it is you. Set NEXUS_TOKEN"),
        (" ", ("--by", "kim"), "the token that was shown is not kim's; nothing was decided"),
        (DANA, ("--by", "kim"), "the token that was shown is not kim's; nothing was decided"),
        ("wrong", (), "the token that was shown is nobody's in nexus.yaml's `people`"),
        pytest.param(HASHES[DANA], (), "the token that was shown is nobody's", id="the hash itself"),
        (DANA, ("--by", "danna lee"), "There is no person 'danna lee'; did you mean Dana Lee?"),
        (DANA, ("--digest", "0" * 64), f"A1 is {DIGEST[:12]} now, not 000000000000; look at it again"),
        (DANA, ("--digest", "12"), "Give at least the first 8 digits of the digest"),
        (DANA, ("--action", "A7"), "There is no action 'A7'"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("verb", [("approve",), ("reject", "--note", "no")], ids=["approve", "reject"])
def test_who_cannot_show_who_they_are_decides_nothing(
    world: Terminal, verb: tuple[str, ...], token: str, words: tuple[str, ...], sentence: str
) -> None:
    world.set("NEXUS_TOKEN", token)
    typed = world(verb[0], ID, *verb[1:], *words)
    assert typed.code in {1, 2}
    assert sentence in typed.err
    assert DANA not in typed.err + typed.out
    assert given(world.home) == []


@pytest.mark.parametrize("people", [
    f"[{{name: dana, token_hash: {hash_of(DANA)!r}}}, {{name: kim, token_hash: {HASHES[DANA]!r}}}]",
    f"[{{name: dana, token: 'env:ONE'}}, {{name: kim, token_hash: {HASHES[DANA]!r}}}]",
], ids=["two hashes", "a token and a hash"])  # fmt: skip
def test_a_token_that_two_people_share_is_nobodys(nexus: Terminal, people: str) -> None:
    keep(nexus.home, people)
    nexus.set("ONE", DANA)
    nexus.set("NEXUS_TOKEN", DANA)
    for words in ((), ("--by", "dana"), ("--by", "kim")):
        typed = nexus("approve", ID, *words)
        assert typed.code == 1
        assert "dana and kim show the same token: nobody knows who this is" in typed.err
    assert given(nexus.home) == []


def test_one_hand_signs_once_whatever_the_door(world: Terminal) -> None:
    people = People((Credential("Dana Lee", "people.Dana Lee", "u1", token=SecretStr(DANA)),))
    said = {"verdict": "approve", "action": "A1", "digest": DIGEST}
    opened = open_home(Settings(home=world.home), create=False)
    door = Authenticator.of(people, HttpLimits())
    app = Starlette(routes=decision_routes(IncidentDecisions.of(opened), door, lambda one: None))
    app.state.limits = HttpLimits()
    with TestClient(app) as client, opened.store:
        for _ in range(2):
            answer = client.post(
                f"/incidents/{ID}/decisions", json=said, headers={"Authorization": f"Bearer {DANA}"}
            )
            assert (answer.status_code, answer.json()["missing"]) == (200, 1)
    world.set("NEXUS_TOKEN", DANA)
    for words in ((), ("--by", "dana lee"), ("--by", "U1")):
        assert "1 more approval(s) needed" in world("approve", ID, *words).out
    other = world("reject", ID, "--note", "on second thoughts")
    assert (other.code, "already decided" in other.err) == (1, True)
    (signed,) = given(world.home)
    assert signed.via is Via.HTTP


def test_a_person_for_whom_nothing_can_be_checked_is_told_what_to_add(nexus: Terminal) -> None:
    keep(nexus.home, "[{name: dana}, {name: kim, token: 'env:NOT_HERE'}]")
    nexus.set("NEXUS_TOKEN", DANA)
    for name in ("dana", "kim"):
        typed = nexus("approve", ID, "--by", name)
        assert typed.code == 1
        assert f"nothing here shows that it is {name}; add a `token_hash`" in typed.err


@pytest.mark.parametrize(("kind", "people"), [(WorldKind.LIVE, "[]"), (WorldKind.CASE, PEOPLE)])
def test_without_people_and_in_recorded_worlds_a_name_is_enough(
    nexus: Terminal, kind: WorldKind, people: str
) -> None:
    keep(nexus.home, people, kind)
    assert nexus("approve", ID, "--by", "ana").code == 0
    nameless = nexus("approve", ID)
    assert (nameless.code, "Say who you are: --by NAME" in nameless.err) == (2, True)
    assert [(one.by, one.authenticated) for one in given(nexus.home)] == [("ana", False)]


def test_a_token_may_lie_in_the_keyring(
    world: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "installed" / "keyring"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(
        "from keyring.errors import KeyringError\n"
        "def get_password(service, name):\n"
        "    if name != 'kim':\n"
        "        raise KeyringError('locked')\n"
        f"    return {{'nexus': {KIM!r}}}[service]\n"
    )
    (package / "errors.py").write_text("class KeyringError(Exception): ...\n")
    monkeypatch.syspath_prepend(str(package.parent))
    try:
        assert "--by alone does not decide" in world("approve", ID, "--by", "Dana Lee").err
        assert world("approve", ID, "--by", "kim").code == 0
        assert [one.by for one in given(world.home)] == ["kim"]
    finally:  # whoever comes next has no keyring; what `monkeypatch` takes away it would put back
        for module in ("keyring", "keyring.errors"):
            sys.modules.pop(module, None)


def _read(terminal: io.FileIO) -> bytes:
    """What comes next; nothing for a minute is a failure."""
    assert select.select([terminal], [], [], 60)[0], "it says nothing more"
    return terminal.read(4096)


def test_a_token_is_typed_in_a_terminal_without_being_shown(world: Terminal) -> None:
    master, slave = pty.openpty()
    typed = subprocess.Popen(  # noqa: S603 - the words are the test's own
        [sys.executable, "-c", _IN_A_TERMINAL, "approve", ID, "--by", "dana lee"],
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        env=os.environ | {"NEXUS_HOME": str(world.home), "COLUMNS": "100"},
    )  # fmt: skip
    os.close(slave)
    said = b""  # the prompt comes once nothing is echoed any more
    with open(master, "r+b", buffering=0) as terminal:  # noqa: PTH123 - it has no path
        while b"Token of dana lee, to approve this digest" not in said:
            said += _read(terminal)
        terminal.write(DANA.encode() + b"\n")
        while b"`nexus resume` goes on with it" not in said:
            said += _read(terminal)
        assert typed.wait(60) == 0
    assert DANA.encode() not in said
    assert [one.by for one in given(world.home)] == ["Dana Lee"]


def test_nobody_signs_for_everybody_in_a_live_world_with_people(nexus: Terminal, tmp_path: Path) -> None:
    keep(nexus.home)
    alert = tmp_path / "alert.json"
    alert.write_text(json.dumps({"title": "slow", "service": "checkout"}))
    config = nexus.home / "nexus.yaml"
    refused = nexus("run", alert, "--config", config, "--approve", "all", "--engine", "playbook")
    assert refused.code == 1
    assert "--approve all signs for nobody in a live world with people" in refused.err


def test_a_hash_is_made_of_a_token_that_is_piped_in_or_made(
    nexus: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{DANA}\n"))
    made = nexus("people", "hash")
    assert (made.code, made.out.startswith("$argon2id$v=19$m=65536,t=3,p=4$"), made.out.count("\n")) == (
        0,
        True,
        1,
    )
    assert DANA not in made.out + made.err
    new = nexus("people", "hash", "--new")
    token = new.err.rsplit(" ", 1)[1].strip()
    keep(nexus.home, f"[{{name: dana, token_hash: {new.out.strip()!r}}}]")
    nexus.set("NEXUS_TOKEN", token)
    assert nexus("approve", ID).code == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    refused = nexus("people", "hash")
    assert (refused.code, refused.out) == (2, "")
    assert "A token has at least 12 characters, not 5" in " ".join(refused.err.split())


@pytest.mark.parametrize(
    ("people", "environment", "state", "words"),
    [
        ("[{name: dana, token: 'env:ONE'}]", DANA, "ok", "dana: a `token_hash` (`nexus people hash`)"),
        (f"[{{name: dana, token_hash: {HASHES[DANA]!r}}}]", "", "ok", "dana"),
        (f"[{{name: dana, token_hash: {HASHES[DANA]!r}}}, {{name: kim, token: 'env:ONE'}}]", DANA, "broken",
         "dana and kim show the same token"),
        ("[{name: dana}]", "", "missing", "nothing shows that it is dana"),
        ("[{name: dana, roles: [viewer]}]", "", "missing", "nobody may decide on changes"),
        ("[]", "", "ok", "anyone who gives a name"),
    ],
)  # fmt: skip
def test_doctor_tells_whose_token_is_worth_mending(
    nexus: Terminal, people: str, environment: str, state: str, words: str
) -> None:
    keep(nexus.home, people)
    nexus.set("ONE", environment)
    nexus.set("NEXUS_CONFIG", str(nexus.home / "nexus.yaml"))
    checks = json.loads(nexus("doctor", "--json").out)
    (found,) = [one for one in checks if one["part"] == "Approvers"]
    assert found["state"] == state
    assert words in f"{found['found']} {found['advice']}"
