"""What people read of each shipped case is what was read aloud once and kept."""

import re
from typing import Any

import pytest

from incidents.language import Language
from tests.incidents.texts.forms_of_words import wrong
from tests.nexus.golden.texts import DEMO, FOLDER, Told, all_told, texts_of

#: What no person should have to read, by what is wrong with it.
FORBIDDEN = {
    "a figure of statistics": r"\bsigma\b|deviations off",
    "a time of machines": r"\d{4}-\d\d-\d\dT\d\d:\d\d",
    "a raw change of a series": r"\d ?-> ?\d|\de\+\d",
    "a doubled word": r"\b([a-zA-Z]{2,}) \1\b",
    "a full stop too many": r"\.\.(?!\.)|;\.|: \.|[.!?]\)\.",
    "a share with more than two digits": r"\b\d\d\.\d+ ?%",
    "words that nobody says": r"of the services deviate|only by 0\.\d+ of 1|\bSome users of\b",
}
#: Two marks in a row: a whole sentence was put before a mark, or into a place that ends with one. After an
#: abbreviation, a bracket or a quotation a second one is right.
DOUBLED = re.compile(
    r"(?<!etc)(?<!e\.g)(?<!i\.e)(?<!z\.B)[.!?;:,]+[;:,](?=\s|$)|[;:,!?]\.(?=\s|$)|,,|::(?!\w)|[.!?]\s+[.,;:](?=\s|$)"
)
#: A sentence with more words is not read to its end; what a log or a change says stands in quotation marks.
_LONGEST = 45
_QUOTED = re.compile(r"“[^”]*”|„[^“]*“|«[^»]*»|\"[^\"]*\"")


def told() -> list[Any]:
    """By the playbook's demo at once; the other cases are of the long series."""
    return [
        pytest.param(one, id=one.file.stem, marks=[] if one.case == DEMO else [pytest.mark.long])
        for one in all_told()
    ]


@pytest.mark.parametrize("one", told())
def test_people_read_what_was_read_aloud_and_kept(one: Told) -> None:
    assert texts_of(one) == one.file.read_text("utf-8"), (
        "read what has changed, then: python -m tests.nexus.golden.texts --write"
    )


@pytest.mark.parametrize("one", [one for one in all_told() if one.engine == "playbook"], ids=str)
def test_no_kept_text_has_a_form_that_is_no_words_for_people(one: Told) -> None:
    text = one.file.read_text("utf-8")
    if one.language is Language.EN:
        bad = [(what, found[0]) for what, form in FORBIDDEN.items() if (found := re.search(form, text))]
    else:
        told = (line for line in _QUOTED.sub("x", text).splitlines() if line[:1] != "#")
        bad = wrong("\n".join(told).replace("|  |", "| |"), one.language)
    long = [said for said in sentences(text) if len(said.split()) > _LONGEST]
    assert (bad, long) == ([], [])


@pytest.mark.parametrize("one", all_told(), ids=str)
def test_no_kept_text_has_two_marks_in_a_row(one: Told) -> None:
    text = _QUOTED.sub("x", one.file.read_text("utf-8"))
    assert [line for line in text.splitlines() if DOUBLED.search(line)] == []


def sentences(text: str) -> list[str]:
    """The sentences of a text, without what is quoted."""
    return re.split(r"(?<=[.!?])\s+|\n+|; ", _QUOTED.sub("“…”", text))


def test_every_case_has_its_texts_and_no_file_is_left_over() -> None:
    assert {one.file for one in all_told()} == set(FOLDER.glob("*.md"))


def test_the_readme_shows_what_the_demo_writes() -> None:
    demo = Told(DEMO, "playbook")
    kept = demo.file.read_text("utf-8")
    readme = (DEMO.parents[2] / "README.md").read_text("utf-8")
    shown = [line.removeprefix("> ") for line in readme.splitlines() if line.startswith("> ")]
    assert len(shown) > 9
    assert [line for line in shown if line.strip("*") not in kept and line not in kept] == []
