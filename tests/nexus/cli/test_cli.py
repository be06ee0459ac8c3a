"""The command line as people and scripts use it."""

import asyncio
import json
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from nexus.store.leading import FailingJob
from nexus.store.records import WorldKind, WorldRef
from nexus.store.sqlite.store import Store
from tests.cases import webhook
from tests.nexus import sample
from tests.nexus.command_line import Terminal


def at_approval(nexus: Terminal, waiting: Path) -> str:
    """An incident that waits for a person; its id."""
    nexus.goes_on_from(waiting)
    (one,) = json.loads(nexus("incidents", "--json").out)
    assert one["status"] == "open"
    return str(one["id"])


def test_an_incident_runs_from_alert_to_post_mortem(nexus: Terminal, case: Path) -> None:
    typed = nexus("run", "--world", case, "--approve", "all", "--engine", "playbook", "--json")
    assert typed.code == 0, typed.err
    body = json.loads(typed.out)
    assert body["status"] == "resolved"
    assert body["severity"] == "P1"
    assert body["diagnosis"]["service"] == "checkout"
    assert body["diagnosis"]["category"] == "deployment"
    assert body["diagnosis"]["change"] == "c2"
    assert body["diagnosis"]["evidence"]
    assert [(a["kind"], a["target"], a["arguments"]) for a in body["actions"]] == [
        ("rollback", "checkout", {"version": "1.0"})
    ]
    assert body["verification"]["verdict"] == "recovered"
    assert Path(body["post_mortem"]).is_file()
    assert {"at", "step", "role", "engine", "kind", "text", "evidence"} <= set(body["timeline"][0])
    assert set(body["usage"]) >= {"model_calls", "tokens", "cost", "seconds"}


def test_a_language_that_there_is_not_is_answered_with_those_that_there_are(nexus: Terminal) -> None:
    nexus.set("NEXUS_LANGUAGE", "es")
    wrong = nexus("incidents")
    assert (wrong.code, "NEXUS_LANGUAGE" in wrong.err) == (2, True)
    assert "there is en (English), de (Deutsch), fr (Français)" in wrong.err


def test_lost_revenue_is_told_in_the_sites_currency(nexus: Terminal, case: Path) -> None:
    nexus.set("NEXUS_REVENUE_THRESHOLD", "1000")
    nexus.set("NEXUS_REVENUE_CURRENCY", "EUR")
    typed = nexus("run", "--world", case, "--approve", "all", "--engine", "playbook", "--json")
    body = json.loads(typed.out)
    assert (body["impact"]["revenue"] > 1000, body["impact"]["currency"]) == (True, "EUR")
    (fired,) = [row for row in body["escalations"] if row["row"] == "revenue"]
    assert fired["condition"].startswith("Revenue impact > $X (")
    assert fired["condition"].endswith(" EUR lost, the threshold is 1,000 EUR)")
    assert " EUR lost so far (measured)" in fired["text"]
    assert re.search(r"[\d,]+ EUR lost by [\d:]+ UTC \(measured\)", Path(body["post_mortem"]).read_text())
    assert " EUR so far" in nexus("show", body["id"]).out
    nexus.set("NEXUS_REVENUE_CURRENCY", "EURO")
    wrong = nexus("incidents")
    assert (wrong.code, "NEXUS_REVENUE_CURRENCY" in wrong.err, "ISO 4217" in wrong.err) == (2, True, True)


def test_a_recording_that_names_its_currency_is_told_in_that_one(
    nexus: Terminal, case: Path, tmp_path: Path
) -> None:
    case = shutil.copytree(case, tmp_path / case.name)
    told = case / "case.yaml"
    told.write_text(f"currency: SEK\n{told.read_text()}")
    nexus.set("NEXUS_REVENUE_CURRENCY", "EUR")
    typed = nexus("run", "--world", case, "--approve", "all", "--engine", "playbook", "--json")
    assert json.loads(typed.out)["impact"]["currency"] == "SEK"
    told.write_text(told.read_text().replace("SEK", "crowns"))
    wrong = nexus("run", "--world", case)
    assert (wrong.code, "currency" in wrong.err, "ISO 4217" in wrong.err) == (2, True, True)


def test_the_shown_timeline_is_the_one_that_was_stored(nexus: Terminal, case: Path) -> None:
    typed = nexus("run", "--world", case, "--approve", "all", "--engine", "playbook")
    assert typed.code == 0, typed.err
    identity = typed.out.split()[0]
    body = json.loads(nexus("show", identity, "--json").out)
    for entry in body["timeline"]:
        assert " ".join(entry["text"].split())[:60] in typed.out
    assert identity in nexus("incidents").out
    assert "resolved" in nexus("show", identity).out
    assert "ended" in nexus("watch", identity).out
    assert len(json.loads(nexus("backlog", "--json").out)) == len(body["backlog"])


