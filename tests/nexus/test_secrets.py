"""Planted secrets reach nobody: not the model, not the store, its checkpoints or its log, not the folder."""

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from tests.cases import CHANGES, build_case
from tests.fake_answers import obliging
from tests.fake_openai import FakeOpenAI
from tests.fake_turns import Asked, Reply
from tests.nexus.command_line import Terminal
from tests.tools.redaction.samples import GONE, PARTS
from tools.redaction.table import use

LOGGED = (
    "login of jane.roe@mail.example.com failed, dsn postgres://shop:pl4nted-pass@orders-db:5432/shop, "
    "Authorization: Bearer planted0token0123456789, card 4111 1111 1111 1111"
)
#: Each of them in a line, a label, a note, a reason and an answer of the model.
EVERY = "\n".join(GONE)
ALERTED = "5xx above 10%; api_key=planted-alert-key-42, ask oncall@corp.example.org"
CHANGED = "rotate AKIAPLANTEDKEY012345 for bundle discount"
PLANTED = (
    "jane.roe@mail", "pl4nted-pass", "planted0token", "4111 1111", "planted-alert-key", "oncall@corp",
    "AKIAPLANTED", *PARTS,
)  # fmt: skip


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """The small case with secrets in its logs, its alert and its changes."""
    folder = build_case(tmp_path / "cases")
    for file in folder.rglob("logs.parquet"):
        lines = pl.read_parquet(file)
        kinds = pl.Series([f"{LOGGED} {GONE[number % len(GONE)]} " for number in range(lines.height)])
        leaky = pl.when(pl.col("level") == "error").then(kinds + pl.col("message"))
        lines.with_columns(leaky.otherwise(pl.col("message")).alias("message")).write_parquet(file)
    changes = [{**one, "summary": CHANGED} for one in CHANGES]
    (folder / "telemetry" / "changes.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in changes))
    document = yaml.safe_load((folder / "case.yaml").read_text())
    for alert in document["alerts"][0]["payload"]["alerts"]:
        alert["annotations"]["description"] = ALERTED
        alert["annotations"]["summary"] = f"web fails: {GONE[0]}"
        alert["labels"] |= {f"label{number}": text for number, text in enumerate(GONE)}
    (folder / "case.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return folder


_KINDS = itertools.cycle(GONE)


def _told(value: Any) -> Any:
    match value:
        case str() if " " in value:
            return f"{value} {next(_KINDS)}"
        case list():
            return [_told(one) for one in value]
        case dict():
            return {name: _told(one) for name, one in value.items()}
        case _:
            return value


def telling(asked: Asked) -> Reply:
    """An answer that obliges, and tells a secret of each kind in every sentence of its report."""
    reply = obliging(asked)
    calls = tuple(replace(call, arguments=_told(call.arguments)) for call in reply.calls)
    return replace(reply, calls=calls, text=f"{reply.text}\n{EVERY}" if reply.text else reply.text)


@pytest.mark.parametrize("engine", ["llm", "playbook"])
def test_a_planted_secret_is_nowhere_afterwards(nexus: Terminal, planted: Path, engine: str) -> None:
    with FakeOpenAI(telling) as server:
        nexus.set("NEXUS_LLM_BASE_URL", server.base_url)
        nexus.set("NEXUS_LLM_MODEL", "local-model")
        nexus.set("NEXUS_LOG_LEVEL", "debug")
        typed = nexus("run", "--world", planted, "--approve", "all", "--engine", engine, "--json")
        sent = json.dumps([asked.body for asked in server.requests])
    assert typed.code in {0, 1, 3}, typed.err
    incident = json.loads(typed.out)["id"]
    noted = nexus("trace", incident).out + nexus("ask", incident, "which login failed?").out
    kept = b"".join(file.read_bytes() for file in nexus.home.rglob("*") if file.is_file())
    for secret in PLANTED:
        assert secret not in sent
        assert secret not in typed.out + typed.err + noted
        assert secret.encode() not in kept
    assert b"<email-" in kept
    assert (engine == "playbook") or "<secret-" in sent or "<email-" in sent


def test_a_note_with_a_password_is_kept_without_it(nexus: Terminal, waiting: Path) -> None:
    nexus.goes_on_from(waiting)
    (incident,) = json.loads(nexus("incidents", "--json").out)
    assert nexus("note", incident["id"], "the password: pl4nted-note works, ask it", "--by", "dana").code == 0
    kept = b"".join(file.read_bytes() for file in nexus.home.rglob("*") if file.is_file())
    assert b"pl4nted-note" not in kept
    assert b"works, ask it" in kept


@pytest.mark.parametrize("verb", ["note", "stop", "reject"])
def test_what_people_write_is_kept_without_its_secrets(nexus: Terminal, waiting: Path, verb: str) -> None:
    nexus.goes_on_from(waiting)
    (incident,) = json.loads(nexus("incidents", "--json").out)
    words = {"note": [EVERY], "stop": ["--reason", EVERY], "reject": ["--note", EVERY]}[verb]
    assert nexus(verb, incident["id"], *words, "--by", "dana").code == 0
    shown = nexus("show", incident["id"]).out + nexus("show", incident["id"], "--json").out
    kept = b"".join(file.read_bytes() for file in nexus.home.rglob("*") if file.is_file())
    for part in PARTS:
        assert part.encode() not in kept
        assert part not in shown
    assert b"<secret-" in kept


def test_an_error_that_quotes_an_address_says_no_password(nexus: Terminal) -> None:
    typed = nexus("run", "--world", f"/there/is/no/{GONE[0]}")
    assert typed.code in {1, 2}
    assert not [part for part in PARTS if part in typed.err]
    assert "<secret-" in typed.err


def test_a_team_has_patterns_of_its_own(nexus: Terminal, waiting: Path, tmp_path: Path) -> None:
    nexus.goes_on_from(waiting)
    own = tmp_path / "redaction.yaml"
    nexus.set("NEXUS_REDACTION", str(own))
    typed = nexus("incidents")
    assert typed.code == 2
    assert "the redaction patterns cannot be read" in typed.err
    own.write_text("patterns: [{name: badge, hints: [bdg-], pattern: 'BDG-[0-9]{6}'}]")
    try:
        (incident,) = json.loads(nexus("incidents", "--json").out)
        assert nexus("note", incident["id"], "BDG-123456 saw it", "--by", "dana").code == 0
    finally:
        use(None)
    kept = b"".join(file.read_bytes() for file in nexus.home.rglob("*") if file.is_file())
    assert b"BDG-123456" not in kept
    assert b"<badge-" in kept
