"""Lines of JSON as values: each line for itself, also where all are read in one go."""

from dataclasses import dataclass

import pytest

from tools.live.values import values_of


@dataclass(frozen=True, slots=True)
class _Form:
    a: int
    b: tuple[int | None, ...] = ()


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        ([], []),
        (['{"a": 1}', '{"a": 2, "c": 0}'], [1, 2]),
        (['{"a": 1}', '{"a": "x"}', '{"a": 3}'], [1, None, 3]),
        (['{"a": 1}', "null", '{"a": 3}'], [1, None, 3]),
        (['{"a": 1}', "", '{"a": 3'], [1, None, None]),
        # More than one value in a line, and one that ends in the next: as many as there are lines.
        (['{"a": 1},{"a": 2}', '{"a": 3, "b": [1', "2]}"], [None, None, None]),
    ],
)
def test_a_line_is_a_value_whatever_its_neighbours_are(lines: list[str], values: list[int | None]) -> None:
    assert [one and one.a for one in values_of(_Form, lines)] == values
