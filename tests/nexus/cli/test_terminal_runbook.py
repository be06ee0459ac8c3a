import io
import re

import pytest
from rich.console import Console, Group, RenderableType

from agents.roster import load_roster
from nexus.cli.terminal.runbook import render_roles, render_runbook
from nexus.config.runbook import load_runbook

ROSTER = load_roster(has_prompt=lambda _: True)
RUNBOOK = load_runbook(None, [role.slug for role in ROSTER.roles])


def printed(renderables: list[RenderableType], width: int, *, soft_wrap: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False, soft_wrap=soft_wrap)
    console.print(Group(*renderables))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize("soft_wrap", [False, True])
@pytest.mark.parametrize("width", [80, 120])
def test_the_runbook_is_printed_whole_and_fits(width: int, soft_wrap: bool) -> None:
    text = printed(render_runbook(RUNBOOK, ROSTER), width, soft_wrap=soft_wrap)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "\x1b" not in text
    assert "…" not in text
    for role in ROSTER.roles:
        assert role.name.split()[0] in text
    for step in RUNBOOK.steps.values():
        assert step.title in text
        for role_row in step.roles:
            for check in role_row.checks:
                assert check in text
    assert RUNBOOK.scenario.split()[-1] in text
    for branches in RUNBOOK.decision_tree.values():
        assert {kind for branch in branches for kind in branch.actions} <= set(re.findall(r"\w+", text))
    assert "[Action] → [Owner] → [Deadline]" in text
    assert "{current_action}" in text


@pytest.mark.parametrize("width", [80, 120])
def test_the_roles_are_printed_whole_and_fit(width: int) -> None:
    text = printed(render_roles(ROSTER), width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "…" not in text
    words = set(text.replace(",", " ").split())
    for role in ROSTER.roles:
        assert role.tier.value in words
        assert {*role.tasks, *role.tools, *role.actions} <= words
