"""SQL statements as they may be shown: what they do, without the values that people typed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tools.wording import plain, quantity

#: As much of a statement is shown, in characters.
SHOWN = 120

_NUMBER = r"""(?<![\w.$"`]) \d[\w.]*(?:(?<=[eE])[+-]\d+)?"""
_COMMENT = r"(?P<comment> --[^\n]* | /\*.*?(?:\*/|$) )"
#: In PostgreSQL a backslash escapes in E'' alone, and what stands in double quotes is a name.
_POSTGRES = re.compile(
    rf"""{_COMMENT} | (?P<name>"[^"]*") | \$(?P<tag>(?:[A-Za-z_]\w*)?)\$ .*? (?:\$(?P=tag)\$|$)"""
    r" | \b[eE]'(?:[^'\\]|''|\\.)*(?:'|$) | (?:\b(?:[bBxXnN]|[uU]&))?'(?:[^']|'')*(?:'|$)"
    rf" | {_NUMBER}",
    re.VERBOSE | re.DOTALL,
)
#: In MariaDB and MySQL it escapes everywhere, both quotes hold texts, and # begins a comment.
_MARIADB = re.compile(
    rf"{_COMMENT[:-1]} | \#[^\n]* ) | (?P<name>`[^`]*`)"
    r""" | (?:\b[xXbBnN])?'(?:[^'\\]|''|\\.)*(?:'|$) | "(?:[^"\\]|""|\\.)*(?:"|$)"""
    rf" | {_NUMBER}",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Statement:
    """What a kind of statement took since the statistics were reset, in seconds."""

    statement: str
    calls: int
    total: float
    mean: float


def most_time(statements: Sequence[Statement], *, mariadb: bool = False) -> str:
    """The kinds of statements that took most time, in words."""
    said = (
        f"`{masked(one.statement, mariadb=mariadb)}` {one.calls} times, {quantity(one.mean, 'seconds')} each"
        for one in statements
    )
    return f"most time since its statistics were reset: {', '.join(said)}"


def masked(statement: str, *, mariadb: bool = False) -> str:
    """A statement in one line, each value in it as `?`, comments left out; also of one that was cut."""
    return plain((_MARIADB if mariadb else _POSTGRES).sub(_shown, statement), SHOWN)


def _shown(found: re.Match[str]) -> str:
    return found["name"] or (" " if found["comment"] else "?")
