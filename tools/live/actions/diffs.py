"""A unified diff as a model writes it, with the counts of its hunks set right. Pure."""

import re
from collections.abc import Sequence

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@(.*)", re.DOTALL)


def recounted(diff: str) -> str:
    """The same diff; every `@@` counts the lines that follow it.

    Models copy lines well and count them badly. `git apply --recount` takes the header of a next file that
    has no `diff --git` line for a part of the hunk before it.
    """
    rows = diff.strip("\n").split("\n")
    parts: list[list[str]] = [[]]
    for place, row in enumerate(rows):
        if _HUNK.match(row) or _begins_file(rows[place : place + 3]):
            parts.append([])
        parts[-1].append(row)
    return "\n".join(row for part in parts for row in _counted(part)) + "\n"


def _begins_file(rows: Sequence[str]) -> bool:
    """Whether a file begins here: a removed line can look like `--- a`, but not with both that follow."""
    if rows[0].startswith("diff --git "):
        return True
    return len(rows) == 3 and all(map(str.startswith, rows, ("--- ", "+++ ", "@@ -")))


def _counted(part: list[str]) -> list[str]:
    head = _HUNK.match(part[0]) if part else None
    if head is None:
        return part
    body = part[1:]
    while body and not body[-1].strip("\r"):
        body.pop()  # an empty line is no line of a diff: it stands between two of its parts
    old = sum(not row.startswith(("+", "\\")) for row in body)
    new = sum(not row.startswith(("-", "\\")) for row in body)
    return [f"@@ -{head[1]},{old} +{head[2]},{new} @@{head[3]}", *body]
