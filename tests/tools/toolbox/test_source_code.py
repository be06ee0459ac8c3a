"""What a developer reads of the sources: pages that fit, ids to cite and to propose, honest gaps."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from incidents.changes import Change, ChangeKind
from incidents.errors import ToolFailed
from incidents.findings import EvidenceStatus, Window
from incidents.value import Value
from tests.cases import ALERT, case_sources
from tests.tools.toolbox.sources import ID, OLDER, PATCH, OneFile, given
from tools.memory import MemoryEvidence
from tools.source_code import LONGEST_PATCH, Trial
from tools.toolbox import TOOLS, available
from tools.toolset import Answer, Sources, Toolset

CODE = ("list_files", "read_file", "search_code", "blame_lines", "diff_releases", "show_commit", "try_patch")
#: What one answer to a model may have, its head included.
FITS = 6000


class Released:
    """One release whose commit is on record; or a record that does not answer."""

    def __init__(self, *, silent: bool = False) -> None:
        self.silent = silent

    async def changes(self, window: Window) -> tuple[Change, ...]:
        if self.silent:
            raise ToolFailed("no answer")
        return (
            Change(
                time=ALERT, id="d1", service="checkout", kind=ChangeKind.DEPLOY, version_to="1.0",
                commit=OLDER,
            ),
        )  # fmt: skip


@pytest.fixture
def sources(shop: Path, ledger: Path) -> Sources:
    made = case_sources(shop, ledger, ALERT)[0]
    return replace(made, world=replace(made.world, code=OneFile(), patches=OneFile()))


async def ask(sources: Sources, name: str, **given: Any) -> Answer[Value]:
    toolset = Toolset(sources, MemoryEvidence(), "relevant_developer", tuple(TOOLS[one] for one in CODE))
    return await toolset.ask(TOOLS[name], TOOLS[name].args.model_validate({"service": "checkout"} | given))


async def read(sources: Sources, name: str, **given: Any) -> str:
    answer = await ask(sources, name, **given)
    assert answer.evidence.status is EvidenceStatus.OK, answer.evidence.summary
    assert len(answer.evidence.summary) < FITS
    return answer.evidence.summary


async def test_a_long_file_is_read_page_by_page(sources: Sources) -> None:
    first = await read(sources, "read_file", path="app.py", count=400)
    assert first.startswith(f"app.py at {ID[:12]}, lines 1 to ")
    assert "   1 line 1 of the file" in first
    last = int(first.rpartition("\n")[2].split()[0])
    assert f"go on with first = {last + 1}" in first
    rest = await read(sources, "read_file", path="app.py", first=last + 1, count=400)
    assert f" {last + 1} line {last + 1} of the file" in rest
    beyond = await ask(sources, "read_file", path="app.py", first=401)
    assert beyond.evidence.status is EvidenceStatus.EMPTY
    assert "has 400 lines; none from 401 on" in beyond.evidence.summary


async def test_every_answer_fits_and_says_how_to_ask_for_the_rest(sources: Sources) -> None:
    assert "7 more left out; ask for a folder" in await read(sources, "list_files")
    assert "name a `path`" in await read(sources, "diff_releases", old="1.0")
    shown = await read(sources, "show_commit", commit=ID[:8])
    assert f"Commit {ID} of 2026-03-02T00:00:00Z by Cleo" in shown
    blamed = await read(sources, "blame_lines", path="app.py", first=1, last=400)
    assert "line 60 of" in blamed
    assert "line 61 of" not in blamed
    assert "app.py:7: line 7 of the file" in await read(sources, "search_code", text="line 7")
    nowhere = await ask(sources, "search_code", text="nowhere")
    assert nowhere.evidence.status is EvidenceStatus.EMPTY


@pytest.mark.parametrize(("silent", "old"), [(False, OLDER), (True, "1.0")])
async def test_a_version_is_the_commit_that_the_record_of_changes_names(
    sources: Sources, silent: bool, old: str
) -> None:
    code = OneFile()
    world = replace(sources.world, code=code, changes=Released(silent=silent))
    await read(replace(sources, world=world), "diff_releases", old="1.0", new="1.1")
    assert code.asked == [("checkout", old, "1.1", "")]


async def test_only_a_patch_whose_tests_pass_is_given_a_name(sources: Sources) -> None:
    patch = {"title": "Read a comma", "diff": "--- a/x\n+++ b/x\n@@"}
    passed = await read(sources, "try_patch", **patch)
    assert f"kind hotfix, service checkout, patch {PATCH}" in passed
    assert "0a0a" in passed
    failing = Trial(service="checkout", base=ID, tests="make test", said="1 failed", digest="0a", patch=None)
    refused = Trial(service="checkout", base=ID, refused="it is too long")
    for trial, why in ((failing, "1 failed"), (refused, "it is too long")):
        world = replace(sources.world, patches=OneFile(trial))
        said = await read(replace(sources, world=world), "try_patch", **patch)
        assert why in said
        assert PATCH not in said


async def test_a_patch_that_is_too_long_is_not_even_asked(sources: Sources) -> None:
    with pytest.raises(ValueError, match=f"a hotfix may have {LONGEST_PATCH}"):
        await ask(sources, "try_patch", title="Read a comma", diff="+" * (LONGEST_PATCH + 1))


@pytest.mark.parametrize("name", CODE)
async def test_without_code_nothing_is_offered_and_the_gap_is_said(
    shop: Path, ledger: Path, name: str
) -> None:
    bare = case_sources(shop, ledger, ALERT)[0]
    assert available(("logs", name), bare.world) == (TOOLS["logs"],)
    answer = await ask(bare, name, **given(name))
    assert answer.evidence.status is EvidenceStatus.FAILED
    assert "nexus.yaml" in answer.evidence.summary
