"""What a recorded case lacks, and whether it plays as its truth says."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import yaml

from demo.gameday.aftermath import Pass, missing
from demo.gameday.record import truth_of
from demo.gameday.replay import kept_promises
from demo.gameday.verdict import Seen
from demo.scenarios import BAD_RELEASE, Scenario, Truth
from demo.scenarios.model import restart, rollback
from evals.record.sampling import thinned
from evals.run import listed
from incidents.action import Proposal
from incidents.findings import Category
from incidents.incident import Incident
from incidents.severity import Step
from nexus.config.runbook import runbook_of
from nexus.config.settings import Settings
from nexus.home import open_home
from nexus.runtime.recorded_run import open_recorded
from nexus.runtime.wiring import open_run_context
from tests.cases import ALERT, ROLLBACK, WRONG, build_case
from tests.demo.needs import SHOP
from tools.recorded.document import ActionTruth
from tools.recorded.write import Pages

pytestmark = SHOP

TRUTH = Truth(
    severity="P1",
    service="checkout",
    category=Category.DEPLOYMENT,
    metric=None,
    note="checkout 2.0 breaks",
    right=(rollback("checkout", "1.0"),),
    wrong=(rollback("catalogue", "3.0"), restart("catalogue")),
)


MINUTE = timedelta(minutes=1)


async def nobody(incident: Incident, proposal: Proposal, now: datetime) -> None:
    """Decides nothing."""


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small case, replayed with a shorter watch; tests must not change it."""
    folder = build_case(tmp_path_factory.mktemp("cases"), logs=False, traces=False)
    content = yaml.safe_load((folder / "case.yaml").read_text())
    watch = {"lasts": "8m", "every": "5m", "settle": "3m"}
    look = {"lookback": "20m", "recent": "2m", "lead": "4m"}
    tempo = {"watch": watch, "look": look, "steps": {"triage": "1m"}}
    (folder / "case.yaml").write_text(yaml.safe_dump(content | {"tempo": tempo}, sort_keys=False))
    return folder


def test_a_right_action_mends_the_replay_and_a_wrong_one_does_not(case: Path) -> None:
    said: list[str] = []
    assert kept_promises(case, TRUTH, said.append)
    assert said == [
        "replay: roll back checkout to 1.0: recovered, resolved",
        "replay: roll back catalogue to 3.0: worse, handed_over, undo offered",
        "replay: nobody acts: handed_over",
    ]


async def test_a_replay_works_and_watches_no_longer_than_was_recorded(case: Path, tmp_path: Path) -> None:
    home = open_home(Settings(home=tmp_path), create=True)
    opened = await open_recorded(home, case, None, "playbook")
    async with open_run_context(home, opened.id, nobody) as stage:
        runbook = runbook_of(home.settings)
        assert stage.fitted(runbook).watch.lasts == timedelta(minutes=8)
        hasty = runbook.model_copy(update={"watch": runbook.watch.model_copy(update={"lasts": MINUTE})})
        assert stage.fitted(hasty) is hasty
        for step, usual in ((Step.TRIAGE, 1), (Step.INVESTIGATION, 1), (Step.VERIFICATION, 0)):
            before = stage.clock.now()
            stage.pace(step)
            assert stage.clock.now() - before == usual * MINUTE
    home.store.close()


def test_only_what_a_case_lacks_is_rehearsed_and_at_first_nothing_is_done(case: Path, tmp_path: Path) -> None:
    scenario = replace(BAD_RELEASE, truth=TRUTH)
    assert missing(case, scenario) == (Pass(idle=True),)
    for gone, wanted in ((ROLLBACK, TRUTH.right), (WRONG, TRUTH.wrong)):
        folder = build_case(tmp_path / gone, logs=False, traces=False)
        (folder / "aftermath" / gone).rename(folder / "gone")
        assert missing(folder, scenario) == (Pass(idle=True, actions=wanted),)


def test_with_nothing_recorded_a_wrong_action_is_rehearsed_first(tmp_path: Path) -> None:
    folder = build_case(tmp_path, logs=False, traces=False)
    (folder / "aftermath").rename(folder / "gone")
    scenario = replace(BAD_RELEASE, truth=TRUTH)
    assert missing(folder, scenario) == (
        Pass(idle=True, actions=TRUTH.wrong),
        Pass(idle=False, actions=TRUTH.right),
    )
    flapping: Scenario = replace(scenario, truth=replace(TRUTH, right=()))
    assert missing(folder, flapping) == (Pass(idle=True, actions=TRUTH.wrong),)


def test_the_truth_of_a_recording_names_its_red_herrings() -> None:
    truth = truth_of(BAD_RELEASE, Seen(scenario=BAD_RELEASE.id, fault=ALERT))
    assert truth.red_herrings == ("config-1-catalogue-2026.11.4",)


def test_a_flag_is_listed_with_the_state_that_it_is_set_to() -> None:
    truth = (ActionTruth(kind="feature_flag", service="web", to="export=off"),)
    off = truth[0].action
    assert listed(off, truth)
    on = off.model_copy(update={"arguments": off.arguments.model_copy(update={"enabled": True})})
    assert not listed(on, truth)


def test_log_lines_of_traces_that_are_left_out_stay_and_name_none() -> None:
    identities = [f"{number:032x}" for number in range(400)]
    times = [ALERT + timedelta(seconds=number) for number in range(400)]
    frame = pl.DataFrame({"time": times, "trace_id": identities, "span_id": identities})
    small = thinned(Pages(metrics=pl.DataFrame(), logs=frame, traces=frame), 0.2)
    assert small.logs is not None
    assert small.traces is not None
    assert small.logs.height == 400
    assert 50 < small.traces.height < 110
    assert set(small.logs["trace_id"]) == {"", *small.traces["trace_id"]}
