"""What a sentence may quote: any usual form of what stands in the evidence, and nothing else."""

import json
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agents.grounding.figures import Quotes, figure_of
from agents.grounding.quotes import Text, missing, names_word
from agents.playbook.checks.keywords import names

READ = (
    "checkout [deviates since 2026-03-12T10:16:05Z]: error_ratio 45.2 % (usual 0.2 %); latency_p95 1.82 s "
    "(usual 0.05 s); 12345 calls; memory 1.5 GB; 240 requests/min. deploy 2026.11.1 over 2026.10.4 [chg-42]"
)


@pytest.mark.parametrize(
    "quoted",
    [
        "45 %",
        "45%",
        "45.2 percent",
        "0.45",
        "0.452",
        "1.82 s",
        "1820 ms",
        "1,820 milliseconds",
        "1.8 seconds",
        "12,345",
        "12.3k",
        "12k",
        "12,000",
        "12345 calls",
        "at 10:16",
        "10:16Z",
        "2026-03-12 10:16:05 UTC",
        "10:16:30",
        "2026.11.1",
        "v2026.11.1",
        "1500 MB",
        "4 per second",
        "240/min",
        "about 43 %",
        "over 40 %",
        "2 services",
        "3 of 5",
        "chg-42",
        "E-0a1b2c3d",
        "1.82 s against 0.05 s, 36 times",
        "10:16 to 10:16:50",
        "p95 on checkout-7",
        "the path /api/v2/orders/1234",
    ],
)
def test_usual_forms_of_what_was_read_are_supported(quoted: str) -> None:
    assert missing(f"It is {quoted}.", [Text(READ)]) == ()


@pytest.mark.parametrize(
    "quoted",
    [
        "46 %",
        "4.5 %",
        "45 ms",
        "1.9 s",
        "182 ms",
        "13k",
        "12,346",
        "10:18",
        "2026-03-13 10:16",
        "2026.11.2",
        "about 60 %",
        "2026-04-01",
        "1.5 MB",
        "240/s",
        "50 times",
        "7 minutes",
        "17 services",
    ],
)
def test_what_was_not_read_is_named(quoted: str) -> None:
    assert missing(f"It is {quoted} now.", [Text(READ)]) != ()


def test_services_must_be_named_by_what_is_cited() -> None:
    names = ("checkout", "payment", "orders-db")
    assert missing("checkout fails", [Text(READ)], names) == ()
    assert missing("Payment and orders-db fail", [Text(READ)], names) == ("payment", "orders-db")


def test_a_number_of_the_data_is_read_with_the_unit_beside_it() -> None:
    body = json.dumps({"unit": "ratio", "now": 0.43123, "p95_ms": 1820.4, "samples": 60}).encode()
    assert missing("43.1 % of requests, p95 1.82 s, 60 samples", [Text("", body)]) == ()
    assert missing("43.9 %, p95 182 s", [Text("", body)]) == ("43.9 %", "182 s")


def _shares(value: float) -> list[str]:
    return [f"{value:.1%}", f"{value * 100:.0f} %", f"{value * 100:.2f} percent", f"{value:.4f}"]


def _lengths(seconds: float) -> list[str]:
    return [f"{seconds:.3f} s", f"{seconds * 1000:.0f} ms", f"{seconds * 1000:,.0f} milliseconds"]


@given(st.floats(0.001, 1.0), st.integers(0, 3))
def test_a_share_copied_in_any_usual_form_is_supported(value: float, form: int) -> None:
    body = json.dumps({"error_ratio": value}).encode()
    assert missing(f"error ratio {_shares(value)[form]} since then", [Text("", body)]) == ()


@given(st.floats(0.01, 5000.0), st.integers(0, 2))
def test_a_length_of_time_copied_in_any_usual_form_is_supported(value: float, form: int) -> None:
    body = json.dumps({"unit": "seconds", "now": value}).encode()
    assert missing(f"latency {_lengths(value)[form]} since then", [Text("", body)]) == ()


