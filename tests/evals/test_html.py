"""The page stands alone, and what cases say cannot become markup."""

import re
from datetime import UTC, datetime

from evals.amounts import amount, signed_amount
from evals.case import EvalCase
from evals.compare import compare
from evals.html import render_html
from evals.report import Asked, Report, make_report
from evals.run import Run
from evals.scorers import Unit
from tests.evals.bend import failed_run

ASKED = Asked(engine="llm", model="<img src=x>", code="c", epochs=1)
MARKUP = "<script>alert(1)</script>"


def report_of(case: EvalCase, *runs: Run) -> Report:
    return make_report(runs, {case.id: case.truth}, ASKED, datetime(2026, 3, 12, tzinfo=UTC))


def test_the_page_has_no_link_no_script_and_no_foreign_markup(case: EvalCase, run: Run) -> None:
    hostile = failed_run("b").model_copy(update={"group": MARKUP, "error": f"{MARKUP}\x1b[2J"})
    report = report_of(case, run, hostile)
    page = render_html(report, [compare(report_of(case, run, failed_run("gone")), report)])
    assert not re.search(r"(href|src|url\(|@import|https?:)", page.replace("&lt;img src=x&gt;", ""))
    assert "<script" not in page
    assert "\x1b" not in page
    assert "&lt;script&gt;" in page


def test_the_page_answers_the_question_first(case: EvalCase, run: Run) -> None:
    page = render_html(report_of(case, run, failed_run("b")), [])
    assert "1 of 2" in page
    assert page.index("1 of 2") < page.index("Every question")
    assert "1 run broke" in page
    assert case.id in page


def test_a_page_without_any_truth_says_so(run: Run) -> None:
    report = make_report((run,), {}, ASKED, datetime(2026, 3, 12, tzinfo=UTC))
    assert "nothing could be judged" in render_html(report, [])


def test_amounts_are_read_in_their_unit() -> None:
    assert amount(0.975, Unit.SHARE) == "97.5%"
    assert amount(1, Unit.SHARE) == "100%"
    assert amount(45, Unit.SECONDS) == "45 s"
    assert amount(540, Unit.SECONDS) == "9 min"
    assert amount(7200, Unit.SECONDS) == "2 h"
    assert amount(12345, Unit.COUNT) == "12,345"
    assert amount(0.0123, Unit.MONEY) == "0.0123"
    assert signed_amount(-0.025, Unit.SHARE) == "−2.5 pp"  # noqa: RUF001 - a minus sign
    assert signed_amount(540, Unit.SECONDS) == "+9 min"
    assert signed_amount(0.0, Unit.MONEY) == "0"
