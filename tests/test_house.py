"""What the house promises about itself: small rooms, one reader of the environment, names of its own."""

import ast
import re
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from nexus.config.settings import read_settings

ROOT = Path(__file__).parents[1]
ROOMS = ("agents", "demo", "evals", "graph", "incidents", "nexus", "prompts", "tools")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))

LONGEST_MODULE = 350
LONGEST_FUNCTION = 60


@pytest.mark.parametrize("room", ROOMS)
def test_no_other_distribution_owns_our_rooms(room: str) -> None:
    owners = set(packages_distributions().get(room, ()))
    assert owners <= {"nexus-incident"}, f"{room!r} is also installed by {owners}"


def test_modules_fit_in_a_head() -> None:
    long = {
        str(p.relative_to(ROOT)): n
        for p in MODULES
        if (n := len(p.read_text().splitlines())) > LONGEST_MODULE
    }
    assert not long


def test_functions_fit_on_a_screen() -> None:
    long = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > LONGEST_FUNCTION:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {size} lines")
    assert not long


def test_what_we_advise_to_call_a_secret_is_taken() -> None:
    """Whatever begins with NEXUS_ is a setting, and an unknown one is refused."""
    advice = [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "nexus" / "templates").rglob("*.yaml"),
    ]
    names = {name for path in advice for name in re.findall(r"env:(\w+)", path.read_text())}
    assert len(names) > 3
    read_settings(dict.fromkeys(names, "a-secret"))


def test_the_environment_is_read_in_one_place() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for path in MODULES
        if path.parts[-2] not in {"demo", "shop"}
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    }
    assert readers <= {"nexus/cli/base.py", "nexus/cli/startup.py"}, (  # which tells libraries
        "settings come from nexus/config/settings.py, which is given the environment"
    )


def test_there_is_no_room_for_leftovers() -> None:
    assert not [path for path in MODULES if path.stem in {"utils", "helpers", "misc", "common"}]


def test_nothing_names_a_package_host_or_an_index() -> None:
    for name in ("constraints.txt", "constraints-dev.txt"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "--hash=sha256:" in text
        assert "-index" not in text


def test_no_text_holds_what_a_merge_left_behind() -> None:
    for file in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "findings").glob("*")):
        assert not re.search(r"^(<{7}|>{7}) ", file.read_text(), re.MULTILINE), file


def test_decisions_are_numbered_dated_and_indexed() -> None:
    text = (ROOT / "docs" / "decisions.md").read_text()
    headings = re.findall(r"^## (\d+)\. (.+)\n\n(\d{4}-\d{2}-\d{2}\. )?", text, re.MULTILINE)
    index = re.findall(r"^- (\d+)\. (.+)$", text.split("\n## 1. ")[0], re.MULTILINE)
    assert headings
    assert [int(number) for number, _, _ in headings] == list(range(1, len(headings) + 1))
    assert not [title for _, title, date in headings if not date]
    assert sorted(index, key=lambda row: int(row[0])) == [(number, title) for number, title, _ in headings]
