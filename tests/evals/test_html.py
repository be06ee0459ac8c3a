"""The page stands alone, and what cases say cannot become markup."""

import re
from datetime import UTC, datetime

from evals.case import EvalCase
from evals.compare import compare
from evals.html import render_html
from evals.report import Asked, Report, make_report
from evals.run import Run
from evals.scorers import Unit
from evals.units import amount, signed_amount
from tests.evals.bend import failed_run, truth_of

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


def test_what_was_missed_comes_before_what_was_right_and_without_empty_columns(
    case: EvalCase, run: Run
) -> None:
    wrong = run.model_copy(update={"case": "wrong"})
    truths = {case.id: case.truth, "wrong": truth_of(cause={"service": "web"}, also_accept=["orders-db"])}
    report = make_report((run, wrong), truths, ASKED, datetime(2026, 3, 12, tzinfo=UTC))
    page = render_html(report, [])
    missed = page[page.index("What it did not get right") : page.index("Is it as right")]
    assert "wrong" in missed
    assert case.id not in missed
    assert re.search(r'class="chip"[^>]*>cause@\d', missed)
    listed = page[page.index("Case by case") :]
    assert listed.index(">wrong<") < listed.index(f">{case.id}<")
    assert "1 of 2 right" in listed
    assert ">change<" in listed
    assert ">red_herrings<" not in listed, "no case asks for it"


def test_the_price_and_the_worth_of_a_change_are_in_the_first_sentences(case: EvalCase, run: Run) -> None:
    before, now = report_of(case, failed_run(case.id)), report_of(case, run)
    page = render_html(now, [compare(before, now)])
    first = page[: page.index('class="cards"')]
    assert "it was right in 0% before and in" in " ".join(first.split())
    assert "100%</strong> now (which may be luck), for the same price" in " ".join(first.split())


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
