from pathlib import Path

import pytest

from agents.role import Tier
from agents.roster import load_roster
from incidents.action import ActionKind
from incidents.catalogue import Catalogue, Service
from incidents.errors import SettingsError

FIFTEEN = [
    "infrastructure_maintainer", "devops_automator", "backend_architect", "frontend_developer",
    "support_responder", "executive_summary_generator", "evidence_collector", "sprint_prioritizer",
    "api_tester", "workflow_optimizer", "studio_producer", "project_shepherd", "legal_compliance_checker",
    "finance_tracker", "relevant_developer",
]  # fmt: skip

SEARCH = """
roles:
  search_developer:
    name: Search Developer
    mission: Owns search and its index.
    tier: standard
    tasks: [investigate, mitigate]
    tools: [suspects, logs]
    actions: [hotfix]
    owns: [search]
"""


def prompted(_: str) -> bool:
    return True


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "roster.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_fifteen_roles_ship() -> None:
    roster = load_roster(has_prompt=prompted)
    assert [role.slug for role in roster.roles] == FIFTEEN
    assert all(role.mission for role in roster.roles)


def test_every_packaged_role_has_its_prompt() -> None:
    assert [role.slug for role in load_roster().roles] == FIFTEEN


def test_only_the_runbooks_roles_may_propose_changes() -> None:
    proposers = {role.slug for role in load_roster(has_prompt=prompted).roles if role.actions}
    assert proposers == {
        "infrastructure_maintainer", "devops_automator", "backend_architect", "frontend_developer",
        "relevant_developer",
    }  # fmt: skip
    assert ActionKind.ROLLBACK in load_roster(has_prompt=prompted).get("devops_automator").actions


def test_a_further_developer_role_needs_data_and_a_prompt_but_no_code(tmp_path: Path) -> None:
    roster = load_roster(written(tmp_path, SEARCH), has_prompt=prompted)
    catalogue = Catalogue(services=(Service(name="index", owner="search"), Service(name="cart", owner="ops")))
    assert roster.developer_of("index", catalogue).slug == "search_developer"
    assert roster.developer_of("cart", catalogue).slug == "relevant_developer"
    assert [role.slug for role in roster.roles] == [*FIFTEEN, "search_developer"]


def test_a_team_changes_one_field_and_keeps_the_rest(tmp_path: Path) -> None:
    own = written(tmp_path, "roles: {api_tester: {tier: deep}}")
    changed = load_roster(own, has_prompt=prompted).get("api_tester")
    shipped = load_roster(has_prompt=prompted).get("api_tester")
    assert changed.tier is Tier.DEEP
    assert changed.model_copy(update={"tier": shipped.tier}) == shipped


def test_a_role_without_a_prompt_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"roles\.search_developer: it has no prompt; write prompts/roles"
    ):
        load_roster(written(tmp_path, SEARCH), has_prompt=lambda slug: slug != "search_developer")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            SEARCH.replace("tier: standard", "tire: standard"),
            "roles.search_developer.tire: there is no such key",
        ),
        (SEARCH.replace("standard", "huge"), "roles.search_developer.tier: 'huge' is not allowed"),
        (SEARCH.replace("[investigate, mitigate]", "[]"), "roles.search_developer.tasks"),
        (SEARCH.replace("owns: [search]", "owns: [backend]"), "belongs to backend_architect already"),
        (SEARCH.replace("search_developer:", "Search Dev:"), "roles.Search Dev.slug"),
        ("rules: {}", "rules: there is no such key; did you mean roles?"),
        ("roles: {a: {name: x}}", "roles.a.mission: this is missing"),
        ("roles: [1]", "roles"),
        ("roles: {a: {}\n", "roster.yaml, line"),
    ],
)
def test_a_wrong_file_is_refused_with_the_path(tmp_path: Path, text: str, sentence: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load_roster(path, has_prompt=prompted)
    assert str(path) in str(caught.value)
    assert sentence in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="the roster cannot be read"):
        load_roster(tmp_path / "gone.yaml", has_prompt=prompted)


def test_a_tool_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "roles: {api_tester: {tools: [endpoint]}}")
    tools = {tool for role in load_roster().roles for tool in role.tools}
    with pytest.raises(SettingsError, match=r"roles\.api_tester\.tools\[0\]: .*did you mean endpoints\?"):
        load_roster(path, tools=tools)
