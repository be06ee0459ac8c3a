"""Figures and times in the forms of each language; what was written down here before it was run."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.language import Language
from incidents.texts import forms_of
from tests.incidents.texts.forms_of_words import wrong

TODAY = datetime(2026, 5, 4, 18, 0, tzinfo=UTC)
EN, DE, FR = (forms_of(language) for language in Language)
LANGUAGES = st.sampled_from(Language)


@pytest.mark.parametrize(
    ("ratio", "english", "other"),
    [(0.43, "43 %", "43\xa0%"), (0.005, "0 %", "0\xa0%"), (1.0, "100 %", "100\xa0%")],
)
def test_a_share(ratio: float, english: str, other: str) -> None:
    assert (EN.percent(ratio), DE.percent(ratio), FR.percent(ratio)) == (english, other, other)


@pytest.mark.parametrize(
    ("factor", "english", "german", "french"),
    [
        (1.52, "1.5", "1,5", "1,5"), (2.0, "2", "2", "2"), (19.8, "20", "20", "20"),
        (124.0, "120", "120", "120"), (1234.0, "1,200", "1.200", "1\u202f200"),
    ],
)  # fmt: skip
def test_how_many_times_has_two_digits_that_count(
    factor: float, english: str, german: str, french: str
) -> None:
    assert (EN.times(factor), DE.times(factor), FR.times(factor)) == (english, german, french)


@pytest.mark.parametrize(
    ("moment", "english", "german", "french"),
    [
        (datetime(2026, 5, 4, 7, 47, tzinfo=UTC), "07:47 UTC", "um 07:47 UTC", "à 07:47 UTC"),
        (
            datetime(2026, 5, 3, 23, 50, tzinfo=UTC),
            "2026-05-03 23:50 UTC", "am 3. Mai um 23:50 UTC", "le 3 mai à 23:50 UTC",
        ),
        (
            datetime(2026, 5, 1, 0, 5, tzinfo=UTC),
            "2026-05-01 00:05 UTC", "am 1. Mai um 00:05 UTC", "le 1er mai à 00:05 UTC",
        ),
        (
            datetime(2025, 12, 31, 1, 50, tzinfo=UTC),
            "2025-12-31 01:50 UTC", "am 31. Dezember 2025 um 01:50 UTC", "le 31 décembre 2025 à 01:50 UTC",
        ),
        (
            datetime(2026, 5, 4, 9, 0, tzinfo=timezone(timedelta(hours=2))),
            "07:00 UTC", "um 07:00 UTC", "à 07:00 UTC",
        ),
    ],
)  # fmt: skip
def test_when_something_was(moment: datetime, english: str, german: str, french: str) -> None:
    assert (EN.at(moment, TODAY), DE.at(moment, TODAY), FR.at(moment, TODAY)) == (english, german, french)


def test_since_when_and_a_moment_by_itself() -> None:
    day_before = TODAY - timedelta(days=1)
    assert (DE.since(TODAY, TODAY), FR.since(TODAY, TODAY)) == ("seit 18:00 UTC", "depuis 18:00 UTC")
    assert DE.since(day_before, TODAY) == "seit dem 3. Mai um 18:00 UTC"
    assert FR.since(day_before, TODAY) == "depuis le 3 mai à 18:00 UTC"
    assert (EN.moment(TODAY), DE.moment(TODAY)) == ("2026-05-04 18:00 UTC", "4. Mai 2026, 18:00 UTC")
    assert FR.moment(TODAY) == "4 mai 2026, 18:00 UTC"
    assert FR.moment(TODAY.replace(day=1)) == "1er mai 2026, 18:00 UTC"


def test_two_names() -> None:
    assert [one.listed(["Checkout"]) for one in (EN, DE, FR)] == ["Checkout"] * 3
    assert FR.listed(["Checkout", "Search", "Login"]) == "Checkout, Search et Login"
    told = [one.listed(["Checkout", "Search"]) for one in (EN, DE, FR)]
    assert told == ["Checkout and Search", "Checkout und Search", "Checkout et Search"]


@given(language=LANGUAGES, ratio=st.floats(0, 1), factor=st.floats(1, 5000))
def test_a_figure_is_the_same_number_in_every_language(
    language: Language, ratio: float, factor: float
) -> None:
    forms, comma = forms_of(language), language is not Language.EN
    share = re.fullmatch(r"(\d+)[ \xa0]%", forms.percent(ratio))
    assert share is not None
    assert abs(int(share[1]) - 100 * ratio) <= 0.5 + 1e-9
    told = forms.times(factor)
    plain = told.replace(".", "").replace("\u202f", "").replace(",", ".") if comma else told.replace(",", "")
    assert float(plain) == float(f"{factor:.2g}")


@given(
    language=LANGUAGES,
    moment=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    today=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_a_time_says_its_clock_and_its_day_if_it_is_another_one(
    language: Language, moment: datetime, today: datetime
) -> None:
    forms = forms_of(language)
    for told in (forms.at(moment, today), forms.since(moment, today)):
        assert f"{moment:%H:%M} UTC" in told
        assert wrong(told, language) == []
        digits = re.sub(r"\d\d:\d\d", "", told)
        assert (str(moment.day) in digits) == (moment.date() != today.date())
        if language is not Language.EN:
            assert (str(moment.year) in digits) == (moment.year != today.year)
