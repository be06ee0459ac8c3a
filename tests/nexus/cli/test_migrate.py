"""`nexus migrate`, and verbs on a database that was not migrated."""

from pathlib import Path

import pytest

from nexus.store.postgres.sql import VERSION
from nexus.store.sqlite.migrate import VERSION as FILE_VERSION
from tests.nexus.command_line import Terminal
from tests.postgres import PostgresServer

SITE = "services: [{name: web, user_facing: true}]\n"


def test_a_file_is_made_and_named(nexus: Terminal) -> None:
    done = nexus("migrate")
    assert (done.code, done.out) == (0, f"{nexus.home / 'nexus.db'} has schema {FILE_VERSION}\n")


def test_a_database_is_made_ready_once_for_all_verbs(
    nexus: Terminal, postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url = postgres.new("verbs").url.get_secret_value()
    (tmp_path / "nexus.yaml").write_text(f"{SITE}store: {{url: '{url}'}}\n")
    for words in (("incidents",), ("serve", "--no-migrate", "--port", "0", "--engine", "playbook")):
        early = nexus(*words)
        assert early.code == 2
        assert "`nexus migrate` makes its tables" in early.err
    ready = nexus("migrate")
    assert (ready.code, ready.err) == (0, "")
    assert ready.out.endswith(f"/verbs has schema {VERSION}\n")
    assert nexus("migrate") == ready
    assert nexus("incidents", "--json").out == "[]\n"
    assert not (nexus.home / "nexus.db").exists()


def test_what_cannot_be_reached_is_a_sentence_without_its_secrets(nexus: Terminal) -> None:
    nexus.set("NEXUS_DATABASE_URL", "postgresql://nexus:hunter2@127.0.0.1:9/incidents")
    for words in (("migrate",), ("incidents",), ("doctor",)):
        failed = nexus(*words)
        assert failed.code == 1
        said = " ".join((failed.out + failed.err).split())
        assert "127.0.0.1:9/incidents" in said
        assert "hunter2" not in said
