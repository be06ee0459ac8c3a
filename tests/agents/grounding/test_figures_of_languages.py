"""Figures as German and French write them: a true one stands in its evidence, a false one is caught."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agents.grounding import Grounds, Source, ground
from agents.grounding.quotes import Text, missing
from agents.grounding.written import in_english
from incidents.language import Language
from incidents.reports import StatusReport, Task, written_in
from incidents.severity import PublicStatus
from incidents.texts import forms_of

ROWS: dict[str, list[dict[str, Any]]] = yaml.safe_load((Path(__file__).parent / "figures.yaml").read_text())
OTHERS = [language for language in Language if language is not Language.EN]


@pytest.mark.parametrize(
    ("language", "row"),
    [pytest.param(Language(name), row, id=row["says"]) for name, rows in ROWS.items() for row in rows],
)
def test_a_figure_is_read_as_its_readers_read_it(language: Language, row: dict[str, Any]) -> None:
    absent = missing(row["says"], [Text(row["carries"])], language=language)
    assert (not absent) is row["stands"], absent


def test_there_are_true_and_false_figures_of_each_language() -> None:
    for language in OTHERS:
        assert {row["stands"] for row in ROWS[language]} == {True, False}


@given(language=st.sampled_from(OTHERS), tenths=st.integers(1, 9_999_999), off=st.integers(1, 9))
def test_a_number_that_we_would_write_is_read_again_and_its_neighbour_is_not(
    language: Language, tenths: int, off: int
) -> None:
    """What the texts' own forms write, the reading of models' texts understands."""
    value, other = tenths / 10, (tenths + off * 10) / 10
    told = forms_of(language).number(value)
    sentence = {Language.DE: f"Es waren {told} ms.", Language.FR: f"Il y avait {told} ms."}[language]
    assert missing(sentence, [Text(f"{value:.1f} ms")], language=language) == ()
    if value < 100 or tenths % 10:  # 12000 claims two digits
        assert missing(sentence, [Text(f"{other:.1f} ms")], language=language) != ()


@given(language=st.sampled_from(Language), text=st.text(max_size=80))
def test_any_text_is_read_without_a_failure(language: Language, text: str) -> None:
    assert isinstance(in_english(text, language), str)
    assert isinstance(missing(text, [Text("")], language=language), tuple)


def test_english_is_not_touched() -> None:
    text = "1.234 s at half past two, 1,234 orders, am 3. Mai"
    assert in_english(text, Language.EN) == text


@pytest.mark.parametrize(
    ("language", "true", "false"),
    [
        (Language.DE, "Etwa 12,5 % der Anfragen schlagen fehl.", "Etwa 25,1 % der Anfragen schlagen fehl."),
        (Language.FR, "12,5 % des requêtes échouent.", "25,1 % des requêtes échouent."),
    ],
)
def test_what_a_model_would_tell_customers_is_held_in_their_language(
    language: Language, true: str, false: str
) -> None:
    grounds = Grounds(
        services=frozenset({"checkout"}), evidence={"E-00000001": Source("error_ratio 12.5 %")},
        language=written_in(Task.STATUS_UPDATE, language),
    )  # fmt: skip

    def removed(impact: str) -> tuple[str, ...]:
        report = StatusReport(status=PublicStatus.IDENTIFIED, impact=impact, current_action="")
        return ground(report, grounds)[1]

    assert removed(true) == ()
    (why,) = removed(false)
    assert "report.impact quotes" in why
