"""Which cases are meant."""

import shutil
from pathlib import Path

import pytest

from evals.case import EvalCase, find_cases, open_eval_case, read_truths, shipped_cases
from incidents.errors import CaseError


def test_cases_are_found_at_any_depth(case: EvalCase, tmp_path: Path) -> None:
    copy = tmp_path / "deep" / "deeper" / case.id
    shutil.copytree(case.folder, copy)
    assert find_cases([tmp_path]) == (copy,)
    assert find_cases([copy, copy]) == (copy,)


def test_a_folder_without_cases_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"no case\.yaml"):
        find_cases([tmp_path])


def test_two_cases_of_one_name_cannot_be_told_apart(case: EvalCase, tmp_path: Path) -> None:
    shutil.copytree(case.folder, tmp_path / case.id)
    with pytest.raises(CaseError, match="two cases are named"):
        find_cases([tmp_path, case.folder])


def test_a_case_is_grouped_by_its_system_or_its_folder(case: EvalCase, tmp_path: Path) -> None:
    assert case.group == case.folder.parent.name
    copy = tmp_path / case.id
    shutil.copytree(case.folder, copy)
    document = copy / "case.yaml"
    document.write_text(document.read_text() + "system: A shop\n")
    assert open_eval_case(copy).group == "A shop"


def test_something_ships() -> None:
    assert shipped_cases()


def test_a_case_that_cannot_be_read_has_no_truth(case: EvalCase, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "case.yaml").write_text("format: 2\n")
    assert set(read_truths([case.folder, tmp_path / "broken"])) == {case.id}
