from collections.abc import Callable
from datetime import timedelta
from importlib import resources
from pathlib import Path

import pytest

from agents.roster import load_roster
from incidents.errors import RunbookError
from incidents.findings import Category
from incidents.reports import Impact, Task
from incidents.runbook import Runbook
from incidents.severity import Severity, Step
from nexus.config.runbook import load_runbook

ROLES = [role.slug for role in load_roster(has_prompt=lambda _: True).roles]
SOURCE = (resources.files("nexus") / "runbook.yaml").read_text(encoding="utf-8")

Write = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def runbook() -> Runbook:
    return load_runbook(None, ROLES)


@pytest.fixture
def own(tmp_path: Path) -> Write:
    """A team's file: the packaged one with one text replaced."""

    def write(old: str, new: str) -> Path:
        assert old in SOURCE
        path = tmp_path / "own.yaml"
        path.write_text(SOURCE.replace(old, new, 1), encoding="utf-8")
        return path

    return write


def team(runbook: Runbook, severity: Severity) -> list[str]:
    return [member.role for member in runbook.teams[severity]]


def test_the_four_teams_are_those_of_the_runbook(runbook: Runbook) -> None:
    assert team(runbook, Severity.P0) == [
        "infrastructure_maintainer", "devops_automator", "backend_architect", "frontend_developer",
        "support_responder", "executive_summary_generator",
    ]  # fmt: skip
    assert team(runbook, Severity.P1) == [
        "infrastructure_maintainer", "devops_automator", "relevant_developer", "support_responder",
    ]  # fmt: skip
    assert team(runbook, Severity.P2) == ["relevant_developer", "evidence_collector"]
    assert team(runbook, Severity.P3) == ["sprint_prioritizer"]


@pytest.mark.parametrize(
    ("severity", "roles"),
    [
        (
            Severity.P0,
            ["infrastructure_maintainer", "backend_architect", "devops_automator", "frontend_developer"],
        ),
        (
            Severity.P1,
            ["infrastructure_maintainer", "backend_architect", "devops_automator", "relevant_developer"],
        ),
        (Severity.P2, ["relevant_developer"]),
        (Severity.P3, []),
    ],
)
def test_who_investigates_depends_on_the_severity(
    runbook: Runbook, severity: Severity, roles: list[str]
) -> None:
    found = [role.role for role in runbook.step_roles(Step.INVESTIGATION, severity, Impact())]
    assert found == roles


def test_apis_are_only_retested_when_one_is_affected(runbook: Runbook) -> None:
    def verifiers(api: bool) -> list[str]:
        impact = Impact(api_affected=api)
        return [role.role for role in runbook.step_roles(Step.VERIFICATION, Severity.P1, impact)]

    assert verifiers(api=True) == [*verifiers(api=False), "api_tester"]


def test_the_checks_are_the_runbooks_own_words(runbook: Runbook) -> None:
    text = Path(__file__).parents[4] / "shared" / "runbook.md"
    if not text.exists():
        pytest.skip("../shared/runbook.md, the source of the rules, is not here")
    words = text.read_text(encoding="utf-8").replace("`", "")
    added = {"frontend_developer", "relevant_developer"}  # the runbook gives them a title but no checks
    for step in (Step.TRIAGE, Step.INVESTIGATION, Step.VERIFICATION):
        for role in runbook.steps[step].roles:
            if role.role not in added:
                assert [check for check in role.checks if check not in words] == []
    for section in runbook.post_mortem.sections:
        assert section.title in words
        assert [question for question in section.questions if question not in words] == []
    for branches in runbook.decision_tree.values():
        assert [b.does for b in branches if b.does.lower() not in words.lower()] == []
    for row in runbook.escalations:
        assert row.condition in words
        assert row.action in words
    for severity in Severity:
        table = runbook.severities[severity]
        assert table.definition in words
        assert table.response_time in words
        assert ", ".join(table.examples) in words


def test_cadences_and_limits(runbook: Runbook) -> None:
    updates, briefs = runbook.duty("support_responder"), runbook.duty("executive_summary_generator")
    assert updates is not None
    assert briefs is not None
    assert updates.every == briefs.every == timedelta(minutes=15)
    assert briefs.severities == (Severity.P0,)
    assert runbook.watch.lasts == timedelta(minutes=30)
    assert runbook.post_mortem.within == timedelta(hours=48)
    timed = {row.severity: row.unresolved_for for row in runbook.escalations if row.severity}
    assert timed == {Severity.P0: timedelta(minutes=30), Severity.P1: timedelta(hours=2)}
    assert len(runbook.escalations) == 5


