"""The words of a post-mortem: what a person edits comes back as it was written, and what changed is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.errors import UnknownName, UsageError
from incidents.post_mortem_text import Mark, PostMortemText, changes_between, edited, written
from tests.nexus import sample

TEXT = PostMortemText.of("Checkout failed", sample.REPORT)
FIELDS = list(PostMortemText.model_fields)


@pytest.mark.parametrize("field", FIELDS)
def test_what_is_not_changed_stays_as_it_is(field: str) -> None:
    assert edited(TEXT, field, written(TEXT, field)) == TEXT
    assert edited(TEXT, field, written(TEXT, field).replace("\n", "\r\n")) == TEXT


def test_what_a_part_stands_on_stays_with_it() -> None:
    after = edited(TEXT, "why_it_failed", "a field was read that old carts lack")
    assert after.why_it_failed.evidence == TEXT.why_it_failed.evidence
    whys = edited(TEXT, "whys", "Why did purchases fail?\nbecause of carts\n\nWhy now?\na release").whys
    assert [one.evidence for one in whys] == [TEXT.whys[0].evidence, ()]
    assert edited(TEXT, "monitoring", "one\n\n two \n").monitoring == ("one", "two")


@pytest.mark.parametrize(
    ("field", "said", "error", "sentence"),
    [
        ("title", "  ", UsageError, "needs a title"),
        ("whys", "Why?", UsageError, "'Why\\?' has no answer"),
        ("sumary", "x", UnknownName, "did you mean summary"),
    ],
)
def test_what_cannot_be_meant_is_said(field: str, said: str, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        edited(TEXT, field, said)


@given(st.sampled_from(["summary", "what_failed", "testing"]), st.text(max_size=60))
def test_the_pieces_of_a_change_make_both_texts(field: str, said: str) -> None:
    after = edited(TEXT, field, said)
    for change in changes_between(TEXT, after):
        before = "".join(one.text for one in change.pieces if one.mark is not Mark.ADDED)
        then = "".join(one.text for one in change.pieces if one.mark is not Mark.TAKEN_OUT)
        assert (before, then) == (written(TEXT, change.field), written(after, change.field))
    assert bool(changes_between(TEXT, after)) == (after != TEXT)