@given(st.integers(10, 10**9))
def test_a_count_copied_in_any_usual_form_is_supported(value: int) -> None:
    text = [Text(f"{value} lines were written")]
    forms = [
        str(value),
        f"{value:,}",
        *([f"{value / 1000:.1f}k", f"{value / 1000:.0f} thousand"] if value > 9999 else []),
    ]
    for form in forms:
        assert missing(f"{form} lines", text) == ()


@given(st.floats(0.02, 1.0), st.floats(0.02, 1.0), st.integers(0, 3))
def test_a_share_that_is_not_there_is_never_supported(value: float, other: float, form: int) -> None:
    assume(abs(value - other) > 0.01)
    assert missing(f"error ratio {_shares(other)[form]}", [Text(f"error ratio {value * 100:.4f} %")]) != ()


@given(st.integers(10, 10**7), st.integers(10, 10**7))
def test_a_count_that_is_not_there_is_never_supported(value: int, other: int) -> None:
    assume(abs(value - other) > 0.06 * max(value, other) + 1)
    assert missing(f"{other:,} lines", [Text(f"{value} lines")]) == (f"{other:,}",)


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_read(sentence: str, text: str) -> None:
    assert isinstance(missing(sentence, [Text(text, text.encode(errors="replace"))], ("a",)), tuple)
    assert missing(sentence, [Text(sentence)], ("a",)) == ()


@pytest.mark.parametrize("held", ["runs v2 now", "runs V2 now"])
def test_a_version_is_found_however_its_v_is_written(held: str) -> None:
    assert missing("v2 was released", [Text(held)]) == ()
    assert missing("v3 was released", [Text(held)]) == ("v3",)
    assert missing("2.10.1 was released", [Text("runs v2.10.1")]) == ()


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.sampled_from(["seconds", "ratio", "kb", ""])), max_size=30),
    st.floats(-2e6, 2e6),
    st.floats(0, 1e6),
)
def test_figures_between_two_sizes_are_those_that_lie_there(
    held: list[tuple[float, str]], low: float, width: float
) -> None:
    figures = tuple(figure_of(value, unit) for value, unit in held)
    quotes = Quotes(figures=figures, clocks=(), dates=(), versions=())
    there = {one for one in figures if any(low <= size <= low + width for size in (one.number, one.base))}
    assert set(quotes.between(low, low + width)) == there


def test_digits_in_a_name_are_no_figures_wherever_it_stands() -> None:
    sentence = "Calls to 169.254.170.2_remote are slow."
    assert missing(sentence, [], names=["169.254.170.2_remote"]) == ()
    assert missing(sentence, []) != ()


@given(
    text=st.text("ab-_. 9é\u2013", max_size=30),
    word=st.text("ab-_9é", min_size=1, max_size=4),
)
def test_a_name_is_found_as_a_word_of_its_own(text: str, word: str) -> None:
    wanted = re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text.upper(), re.IGNORECASE) is not None
    assert names_word(text.upper(), word) is wanted
    assert names(text, word) is (re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None)


def test_a_link_holds_no_figures() -> None:
    alert = [Text("web fails, see http://prometheus.example/graph?g0.expr=up%3D%3D0&g0.tab=1")]
    assert missing("web fails for 3 days", alert) == ("3 days",)
    assert missing("web fails for three days", alert) == ("3 days",)


def test_a_length_in_days_is_no_number_of_something() -> None:
    assert missing("down for 3 days", [Text("3 of 5 services deviate")]) == ("3 days",)
    assert missing("in 3 of 5 services", [Text("3 of 5 services deviate")]) == ()


@pytest.mark.parametrize(
    "said",
    [
        "Forty-five percent fail", "fünfundvierzig Prozent schlagen fehl", "quarante-cinq pour cent échouent",
        "45,2 % schlagen fehl", "1,82 Sekunden", "rund 1,8 secondes", "douze mille appels",
        "zwölftausend Aufrufe",
        "about half of the calls",
    ],
)  # fmt: skip
def test_figures_are_read_in_words_and_in_three_languages(said: str) -> None:
    assert missing(said, [Text(READ)]) == ()
    assert missing(said, [Text("nothing was measured")]) != ()
