"""People's texts of the shipped cases, held against forms that are no words for people."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.nexus.command_line import Terminal

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "demo" / "recording" / "shop-checkout-bad-release"
CASES = [DEMO, *sorted(path.parent for path in (ROOT / "evals" / "cases").glob("*/case.yaml"))]

#: What no person should have to read, by what is wrong with it.
FORBIDDEN = {
    "a figure of statistics": r"\bsigma\b|deviations off",
    "a raw change of a series": r"\d ?-> ?\d.*\b(?:ratio|seconds|per_second)\b|error_ratio|latency_p\d+",
    "an id of a change": r"\b(?:deploy|config|flag)-\d+-\w+",
    "a time of machines": r"\d{4}-\d\d-\d\dT\d\d:\d\d",
    "a share with more than two digits": r"\b\d\d\.\d+ ?%",
    "words that nobody says": r"of the services deviate|cause in \w+ \(|only by 0\.\d+ of 1|Some users of",
}
FORBIDDEN_IN_PUBLIC = {
    **FORBIDDEN,
    "a fix before there is one": r"preparing a fix",
    "a name of the inside": r"\b(?:web|checkout|catalogue|payment|database|card-network)\b",
    "an update that is never to come": r"Next update: none\b(?! planned)",
}


@pytest.fixture
def body(nexus: Terminal, request: pytest.FixtureRequest) -> dict[str, Any]:
    ran = nexus("run", "--world", request.param, "--engine", "playbook", "--approve", "all", "--json")
    told: dict[str, Any] = json.loads(ran.out)
    return told


def cases() -> list[Any]:
    marks = [pytest.mark.long]
    return [pytest.param(one, id=one.name, marks=[] if one == DEMO else marks) for one in CASES]


@pytest.mark.parametrize("body", cases(), indirect=True)
def test_people_read_words_and_no_forms_of_machines(body: dict[str, Any]) -> None:
    assert list(found(inside(body), FORBIDDEN)) == []
    assert list(found(public(body), FORBIDDEN_IN_PUBLIC)) == []


def inside(body: dict[str, Any]) -> Iterator[str]:
    """What a person at three in the morning and a manager read."""
    yield body["summary"].split(". ", 1)[-1]
    if body["diagnosis"] is not None:
        yield body["diagnosis"]["summary"]
        yield from (one["ruled_out_by"] or "" for one in body["diagnosis"]["alternatives"])
    yield from (one["text"] for one in body["briefs"])
    if body["post_mortem"]:
        yield from Path(body["post_mortem"]).read_text().split("## 6. Evidence")[0].splitlines()


def public(body: dict[str, Any]) -> Iterator[str]:
    """What customers read."""
    for update in body["status_updates"]:
        yield update["text"]
        if update["status"] != "Resolved":
            assert update["next_update"] is not None


def found(texts: Iterator[str], forbidden: dict[str, str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        for what, form in forbidden.items():
            if re.search(form, text):
                yield what, text


def test_the_demos_diagnosis_is_one_sentence_with_cause_since_when_and_what_shows_it(
    nexus: Terminal,
) -> None:
    told = json.loads(nexus("run", "--world", DEMO, "--engine", "playbook", "--approve", "all", "--json").out)
    assert told["diagnosis"]["summary"] == (
        "The release 2026.11.2 of checkout at 07:47:35 UTC "
        "(“Bundle discount per line; ask a busy card network again”) brought it; "
        "since then 52 % of its requests fail, usually none, "
        "and it logs “charging the card failed, attempt … of …: TypeError: unsupported operand type(s…”"
    )
    page = Path(told["post_mortem"]).read_text()
    assert page.startswith(
        "# Checkout release 2026.11.2: up to four in ten requests to web failed for eight minutes\n"
    )
    assert "About 22,800 EUR lost by 07:53 UTC (measured)." in page
