"""`nexus record` as people use it: a finished incident becomes a case that can be run, scored and read."""

import asyncio
import io
import json
import sys
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest

from evals.case import open_eval_case
from evals.record.instances import instances_of
from evals.record.snapshot import take
from evals.run import run_case
from evals.scorers import score_run
from incidents.action import Action, ActionKind, Arguments, Observed, Plan
from incidents.changes import Change, ChangeKind
from incidents.errors import ActionRefused, ToolFailed
from incidents.findings import Window
from incidents.severity import Step
from incidents.value import iso
from nexus.cli import main
from nexus.config.settings import Settings
from nexus.files import IncidentFolder
from nexus.home import open_home
from nexus.runtime.raw_alerts import deliveries, file_alerts, told_again
from nexus.runtime.recorded_run import open_recorded
from nexus.store.memory import MemoryStore
from tests.cases import ALERT, ROLLBACK, build_case, case_incident, case_world
from tests.evals.record.conftest import EMAIL, PASSWORD
from tests.nexus import sample
from tests.nexus.command_line import Terminal
from tools.alerts.formats import parse_alerts
from tools.recorded import CaseAlert, open_case, read_truth
from tools.recorded.write import Pages

INCIDENT = "INC-2026-03-12-001"


@pytest.fixture(scope="session")
def written(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recorded case."""
    folder = tmp_path_factory.mktemp("cases") / "again"
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()):
        patch.setenv("NEXUS_HOME", str(home))
        patch.setattr(sys, "argv", ["nexus", "record", INCIDENT, str(folder), "--yes"])
        main()
    return folder


def test_the_sources_as_they_were_belong_to_it(nexus: Terminal, written: Path, tmp_path: Path) -> None:
    with open_case(written).folder.joinpath("code", "checkout.bundle").open("rb") as bundle:
        assert bundle.readline().startswith(b"# v2 git bundle")
    told = nexus("record", INCIDENT, tmp_path / "new")
    assert "code/checkout.bundle (0." in told.out
    assert "nothing is taken out of the sources and their history; --no-code leaves them out" in told.out
    without = nexus("record", INCIDENT, tmp_path / "without", "--no-code", "--yes", "--json")
    assert json.loads(without.out)["code"] == []
    assert not (tmp_path / "without" / "code").exists()


class Scales:
    """Dry runs of a world in which three instances of checkout run; one that asks for as many is refused."""

    async def plan(self, action: Action) -> Plan:
        if action.service != "checkout" or action.arguments.replicas == 1:
            raise ActionRefused("no")
        return Plan(action=action, observed=(Observed(name="replicas", value="3"),), effects=())


async def test_how_many_instances_ran_is_told_where_a_dry_run_sees_it(tmp_path: Path) -> None:
    world, clock = case_world(build_case(tmp_path, traces=False), tmp_path / "ledger.jsonl")
    able = replace(world, actions=cast("Any", Scales()))
    assert await instances_of(able, case_incident(), ()) == {"checkout": 3}
    scaled = Change(
        time=clock.now(), id="s1", service="checkout", kind=ChangeKind.SCALE, version_to="3 instances"
    )
    pages = Pages(pl.DataFrame(), changes=(scaled,))
    assert await instances_of(able, case_incident(), (pages,)) == {}
    action = Action(kind=ActionKind.SCALE, service="checkout", arguments=Arguments(replicas=3))
    plan = Plan(action=action, observed=(Observed(name="replicas", value="2"),), effects=())
    tried = case_incident().with_proposal(sample.proposal(plan=plan))
    assert await instances_of(able, tried, (pages,)) == {"checkout": 2}


def test_nothing_is_written_unasked(nexus: Terminal, tmp_path: Path) -> None:
    typed = nexus("record", INCIDENT, tmp_path / "new")
    assert typed.code == 2
    assert "say --yes" in typed.err
    assert "ha… (14 characters)" not in typed.err
    assert "<email-" in typed.out
    assert PASSWORD not in typed.out
    assert EMAIL not in typed.out
    assert list(tmp_path.iterdir()) == []


def test_a_recorded_incident_can_be_read_run_and_scored(nexus: Terminal, written: Path) -> None:
    case = open_case(written)
    case.check()
    assert case.id == "again"
    assert list(case.aftermaths) == [ROLLBACK]
    assert case.quiet is not None
    assert case.tempo is not None
    assert case.tempo.watch.lasts == timedelta(minutes=30)
    paces = {Step.TRIAGE: 2, Step.INVESTIGATION: 3, Step.MITIGATION: 1}
    assert case.tempo.steps == {step: timedelta(minutes=minutes) for step, minutes in paces.items()}
    assert {change.id for change in case.recording.changes} == {"c0", "c1", "c2"}
    assert [parse_alerts(one.body, one.at, one.source)[0].service for one in case.alerts] == ["web"]
    assert case.aftermaths[ROLLBACK].alerts
    assert open_eval_case(written).truth.severity is None

    said = nexus("truth", written, "--data-breach", "no", "--by", "Dana Lee").out
    assert "Confirmed by Dana Lee" in said
    scores = score_run(
        asyncio.run(run_case(open_eval_case(written), Settings(), "playbook")), read_truth(written)
    )
    assert scores["right"].value == 1
    assert scores["right_action"].value == 1


def test_model_calls_about_it_are_kept_where_they_were_on_tape(nexus: Terminal, tmp_path: Path) -> None:
    asked = json.dumps(
        {"model": "m", "max_tokens": 4000, "messages": [{"content": f"{INCIDENT} of {EMAIL}"}]}
    )
    for name, request in (("a", asked), ("b", '{"model": "m"}')):
        call = {"model": "m", "status": 200, "content_type": "application/json", "request": request}
        (tmp_path / f"{name}.json").write_text(json.dumps(call | {"answer": '{"choices": []}'}))
    nexus.set("NEXUS_LLM_RECORD", str(tmp_path))
    assert nexus("record", INCIDENT, tmp_path / "new", "--yes", "--json").code == 0
    (line,) = (tmp_path / "new" / "run" / "model_calls.jsonl").read_text().splitlines()
    kept = json.loads(line)
    assert kept["request"]["max_tokens"] == 4000
    assert EMAIL not in line
    assert "<email-" in kept["request"]["messages"][0]["content"]


def test_what_was_done_lies_beside_the_telemetry(written: Path) -> None:
    run = written / "run"
    evidence = [json.loads(line) for line in (run / "evidence.jsonl").read_text().splitlines()]
    assert evidence
    assert {"id", "tool", "query", "body", "summary"} <= set(evidence[0])
    kinds = {json.loads(line)["kind"] for line in (run / "timeline.jsonl").read_text().splitlines()}
    assert {"diagnosis", "decision", "execution", "verification"} <= kinds
    (decision,) = (run / "decisions.jsonl").read_text().splitlines()
    assert json.loads(decision)["verdict"] == "approve"
    assert json.loads((run / "outcome.json").read_text())["status"] == "resolved"
    assert json.loads((run / "work.jsonl").read_text().splitlines()[0])["engine"] == "playbook"


def test_no_secret_and_no_person_is_in_it(written: Path) -> None:
    texts = [path.read_text() for path in written.rglob("*") if path.suffix in {".yaml", ".jsonl", ".json"}]
    texts += [pl.read_parquet(path).write_csv() for path in written.rglob("*.parquet")]
    assert any("<email-" in text for text in texts)
    assert [text for text in texts if PASSWORD in text or EMAIL in text] == []


def test_a_place_that_is_taken_and_an_incident_that_runs_are_refused(
    nexus: Terminal, written: Path, tmp_path: Path
) -> None:
    taken = nexus("record", INCIDENT, written, "--yes")
    assert taken.code == 2
    assert "exists already" in taken.err
    assert "There is no incident" in nexus("record", "INC-1", tmp_path / "new", "--yes").err
    home = open_home(Settings(home=nexus.home), create=True)
    opened = asyncio.run(open_recorded(home, build_case(tmp_path, "open"), None, "playbook"))
    home.store.close()
    refused = nexus("record", opened.id, tmp_path / "new", "--yes")
    assert refused.code == 1
    assert "still runs" in refused.err


async def test_a_backend_that_fails_is_left_out_and_said(tmp_path: Path) -> None:
    world, clock = case_world(build_case(tmp_path, traces=False), tmp_path / "ledger.jsonl")

    class Down:
        async def logs(self, window: Window, services: object = ()) -> pl.DataFrame:
            raise ToolFailed("connection refused")

    clock.advance(timedelta(minutes=5))
    shot = await take(replace(world, logs=Down()), case_incident(), clock.now())
    assert shot is not None
    assert shot.pages.logs is None
    assert shot.pages.traces is None
    assert "telemetry: logs could not be read: connection refused" in shot.left_out
    assert any("this recording has no traces" in one for one in shot.left_out)


def test_an_alert_told_again_reads_back_as_it_was(tmp_path: Path) -> None:
    (alert,) = case_incident().alerts
    again = told_again(alert)
    (read,) = parse_alerts(again.body, again.at, again.source)
    assert read == alert.model_copy(update={"source": "nexus", "condition": read.condition})


async def test_deliveries_come_in_order_and_without_secrets_also_from_where_they_lay_before(
    tmp_path: Path,
) -> None:
    folder, store = IncidentFolder(tmp_path), MemoryStore()
    payload = {"title": "t0", "service": "web"}
    before = {"at": iso(ALERT), "source": "nexus", "payload": payload}
    await folder.keep("INC-1", "alerts/20260312T100000-aa.json", json.dumps(before).encode())
    for minutes in (9, 5):
        body = json.dumps(payload | {"title": f"t{minutes}", "api_key": PASSWORD}).encode()
        sent = CaseAlert(at=ALERT + timedelta(minutes=minutes), source="nexus", body=body)
        await file_alerts(store, case_incident().evolve(id="INC-1"), sent)
    kept = await deliveries(store, folder, "INC-1")
    assert [json.loads(one.body)["title"] for one in kept] == ["t0", "t5", "t9"]
    assert all(PASSWORD.encode() not in one.body for one in kept)