def test_an_alert_body_opens_an_incident(nexus: Terminal, case: Path, tmp_path: Path) -> None:
    alert = tmp_path / "alert.json"
    alert.write_text(json.dumps(webhook(None)))
    typed = nexus("run", alert, "--world", case, "--approve", "none", "--engine", "playbook", "--json")
    assert typed.code == 3, typed.err
    body = json.loads(typed.out)
    assert body["alerts"][0]["fingerprint"] == "7aeb15eb9ae390c6"
    assert body["status"] == "handed_over"
    assert all(action["state"] == "expired" for action in body["actions"])


def test_a_person_elsewhere_approves_and_another_process_goes_on(nexus: Terminal, waiting: Path) -> None:
    identity = at_approval(nexus, waiting)
    assert identity in nexus("approvals").out
    assert nexus("approve", identity, "--by", "ana").code == 0
    typed = nexus("resume", "--json")
    assert typed.code == 0, typed.err
    (body,) = json.loads(typed.out)
    assert body["status"] == "resolved"
    assert [a["by"] for a in body["actions"][0]["approvals"]] == ["ana"]
    assert "Nothing waits" in nexus("approvals").out


def test_another_way_is_asked_for_and_the_agents_look_with_the_wish(nexus: Terminal, waiting: Path) -> None:
    identity = at_approval(nexus, waiting)
    empty = nexus("another-way", identity, " ", "--by", "ana")
    assert (empty.code, "say what it should be instead" in empty.err) == (2, True)
    asked = nexus("another-way", identity, "without a rollback", "--by", "ana")
    assert (asked.code, "rejected; another way is asked for" in asked.out) == (0, True), asked.err
    (body,) = json.loads(nexus("resume", "--approve", "none", "--json").out)
    (said,) = body["actions"][0]["approvals"]
    assert (said["verdict"], said["note"]) == ("reject", "another way is asked for: without a rollback")


def test_an_approval_is_taken_back_before_it_begins(nexus: Terminal, waiting: Path) -> None:
    identity = at_approval(nexus, waiting)
    early = nexus("revoke", identity, "--by", "ana", "--note", "no")
    assert (early.code, "nobody has approved A1; it can be rejected" in early.err) == (1, True)
    assert nexus("approve", identity, "--by", "ana").code == 0
    back = nexus("revoke", identity, "--by", "ana", "--note", "the cart team deploys first")
    assert (back.code, "the approval is taken back, it is not begun" in back.out) == (0, True)
    (body,) = json.loads(nexus("resume", "--approve", "none", "--json").out)
    assert body["actions"][0]["state"] == "revoked"
    assert body["actions"][0]["outcome"] is None
    assert any("the cart team deploys first" in entry["text"] for entry in body["timeline"])


def test_a_rejection_reaches_the_agents(nexus: Terminal, waiting: Path) -> None:
    identity = at_approval(nexus, waiting)
    assert nexus("reject", identity, "--by", "ana", "--note", "the schema moved on").code == 0
    (body,) = json.loads(nexus("resume", "--approve", "none", "--json").out)
    assert any("the schema moved on" in entry["text"] for entry in body["timeline"])
    assert body["actions"][0]["state"] == "rejected"
    keys = [(a["kind"], a["target"], str(a["arguments"])) for a in body["actions"]]
    assert len(keys) == len(set(keys)), "what was rejected is not proposed again"


def test_a_decision_counts_once_and_for_what_was_seen(nexus: Terminal, waiting: Path) -> None:
    identity = at_approval(nexus, waiting)
    before = nexus("show", identity, "--json").out
    wrong = nexus("approve", identity, "--by", "ana", "--digest", "0123456789ab")
    assert (wrong.code, before) == (1, nexus("show", identity, "--json").out)
    assert "digest" in wrong.err
    unknown = nexus("approve", identity, "--by", "ana", "--action", "A9")
    assert unknown.code == 2
    assert "A9" in unknown.err
    assert nexus("approve", identity, "--by", "ana").code == 0
    assert nexus("approve", identity, "--by", "Ana").code == 0  # the same again: its answer was lost
    twice = nexus("reject", identity, "--by", "Ana", "--note", "or not")
    assert twice.code == 1
    assert "already decided" in twice.err
    nexus("resume")
    late = nexus("approve", identity, "--by", "ben")
    assert late.code == 1
    assert "done" in late.err


