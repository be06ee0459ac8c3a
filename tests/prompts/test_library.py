"""The prompts: complete, short, versioned, and open for a team's own."""

from pathlib import Path

import pytest

import prompts
from agents.roster import load_roster
from incidents.errors import SettingsError
from incidents.language import Language
from incidents.reports import Task, written_in
from prompts import Library
from prompts.text import tokens

ROLES = load_roster().roles


def test_every_role_of_the_roster_has_a_prompt_for_each_of_its_tasks() -> None:
    assert len(ROLES) == 15
    for role in ROLES:
        assert prompts.has_role(role.slug)
        for task in role.tasks:
            text = prompts.pages(role.slug, task)
            assert role.name in text
            assert "House rules" not in text
            assert tokens(text) < 1800
            assert "{{" not in text


def test_what_all_read_first_is_the_same_for_all() -> None:
    assert "House rules" in prompts.system_prompt()


def test_only_who_can_ask_reads_how_to_look_and_reads_it_first() -> None:
    silent = prompts.pages("support_responder", Task.STATUS_UPDATE)
    assert "**Tools.**" not in silent + prompts.system_prompt()
    asking = prompts.pages("api_tester", Task.VERIFY, tools=["metrics"])
    assert asking.startswith(prompts.load("looking"))
    version = prompts.version("api_tester", Task.VERIFY)
    assert prompts.version("api_tester", Task.VERIFY, tools=["metrics"]) != version


def test_the_developer_that_is_played_is_read_as_well() -> None:
    text = prompts.pages("relevant_developer", Task.MITIGATE, "backend_architect")
    assert text.index("Relevant Developer Agent") < text.index("You are the Backend Architect")
    alone = prompts.pages("relevant_developer", Task.MITIGATE)
    assert prompts.pages("relevant_developer", Task.MITIGATE, "relevant_developer") == alone


@pytest.mark.parametrize("language", [Language.DE, Language.FR])
def test_who_writes_for_people_reads_in_which_language_and_in_english_nothing_more(
    language: Language,
) -> None:
    role, task = "support_responder", Task.STATUS_UPDATE
    english = prompts.pages(role, task)
    assert prompts.pages(role, task, language=Language.EN) == english
    told = prompts.pages(role, task, language=written_in(task, language))
    name = {Language.DE: "German", Language.FR: "French"}[language]
    assert told.startswith(english)
    assert f"Write every sentence of the report in {name}" in told.removeprefix(english)
    assert prompts.version(role, task, language=language) != prompts.version(role, task)
    # What is told to nobody outside is part of the record, which is English.
    recorded = {one for one in Task if written_in(one, language) is Language.EN}
    assert recorded == {Task.TRIAGE, Task.VERIFY}


def test_the_version_tells_roles_tasks_and_texts_apart(tmp_path: Path) -> None:
    versions = {prompts.version(role.slug, task) for role in ROLES for task in role.tasks}
    assert len(versions) == sum(len(role.tasks) for role in ROLES)
    before = prompts.version("api_tester", Task.VERIFY)
    assert before == prompts.version("api_tester", Task.VERIFY)
    (tmp_path / "roles").mkdir()
    (tmp_path / "roles" / "api_tester.md").write_text("# You test APIs our way\n", encoding="utf-8")
    own = Library(tmp_path)
    assert own.version("api_tester", Task.VERIFY) != before
    assert "our way" in own.pages("api_tester", Task.VERIFY)


def test_a_team_adds_a_role_with_a_file_only(tmp_path: Path) -> None:
    own = Library(tmp_path)
    assert not own.has_role("data_developer")
    (tmp_path / "roles").mkdir()
    (tmp_path / "roles" / "data_developer.md").write_text("# You are the Data Developer", encoding="utf-8")
    assert own.has_role("data_developer")
    assert own.has_role("api_tester")
    assert not prompts.has_role("data_developer")


@pytest.mark.parametrize("name", ["roles/nobody", "../pyproject", "roles/../house_rules", "/etc/passwd", ""])
def test_a_prompt_that_does_not_exist_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match="There is no prompt"):
        prompts.load(name)


def test_mistakes_in_a_teams_template_are_named(tmp_path: Path) -> None:
    (tmp_path / "ask.md").write_text("{{ nothing_like_it }}", encoding="utf-8")
    (tmp_path / "brief.md").write_text("  \n", encoding="utf-8")
    own = Library(tmp_path)
    with pytest.raises(SettingsError, match=r"'ask' cannot be filled in: .*nothing_like_it"):
        own.render("ask")
    with pytest.raises(SettingsError, match="is empty"):
        own.render("brief")


def test_a_template_cannot_reach_into_python(tmp_path: Path) -> None:
    (tmp_path / "ask.md").write_text("{{ ''.__class__.__mro__ }}", encoding="utf-8")
    with pytest.raises(SettingsError, match="cannot be filled in"):
        Library(tmp_path).render("ask")


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"typo does not exist"):
        Library(tmp_path / "typo")
