from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.severity import Severity
from nexus.notify.notice import Facts, Purpose
from nexus.notify.slack.blocks import escaped
from nexus.notify.wording import Size, cut, headline, in_bytes, message, words_of
from tests.nexus.notify.conformance.notices import AT, decision, notice

SIZES = st.sampled_from([len, in_bytes, lambda text: len(escaped(text))])
TEXTS = st.text(max_size=600) | st.text(alphabet="word &<漢\n", max_size=600)


def test_a_page_stands_alone() -> None:
    assert message(notice(repeat=2), 10_000) == (
        "P0 · again (2) · Checkout answers with errors\n"
        "\n"
        "What users notice: Orders fail\n"
        "Since: 2026-03-12 10:00 UTC\n"
        "Suspected cause: the release, rather sure\n"
        "Who has it: the agents\n"
        "Services: checkout, cart\n"
        "\n"
        "Every second order fails since the release of 09:55.\n"
        "\n"
        "https://nexus.example/incidents/INC-7"
    )


def test_what_has_to_be_decided_stands_above_everything_else() -> None:
    assert message(decision(text="", services=(), link=None), 10_000) == (
        "P0 · Decision needed · Checkout answers with errors\n"
        "To decide until 2026-03-12 10:15 UTC: Roll back checkout to 2026.11.1"
    )


def test_what_nobody_has_judged_yet_says_so() -> None:
    assert headline(notice(severity=None), 200) == "No severity yet · Checkout answers with errors"


def test_what_is_not_known_is_not_said() -> None:
    bare = notice(facts=Facts(), services=(), text="", link=None, title="It fails")
    assert message(bare, 200) == "P0 · It fails"


def test_a_cut_ends_at_a_word_and_says_how_much_is_missing() -> None:
    text = "one two three four five six seven eight nine ten " * 10
    short = cut(text, 120)
    assert short.endswith("… (408 more characters on its page)")
    assert text.startswith(short.partition("…")[0] + " ")
    assert cut("alpha beta gamma", 12) == "alpha beta…"
    assert cut("alpha", 5) == "alpha"
    assert cut("alpha", 0) == ""


def test_a_decision_that_does_not_fit_is_not_shown_by_half() -> None:
    facts = Facts(
        decision="Roll back checkout " + "and then its neighbours " * 20, until=AT + timedelta(hours=1)
    )
    said = message(decision(facts=facts), 160)
    assert "A decision is needed until 2026-03-12 11:00 UTC; read all of it first." in said
    assert "Roll back" not in said
    assert said.endswith("https://nexus.example/incidents/INC-7")


@given(
    words=st.tuples(TEXTS, TEXTS, TEXTS),
    severity=st.sampled_from([*Severity, None]),
    purpose=st.sampled_from(Purpose),
    room=st.integers(140, 3_000),
    size=SIZES,
)
@settings(max_examples=150, deadline=None)
def test_it_fits_and_severity_and_decision_are_whole(
    words: tuple[str, str, str], severity: Severity | None, purpose: Purpose, room: int, size: Size
) -> None:
    title, text, decided = words
    facts = Facts(decision=decided, noticed=decided, until=AT)
    told = notice(purpose, title=title, text=text, severity=severity, facts=facts)
    said, meant = message(told, room, size), words_of(told)
    assert size(said) <= room
    assert said.startswith(severity.value if severity else "No severity yet")
    if meant.decision is not None and meant.short_decision is not None:
        assert meant.decision in said or meant.short_decision in said
    assert size(headline(told, room, size)) <= room


@given(text=TEXTS, room=st.integers(0, 700), size=SIZES)
@settings(max_examples=150, deadline=None)
def test_a_cut_fits_and_keeps_a_beginning(text: str, room: int, size: Size) -> None:
    short = cut(text, room, size)
    assert size(short) <= room
    assert short == text or text.startswith(short.rpartition("…")[0])
