"""Planted secrets reach nobody: not the model, not the store, its checkpoints or its log, not the folder."""

import json
from pathlib import Path

import polars as pl
import pytest
import yaml

from tests.cases import CHANGES, build_case
from tests.fake_answers import obliging
from tests.fake_openai import FakeOpenAI
from tests.nexus.command_line import Terminal

LOGGED = (
    "login of jane.roe@mail.example.com failed, dsn postgres://shop:pl4nted-pass@orders-db:5432/shop, "
    "Authorization: Bearer planted0token0123456789, card 4111 1111 1111 1111"
)
ALERTED = "5xx above 10%; api_key=planted-alert-key-42, ask oncall@corp.example.org"
CHANGED = "rotate AKIAPLANTEDKEY012345 for bundle discount"
PLANTED = (
    "jane.roe@mail", "pl4nted-pass", "planted0token", "4111 1111", "planted-alert-key", "oncall@corp",
    "AKIAPLANTED",
)  # fmt: skip


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """The small case with secrets in its logs, its alert and its changes."""
    folder = build_case(tmp_path / "cases")
    for file in folder.rglob("logs.parquet"):
        lines = pl.read_parquet(file)
        leaky = pl.when(pl.col("level") == "error").then(pl.lit(f"{LOGGED} ") + pl.col("message"))
        lines.with_columns(leaky.otherwise(pl.col("message")).alias("message")).write_parquet(file)
    changes = [{**one, "summary": CHANGED} for one in CHANGES]
    (folder / "telemetry" / "changes.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in changes))
    document = yaml.safe_load((folder / "case.yaml").read_text())
    for alert in document["alerts"][0]["payload"]["alerts"]:
        alert["annotations"]["description"] = ALERTED
    (folder / "case.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return folder


@pytest.mark.parametrize("engine", ["llm", "playbook"])
def test_a_planted_secret_is_nowhere_afterwards(nexus: Terminal, planted: Path, engine: str) -> None:
    with FakeOpenAI(obliging) as server:
        nexus.set("NEXUS_LLM_BASE_URL", server.base_url)
        nexus.set("NEXUS_LLM_MODEL", "local-model")
        nexus.set("NEXUS_LOG_LEVEL", "debug")
        typed = nexus("run", "--world", planted, "--approve", "all", "--engine", engine, "--json")
        sent = json.dumps([asked.body for asked in server.requests])
    assert typed.code in {0, 1}, typed.err
    incident = json.loads(typed.out)["id"]
    noted = nexus("trace", incident).out + nexus("ask", incident, "which login failed?").out
    kept = b"".join(file.read_bytes() for file in nexus.home.rglob("*") if file.is_file())
    for secret in PLANTED:
        assert secret not in sent
        assert secret not in typed.out + typed.err + noted
        assert secret.encode() not in kept
    assert b"<email-" in kept
    assert (engine == "playbook") or "<password-" in sent or "<email-" in sent


def test_a_note_with_a_password_is_kept_without_it(nexus: Terminal, waiting: Path) -> None:
    nexus.goes_on_from(waiting)
    (incident,) = json.loads(nexus("incidents", "--json").out)
    assert nexus("note", incident["id"], "the password: pl4nted-note works, ask it", "--by", "dana").code == 0
    kept = b"".join(file.read_bytes() for file in nexus.home.rglob("*") if file.is_file())
    assert b"pl4nted-note" not in kept
    assert b"works, ask it" in kept
