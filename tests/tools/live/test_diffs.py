"""Hunks of a diff are counted anew, whatever a model counted."""

import difflib
import re

from hypothesis import given
from hypothesis import strategies as st

from tools.live.actions.diffs import recounted

#: Lines that look like parts of a diff when they are removed or added.
LINES = st.lists(
    st.sampled_from(["a", "b", "", "-- x", "++ y", "@@ -1 +1 @@", "diff --git a b"]), max_size=12
)

_HEAD = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@$")


def made(path: str, before: list[str], after: list[str]) -> list[str]:
    return list(difflib.unified_diff(before, after, f"a/{path}", f"b/{path}", lineterm=""))


@given(st.lists(st.tuples(LINES, LINES), min_size=1, max_size=3), st.integers(1, 9))
def test_wrong_counts_of_any_number_of_files_are_set_right(
    files: list[tuple[list[str], list[str]]], wrong: int
) -> None:
    right = [row for number, (old, new) in enumerate(files) for row in made(f"f{number}", old, new)]
    told = [_HEAD.sub(rf"@@ -\1,{wrong} +\3,{wrong} @@", row) for row in right]
    expected = [_HEAD.sub(lambda m: f"@@ -{m[1]},{m[2] or 1} +{m[3]},{m[4] or 1} @@", row) for row in right]
    assert recounted("\n".join(told)).rstrip("\n") == "\n".join(expected).rstrip("\n")


def test_empty_lines_between_files_and_what_is_no_diff_are_left_out_of_the_count() -> None:
    text = "--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@ def f\n a\n-b\n+c\n\n\n--- a/y\n+++ b/y\n@@ -1 +1 @@\n-d\n+e"
    counted = [row for row in recounted(text).splitlines() if row.startswith("@@")]
    assert counted == ["@@ -1,2 +1,2 @@ def f", "@@ -1,1 +1,1 @@"]
    assert recounted("*** Begin Patch\nhello\n") == "*** Begin Patch\nhello\n"
    assert recounted("") == "\n"
