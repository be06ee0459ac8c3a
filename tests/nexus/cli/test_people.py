"""`nexus people`: passwords and invitations, typed at a terminal."""

import asyncio
import io
import json
from pathlib import Path

import pytest

from nexus.config.settings import Settings
from nexus.home import open_home
from nexus.service.identity import verified
from tests.nexus.command_line import Terminal, Typed

GOOD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def site(nexus: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "nexus.yaml"
    path.write_text("services: [{name: web}]\npeople: [{name: Dana Lee, id: dlee}]\n")
    nexus.set("NEXUS_CONFIG", str(path))


@pytest.fixture
def piped(nexus: Terminal, monkeypatch: pytest.MonkeyPatch) -> "Piped":
    return Piped(nexus, monkeypatch)


class Piped:
    """Types a verb into which a line is piped."""

    def __init__(self, nexus: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
        self._nexus = nexus
        self._monkeypatch = monkeypatch

    def __call__(self, line: str, *words: str) -> Typed:
        self._monkeypatch.setattr("sys.stdin", io.StringIO(line + "\n"))
        return self._nexus(*words)


def kept(nexus: Terminal) -> str | None:
    with open_home(Settings(home=nexus.home), create=False) as home:
        return asyncio.run(home.store.password("dlee"))


def test_a_password_is_kept_as_a_hash(nexus: Terminal, piped: Piped) -> None:
    done = piped(GOOD, "people", "password", "dana lee")
    assert (done.code, done.out) == (0, "Dana Lee has a new password, and is logged out everywhere.\n")
    hashed = kept(nexus)
    assert hashed is not None
    assert verified(hashed, GOOD)


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("dana lee", "short", "password: it has 5 characters"),
        ("dana lee", "my name is Dana Lee", "too easy to guess"),
        ("dan", GOOD, "There is no person 'dan'"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_kept(
    nexus: Terminal, piped: Piped, name: str, line: str, said: str
) -> None:
    done = piped(line, "people", "password", name)
    assert done.code != 0
    assert said.lower() in done.err.lower()
    assert GOOD not in done.err
    with open_home(Settings(home=nexus.home), create=True) as home:
        assert asyncio.run(home.store.with_password()) == ()


def test_an_invitation_is_an_address_that_counts(nexus: Terminal) -> None:
    done = nexus("people", "invite", "dlee", "--server", "https://nexus.example/")
    assert done.code == 0
    address = done.out.strip()
    assert address.startswith("https://nexus.example/setup/")
    assert "public_url" in nexus("people", "invite", "dlee").err


def test_a_token_is_made_listed_and_revoked(nexus: Terminal) -> None:
    made = nexus("people", "token", "dlee", "--for", "the dashboard", "--scope", "viewer", "--days", "7")
    assert made.code == 0, made.err
    _, identity, secret = made.out.strip().split("_", 2)
    assert len(secret) == 43
    listed = nexus("people", "tokens")
    assert listed.out.startswith(f"{identity} of dlee: the dashboard (viewer), until ")
    (one,) = json.loads(nexus("people", "tokens", "--json").out)
    assert (one["id"], one["scopes"]) == (identity, ["viewer"])
    assert nexus("people", "revoke", identity).out == f"{identity} is revoked.\n"
    assert nexus("people", "revoke", identity).code != 0
    assert nexus("people", "tokens").out.startswith("Nobody has an API token")


def test_a_scope_that_there_is_not_names_the_nearest(nexus: Terminal) -> None:
    refused = nexus("people", "token", "dlee", "--for", "x", "--scope", "view")
    assert refused.code != 0
    assert "viewer" in refused.err
