import io

import pytest
from rich.console import Console

from agents.roster import load_roster
from nexus.render_runbook import render_roles, render_runbook
from nexus.runbook_file import load_runbook

ROSTER = load_roster(has_prompt=lambda _: True)
RUNBOOK = load_runbook(None, [role.slug for role in ROSTER.roles])


def printed(renderables: list[object], width: int) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    for one in renderables:
        console.print(one)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize("width", [80, 120])
def test_the_runbook_is_printed_whole_and_fits(width: int) -> None:
    text = printed(list(render_runbook(RUNBOOK, ROSTER)), width)
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
    assert "[Action] → [Owner] → [Deadline]" in text
    assert "{current_action}" in text


@pytest.mark.parametrize("width", [80, 120])
def test_the_roles_are_printed_whole_and_fit(width: int) -> None:
    text = printed(list(render_roles(ROSTER)), width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "…" not in text
    words = set(text.replace(",", " ").split())
    for role in ROSTER.roles:
        assert role.tier.value in words
        assert {*role.tasks, *role.tools, *role.actions} <= words
