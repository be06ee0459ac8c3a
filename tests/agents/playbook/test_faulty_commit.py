"""From an error line to a commit: the place that it names, the function around it, who changed that last."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

import pytest

from agents.playbook.diagnosis.faulty_commit import function_around
from incidents.action import ActionKind
from incidents.findings import Category
from incidents.reports import MitigationReport
from tests.agents.playbook.test_keywords import FAILING, diagnosed, logging
from tests.agents.playbook.test_worlds import CATALOGUE, mitigate
from tests.agents.stage import START, Planned, Stage, world
from tools.source_code import Blame, BlamedLine, Commit, Listing, SourceFile

SOURCE = """\
RATES = (1, 2)


def rate(order):
    return RATES[order.kind]


async def total(
    order,
):
    for line in order.lines:
        if line.price:
            yield Decimal(line.price)


def last(order):
    return order.lines[-1]""".splitlines()
FIRST, SECOND, THIRD = (letter * 40 for letter in "abc")
#: Who wrote which line: the function `total` was touched by the second commit, the others by the third.
WROTE = {12: SECOND, 5: THIRD, 17: THIRD}


@dataclass(frozen=True)
class Sources:
    """The code port of one file that lies under several paths."""

    files: tuple[str, ...] = ("shop/money.py", "tests/test_money.py")

    async def listing(self, service: str, at: str = "", under: str = "") -> Listing:
        return Listing(service=service, commit=THIRD, under=".", files=self.files)

    async def file(self, service: str, path: str, at: str = "") -> SourceFile:
        return SourceFile(service=service, commit=THIRD, path=path, lines=tuple(SOURCE))

    async def blame(self, service: str, path: str, lines: tuple[int, int], at: str = "") -> Blame:
        numbers = range(lines[0], lines[1] + 1)
        wrote = {number: WROTE.get(number, FIRST) for number in numbers}
        return Blame(
            service=service, commit=THIRD, path=path,
            lines=tuple(BlamedLine(number=n, commit=c, text=SOURCE[n - 1]) for n, c in wrote.items()),
            commits=tuple(
                Commit(id=one, at=START + timedelta(days=day - 90), author="ada", subject=f"change {day}")
                for day, one in enumerate((FIRST, SECOND, THIRD))
                if one in wrote.values()
            ),
        )  # fmt: skip


async def repaired(line: str, code: Sources) -> MitigationReport:
    there = world(CATALOGUE, FAILING, logs=logging("orders", line), actions=Planned())
    stage = Stage(replace(there, code=cast("Any", code)))
    return await mitigate(
        stage, diagnosed("orders", Category.CODE), "relevant_developer", (ActionKind.HOTFIX,)
    )


@pytest.mark.parametrize(
    "place",
    ["at money.py:13 in total", 'File "/srv/app/shop/money.py", line 13, in total', "(shop/money.py:13)"],
)
async def test_the_commit_that_changed_the_failing_function_last_is_to_be_reverted(place: str) -> None:
    report = await repaired(f"GET /orders failed: InvalidOperation: [ConversionSyntax] {place}", Sources())
    (proposed,) = report.proposals
    assert (proposed.action.service, proposed.action.arguments.commit) == ("orders", SECOND)
    assert "shop/money.py:13" in proposed.reason
    assert "change 1" in proposed.reason


@pytest.mark.parametrize(
    ("line", "files"),
    [
        ("InvalidOperation at decimal.py:13 in quantize", ("shop/money.py",)),
        ("InvalidOperation at money.py:13 in total", ("shop/money.py", "old/money.py")),
        ("InvalidOperation at money.py:1300 in total", ("shop/money.py",)),
        ("InvalidOperation: 10.0.0.1:8080 did not answer", ("shop/money.py",)),
    ],
)
async def test_a_place_that_the_repository_does_not_have_once_leads_nowhere(
    line: str, files: tuple[str, ...]
) -> None:
    assert (await repaired(line, Sources(files))).proposals == ()


@pytest.mark.parametrize(
    ("line", "first", "last"),
    [(5, 4, 5), (13, 10, 13), (1, 1, 1), (17, 16, 17)],
)
def test_the_function_around_a_line(line: int, first: int, last: int) -> None:
    assert function_around(SOURCE, line - 1) == (first - 1, last - 1)


@pytest.mark.parametrize(
    ("source", "at", "span"),
    [
        (["int f(int a) {", "  if (a) {", "    g(a);", "  }", "}"], 2, (0, 3)),
        (["class Cart:", "    def add(self):", "        call(", "            1)"], 3, (1, 3)),
        (["", "x = 1", ""], 1, (1, 1)),
    ],
)
def test_blocks_and_arguments_are_part_of_their_function(
    source: Sequence[str], at: int, span: tuple[int, int]
) -> None:
    assert function_around(source, at) == span
