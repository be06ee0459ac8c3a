"""What is kept of an answer, and for how long."""

import polars as pl

from tools.memo import memoize_by_identity


def test_the_same_question_about_the_same_object_is_answered_once() -> None:
    asked: list[tuple[int, int]] = []

    @memoize_by_identity
    def height(frame: pl.DataFrame, times: int = 1) -> int:
        asked.append((frame.height, times))
        return frame.height * times

    one, two = pl.DataFrame({"a": [1, 2]}), pl.DataFrame({"a": [1, 2, 3]})
    assert [height(one), height(one), height(one, 2), height(one, 2), height(two)] == [2, 2, 4, 4, 3]
    assert asked == [(2, 1), (2, 2), (3, 1)]


def test_what_was_kept_goes_with_the_object() -> None:
    asked: list[int] = []

    @memoize_by_identity
    def first(frame: pl.DataFrame) -> int:
        asked.append(int(frame["a"][0]))
        return asked[-1]

    for number in range(20):  # an address is used again
        assert first(pl.DataFrame({"a": [number]})) == number
    assert asked == list(range(20))
