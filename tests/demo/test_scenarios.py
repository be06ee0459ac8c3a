"""The scenarios: all of them are there, and what is written about each is complete and consistent."""

import re
from pathlib import Path
from typing import cast

import pytest

import demo
from demo.actions import FALLBACK
from demo.catalogue import CATALOGUE, DEPLOYED, FIRST_VERSIONS
from demo.launcher import FIRST_FLAGS, Shop
from demo.releases import Releases
from demo.repository import BUG, bug_of, build
from demo.scenarios import SCENARIOS, Line, Scenario
from demo.scenarios.lookalikes import POISON
from incidents.action import Action, ActionKind
from tests.demo.needs import SHOP

RULES = (Path(demo.__file__).parent / "monitoring" / "rules.yml").read_text()
EVERY = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)

pytestmark = SHOP


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    return Releases(tmp_path_factory.mktemp("releases"), FIRST_VERSIONS)


def test_there_are_fifteen_and_every_kind_of_action_is_right_somewhere() -> None:
    assert len(SCENARIOS) == 15
    right = {action.kind for scenario in SCENARIOS.values() for action in scenario.truth.right}
    assert right == set(ActionKind)
    assert {scenario.truth.severity for scenario in SCENARIOS.values()} == {"P0", "P1", "P2", "P3"}


@EVERY
def test_the_truth_is_complete(scenario: Scenario) -> None:
    truth = scenario.truth
    assert SCENARIOS[scenario.id] is scenario
    assert truth.service in {entry.name for entry in CATALOGUE}
    assert truth.note
    assert truth.wrong
    assert truth.right or truth.none_is_right
    assert scenario.signs
    assert f"alert: {scenario.alert}\n" in RULES
    assert scenario.remedy is None or scenario.remedy in truth.right + truth.harmless
    assert (scenario.remedy is None) == scenario.flaps
    everything = truth.right + truth.harmless + truth.wrong
    assert len({action.key for action in everything}) == len(everything)


@EVERY
def test_every_action_can_be_carried_out(scenario: Scenario, releases: Releases) -> None:
    for action in scenario.truth.right + scenario.truth.harmless + scenario.truth.wrong:
        _check(action, releases)


def _check(action: Action, releases: Releases) -> None:
    arguments = action.arguments
    match action.kind:
        case ActionKind.ROLLBACK:
            assert arguments.version in releases.versions(action.service)
        case ActionKind.SCALE:
            assert 1 < (arguments.replicas or 0) <= DEPLOYED[action.service].instances
        case ActionKind.FEATURE_FLAG:
            assert arguments.flag in FIRST_FLAGS
        case ActionKind.FALLBACK:
            assert FALLBACK in FIRST_FLAGS
        case ActionKind.FAILOVER:
            assert action.service == "database"
        case ActionKind.HOTFIX:
            assert arguments.commit == BUG
        case _:
            assert action.service in DEPLOYED


@EVERY
def test_lines_that_are_looked_for_can_be_written(scenario: Scenario) -> None:
    for sign in scenario.signs:
        if isinstance(sign, Line):
            assert sign.service in DEPLOYED
            re.compile(sign.pattern)


@EVERY
def test_red_herrings_are_the_innocent_changes_of_the_prelude(scenario: Scenario, tmp_path: Path) -> None:
    """A prelude is played on a folder of releases alone: the log names what it changed."""
    releases = Releases(tmp_path, FIRST_VERSIONS)

    class Deploys:
        deploy = staticmethod(releases.switch)

        def crowd(self, *_: object, **__: object) -> None:
            """Nobody comes."""

    scenario.prelude(cast("Shop", Deploys()))
    assert scenario.truth.red_herrings == tuple(change.id for change in releases.log.changes())


def test_the_repository_is_the_same_in_every_run(tmp_path: Path) -> None:
    first, second = build(tmp_path / "first"), build(tmp_path / "second")

    assert first == second
    assert bug_of(first) == BUG, "the release of the catalogue was edited: BUG has to name this commit"
    released = Path(demo.__file__).parent / "shop" / "releases" / "catalogue" / "v2026_11_3" / "app.py"
    assert (tmp_path / "first" / "app.py").read_text() == released.read_text()


def test_the_poison_names_what_is_wrong() -> None:
    poisoned = SCENARIOS["shop-poisoned"]
    assert "roll back catalogue to 2026.11.3" in POISON
    assert any(action.key == "rollback-catalogue-2026.11.3" for action in poisoned.truth.wrong)