def test_stop_ends_the_agents(nexus: Terminal, waiting: Path) -> None:
    identity = at_approval(nexus, waiting)
    assert nexus("stop", identity, "--by", "ana", "--reason", "I have it").code == 0
    (body,) = json.loads(nexus("resume", "--json").out)
    assert body["status"] == "handed_over"
    assert body["actions"][0]["state"] == "revoked"
    again = nexus("stop", identity, "--by", "ana", "--reason", "again")
    assert again.code == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "--world", "nowhere"), "nowhere"),
        (("run", "missing.json", "--world", "nowhere"), "missing.json"),
        (("show", "INC-1"), "no incidents yet"),
        (("demo", "--engine", "gpt"), "engine"),
        (("approve", "INC-1", "--by", "ana"), "no incidents yet"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    nexus: Terminal, words: tuple[str, ...], said: str
) -> None:
    typed = nexus(*words)
    assert typed.code == 2
    assert said in typed.err
    assert "Traceback" not in typed.err
    assert len(typed.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"not json", "JSON"),
        (b"[]", "alert"),
        (b'{"alerts": [{"labels": {}}]}', "alerts"),
        (b"{}", "title"),
        (b'"' + b"x" * 10_000_000 + b'"', "bytes"),
    ],
)
def test_a_bad_alert_is_refused_and_changes_nothing(
    nexus: Terminal, case: Path, tmp_path: Path, body: bytes, said: str
) -> None:
    alert = tmp_path / "alert.json"
    alert.write_bytes(body)
    typed = nexus("run", alert, "--world", case, "--engine", "playbook")
    assert typed.code == 2
    assert said in typed.err
    listed = nexus("incidents", "--json")
    assert listed.out.strip() in {"", "[]"}, listed.out


def test_an_unknown_setting_is_named_with_the_nearest_one(nexus: Terminal) -> None:
    nexus.set("NEXUS_LLM_MODLE", "m")
    typed = nexus("incidents")
    assert typed.code == 2
    assert "NEXUS_LLM_MODEL" in typed.err


def test_an_endpoint_that_cannot_be_asked_does_not_stop_an_incident(nexus: Terminal, case: Path) -> None:
    nexus.set("NEXUS_LLM_BASE_URL", "http://127.0.0.1:9/v1")
    strict = nexus("run", "--world", case, "--engine", "llm")
    assert strict.code == 2
    assert "NEXUS_LLM_MODEL" in strict.err
    typed = nexus("run", "--world", case, "--approve", "all", "--json")
    assert typed.code == 0, typed.err
    body = json.loads(typed.out)
    assert body["status"] == "resolved"
    (told,) = [entry["text"] for entry in body["timeline"] if entry["kind"] == "handover"]
    assert "NEXUS_LLM_MODEL" in told


def test_the_graph_shows_every_role(nexus: Terminal) -> None:
    drawn = nexus("graph").out
    roles = json.loads(nexus("roles", "--json").out)
    assert len(roles) == 15
    for role in roles:
        assert role["slug"] in drawn


def test_the_runbook_is_rendered_whole(nexus: Terminal) -> None:
    shown = " ".join(nexus("runbook").out.split())
    for word in ("P0", "Studio Producer", "Revenue impact", "Next update", "48"):
        assert word in shown


def test_the_doctor_says_what_is_missing(nexus: Terminal) -> None:
    typed = nexus("doctor", "--json")
    assert typed.code == 0
    parts = {check["part"]: check["state"] for check in json.loads(typed.out)}
    assert parts["Store"] == "ok"
    assert parts["Model"] == "missing"


def test_what_waits_in_vain_and_what_breaks_off_is_said(nexus: Terminal) -> None:
    async def neglected() -> None:
        with Store.open(nexus.home) as store:
            now, due = store.now(), sample.opened().evolve(opened_at=store.now() - timedelta(minutes=5))
            await store.register(due, WorldRef(kind=WorldKind.LIVE, path="/etc/x"), due.opened_at, "shop")
            broken = FailingJob(site="shop", name="retention", tries=3, since=now, why="OSError: no room")
            await store.job_failed(broken)

    asyncio.run(neglected())
    said = nexus("workers").out
    assert "Nobody drives incidents" in said
    assert re.search(r"An incident of site shop has been due for 30\d s with nobody at it", said)
    typed = nexus("doctor", "--json")
    found = {check["part"]: check for check in json.loads(typed.out)}
    assert (typed.code, found["Work"]["state"], found["Jobs"]["state"]) == (1, "broken", "broken")
    assert "has been due for 30" in found["Work"]["found"]
    assert "retention (site shop) breaks off since" in found["Jobs"]["found"]


def test_the_doctor_asks_a_model_that_is_configured(nexus: Terminal) -> None:
    nexus.set("NEXUS_LLM_BASE_URL", "http://127.0.0.1:9/v1")
    nexus.set("NEXUS_LLM_MODEL", "some-model")
    typed = nexus("doctor", "--json")
    assert typed.code == 1
    (model,) = [check for check in json.loads(typed.out) if check["part"].startswith("Model")]
    assert model["state"] == "broken"
