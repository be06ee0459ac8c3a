"""A model's opinion: beside the scores, counted apart, and "not judged" where the judge fails; never a 0."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.llm.settings import Model, ModelSettings, every_tier
from evals.case import EvalCase
from evals.html import render_html
from evals.judge.opinion import Judged, Mark, Opinion, marks
from evals.judge.run import Court
from evals.report import Asked, Report, make_report, with_opinions
from evals.run import Run
from incidents.errors import UsageError
from tests.fake_openai import FakeOpenAI
from tests.fake_turns import Answerer, Call, Fault, Kind, Reply, Script
from tests.nexus.command_line import Terminal
from tools.recorded.document import Truth

MARKS: dict[str, object] = {
    "cause": {"why": "it names the release and what it broke", "points": 2},
    "reasoning": {"why": "the figures are there", "points": 2},
    "honesty": {"why": "surer than it can be", "points": 1},
    "story": {"why": "clear", "points": 2},
    "prevention": {"why": "one item has no owner", "points": 1},
}
ASKED = Asked(engine="playbook", model=None, code="c", epochs=1)


def opinion(**changes: object) -> Reply:
    """An answer by the tool that it was given."""
    return Reply(calls=(Call("Opinion", {**MARKS, **changes}),), tokens_in=900, tokens_out=60)


def judged(
    run: Run, truth: Truth, answers: Answerer, out: Path
) -> tuple[Mapping[tuple[str, int], Judged], str]:
    """What the judge says of one run, and all that it was told."""
    with FakeOpenAI(answers) as server:
        model = Model(name="local-judge", price_in=2.0)
        settings = ModelSettings(base_url=server.base_url, models=every_tier(model), max_attempts=2)
        court = Court(settings, out, 2)
        found = court.judge([run], {run.case: truth}, lambda run, judged, done, total: None)
        return found, "\n".join(asked.text for asked in server.requests)


def reported(case: EvalCase, run: Run, opinions: Mapping[tuple[str, int], Judged]) -> Report:
    report = make_report([run], {case.id: case.truth}, ASKED, datetime(2026, 3, 12, tzinfo=UTC))
    return with_opinions(report, opinions, "local-judge", "digest")


def test_an_opinion_stands_beside_the_scores_and_is_asked_for_once(
    case: EvalCase, run: Run, tmp_path: Path
) -> None:
    found, told = judged(run, case.truth, Script([opinion()]), tmp_path)
    one = found[run.case, 1]
    assert one.score == 0.8
    assert (one.usage.tokens_in, one.usage.tokens_out, one.usage.model_calls) == (900, 60, 1)
    assert one.usage.cost == pytest.approx(0.0018)
    assert str(case.truth.cause.service) in told
    assert '<data source="diagnosis">' in told
    report = reported(case, run, found)
    assert report.judge is not None
    assert (report.judge.n, report.judge.mean, report.judge.usage.tokens_in) == (1, 0.8, 900)
    assert "judge" not in report.runs[0].scores
    assert report.measure("judge") is None
    incident = run.record.incident if run.record else None
    assert incident is not None
    assert incident.usage.model_calls == 0, "the judge is no price of the incident"
    page = render_html(report, [])
    assert "A model's opinion" in page
    assert "surer than it can be" in page

    again, asked = judged(run, case.truth, Script([Fault(Kind.DROP)]), tmp_path)
    assert again == found
    assert asked == ""


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (opinion(cause={"why": "splendid", "points": 10}), "cause.points"),
        (Reply(text="I would say it was quite good."), "does not fit"),
        (Fault(Kind.STATUS, 401), "401"),
        (Fault(Kind.HTML), ""),
    ],
    ids=["too many points", "prose", "refused", "another server"],
)
def test_a_judge_that_fails_has_not_judged(
    case: EvalCase, run: Run, tmp_path: Path, answer: Reply | Fault, told: str
) -> None:
    found, _ = judged(run, case.truth, Script([answer]), tmp_path)
    one = found[run.case, 1]
    assert one.score is None
    assert told in (one.error or "")
    assert one.error
    report = reported(case, run, found)
    assert report.judge is not None
    assert (report.judge.n, report.judge.not_judged, report.judge.mean) == (0, 1, None)
    assert "1 not judged" in render_html(report, [])
    better, _ = judged(run, case.truth, Script([Reply(text=json.dumps(MARKS))]), tmp_path)
    assert better[run.case, 1].score == 0.8, "it is asked again, and JSON without a tool will do"


def test_what_nobody_confirmed_or_wrote_is_not_judged(case: EvalCase, run: Run, tmp_path: Path) -> None:
    found, told = judged(run, Truth(confirmed=False), Script([opinion()]), tmp_path)
    assert (dict(found), told) == ({}, "")
    full = Mark(why="x", points=2)
    given = Opinion(cause=full, reasoning=full, honesty=full, story=full, prevention=full)
    assert [one.criterion for one in marks(given, post_mortem=False)] == ["cause", "reasoning", "honesty"]
    assert len(marks(given, post_mortem=True)) == 5


def test_opinions_that_cannot_be_kept_are_told(case: EvalCase, run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be kept"):
        judged(run, case.truth, Script([opinion()]), tmp_path / "file")


def test_the_verb_asks_the_configured_model(nexus: Terminal, case: EvalCase, tmp_path: Path) -> None:
    with FakeOpenAI(Script([opinion()])) as server:
        nexus.set("NEXUS_LLM_BASE_URL", server.base_url)
        nexus.set("NEXUS_LLM_MODEL", "local-model")
        nexus.set("NEXUS_LLM_MODEL_DEEP", "deep-model")
        typed = nexus("eval", case.folder, "--judge", "--out", tmp_path, "--workers", "1")
        assert [asked.body["model"] for asked in server.requests] == ["deep-model"]
    assert typed.code == 0, typed.err
    assert "The judge deep-model gives 80 of 100 (1 runs; 960 tokens)" in typed.out
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["judge"]["mean"] == 0.8
    assert report["runs"][0]["judged"]["marks"][0]["criterion"] == "cause"
    assert report["runs"][0]["scores"]["right"]["value"] == 1