def test_a_senders_own_severity_is_understood_in_any_case(runbook: Runbook) -> None:
    assert runbook.severity_of_alert("CRITICAL") is Severity.P1
    assert runbook.severity_of_alert(" warning ") is Severity.P2
    assert runbook.severity_of_alert("p0") is Severity.P0
    assert runbook.severity_of_alert("whatever") is None
    assert runbook.severity_of_alert(None) is None


def test_every_role_can_do_what_the_runbook_asks_of_it(runbook: Runbook) -> None:
    roster = load_roster(has_prompt=lambda _: True)
    task_of = {
        Step.TRIAGE: Task.TRIAGE, Step.INVESTIGATION: Task.INVESTIGATE,
        Step.MITIGATION: Task.MITIGATE, Step.VERIFICATION: Task.VERIFY,
    }  # fmt: skip
    for step, task in task_of.items():
        for row in runbook.steps[step].roles:
            assert task in roster.get(row.role).tasks, (step, row.role)
    for category, branches in runbook.decision_tree.items():
        for branch in branches:
            role = roster.get(branch.role)
            assert task_of[branch.step] in role.tasks, (category, branch.role)
            assert set(branch.actions) <= set(role.actions), (category, branch.role)
            assert branch.role in {row.role for row in runbook.steps[branch.step].roles}
    for escalation in runbook.escalations:
        assert all(Task.ASSESS in roster.get(role).tasks for role in escalation.to)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "{role: relevant_developer, title: Fix implementation}",
            "{role: relevent_developer, title: Fix implementation}",
            "teams.P1[2].role: there is no role 'relevent_developer'; did you mean relevant_developer?",
        ),
        ("lasts: 30m", "last: 30m", "watch.last: there is no such key; did you mean lasts?"),
        ("every: 5m", "every: 5 parsecs", "watch.every: '5 parsecs' is no duration"),
        ("decision_wait: 2h", "decision_wait: 0m", "bounds.decision_wait: '0m': must be longer than zero"),
        ("within: 1h", "within: 9000d", "severities.P1.within: '9000d' is longer than a year"),
        ("unresolved_for: 30m", "unresolved_for: 30", "escalations[0].unresolved_for: 30 is no duration"),
        (
            "  P3:\n    name: Low",
            "  P4:\n    name: Low",
            "severities.P4: 'P4' is not allowed; did you mean P",
        ),
        (
            "actions: [rollback, feature_flag]",
            "actions: [rolback]",
            "decision_tree.deployment[0].actions[0]: 'rolback' is not allowed; did you mean rollback?",
        ),
        ("step_box: {P0: 5m, ", "step_box: {", "bounds.step_box lacks P0"),
        ("id: user_data", "id: data_breach", "escalations[3].id: 'data_breach' stands twice"),
        ("    Impact: {impact}\n    Current", "    Current", "status_update must use"),
    ],
)
def test_a_wrong_file_is_refused_with_the_path_and_the_nearest_right_one(
    own: Write, old: str, new: str, sentence: str
) -> None:
    path = own(old, new)
    with pytest.raises(RunbookError) as caught:
        load_runbook(path, ROLES)
    assert str(path) in str(caught.value)
    assert sentence in str(caught.value)


def test_a_key_that_stands_twice_is_refused(own: Write) -> None:
    with pytest.raises(RunbookError, match=r"line \d+: the key 'mode' stands twice"):
        load_runbook(own("mode: NEXUS-Micro\n", "mode: NEXUS-Micro\nmode: other\n"), ROLES)


def test_broken_yaml_is_refused_with_its_line(own: Write) -> None:
    with pytest.raises(RunbookError, match=r"own\.yaml, line \d+: "):
        load_runbook(own("mode: NEXUS-Micro", "mode: [NEXUS-Micro"), ROLES)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunbookError, match=r"gone\.yaml: the runbook cannot be read"):
        load_runbook(tmp_path / "gone.yaml", ROLES)


def test_a_team_can_change_its_cadence(own: Write) -> None:
    changed = load_runbook(own("watch: {lasts: 30m", "watch: {lasts: 1h"), ROLES)
    assert changed.watch.lasts == timedelta(hours=1)
    assert changed.decision_tree[Category.CODE][0].role == "relevant_developer"
