"""Two recorded cases of each public set, where the recordings are at hand."""

from pathlib import Path

import pytest

from benchmarks.rca import evaluate

CASES = Path(__file__).resolve().parents[4] / "shared" / "cases"
CHOSEN = (
    "petshop/ps-low-test-01",
    "petshop/ps-low-train-05",
    "nezha/nz-20220822-0436",
    "nezha/nz-20220822-0717",
    "nezha/nz-20230129-0912",
    "nezha/nz-20230129-1331",
)


@pytest.mark.skipif(
    not CASES.is_dir(), reason="the recorded cases (../shared/cases) are not beside this checkout"
)
@pytest.mark.parametrize("name", CHOSEN)
def test_the_cause_stands_first(name: str) -> None:
    outcome = evaluate(CASES / name)
    assert outcome.rank == 1, f"{name}: rank {outcome.rank}, top {outcome.top}"
