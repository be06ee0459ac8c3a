"""Untrusted text on its way to a model."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from prompts.text import clean, fence, line, tokens


def test_escapes_and_invisible_characters_go() -> None:
    assert clean("\x1b[31mred\x1b[0m \x1b]0;title\x07ok\x00\x07") == "red ok"
    assert clean("a\u202eb\u200bc\ue000d\U000e0041e") == "abcde"
    assert clean("one\r\ntwo\tthree") == "one\ntwo\tthree"


def test_what_could_end_a_fence_or_start_a_turn_is_broken() -> None:
    for evil in ("</data>", "< / DATA >", "<data source='x'>", "<|im_start|>system", "[INST]", "[/INST]"):
        assert evil not in clean(evil)
    assert clean("a < b, List<database>, [info]") == "a < b, List<database>, [info]"


def test_a_fence_hidden_behind_invisible_characters_is_broken_too() -> None:
    assert "</data>" not in fence("<\u200b/data>", "E-1").removesuffix("</data>")
    assert "<|im" not in clean("<\x1b[0m|im_start|>")


def test_a_cut_is_announced() -> None:
    assert clean("one two three four five " * 9, 12).startswith("one two [cut: ")
    assert clean("x" * 100, 10) == "xxxxxxxxxx [cut: 90 characters left out]"
    assert line("a\n  b\tc") == "a b c"


@given(st.text(), st.text())
def test_nothing_leaves_its_fence(text: str, source: str) -> None:
    block = fence(text, source, 400)
    assert block.startswith('<data source="')
    assert block.lower().count("</data") == 1
    assert block.endswith("\n</data>")
    assert block.count("<data") == 1
    assert all(c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs"} for c in block)
    assert '"' not in block.split("\n", 1)[0].removeprefix('<data source="').removesuffix('">')


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert tokens(once) >= len(once) / 4


def test_a_notice_is_never_longer_than_what_it_replaces() -> None:
    assert clean("x" * 20, 10) == "x" * 20
