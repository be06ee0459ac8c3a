"""The level of lines that have it in no column: a word of one case between the same signs in nearly all."""

import re
from collections import Counter
from collections.abc import Sequence

from tools.live.telemetry_rows import level_of

#: A level stands within so many characters of what follows the time.
_REACH = 200
#: Shares of the lines that need such a word, and those in which it is a level.
_NEARLY_ALL, _HALF = 0.9, 0.5
_WORD = re.compile(
    r"(?P<open>^|[\s:,;\[(<|/=])(?:(?P<upper>[A-Z]{3,11})|(?P<lower>[A-Z]?[a-z]{3,10}))"
    r"(?P<close>:(?=\s)|[:,;\])>|](?!\s)|[\])>,;](?=\s)|(?=\s))"
)
#: A word of small letters between spaces is one of a sentence.
_Mark = tuple[str, bool, str]


def marked(rests: Sequence[str]) -> re.Pattern[str] | None:
    """The expression that finds the level in what follows the time (group `level`), or None if none does.

    The words between its signs need not all be levels: PostgreSQL writes `DETAIL:` where it writes `ERROR:`.
    """
    shapes: Counter[_Mark] = Counter()
    for rest in rests:
        shapes.update({_mark(found) for found in _WORD.finditer(rest[:_REACH]) if _is_level(found)})
    for mark, count in shapes.most_common(3):
        if count < _HALF * len(rests):
            break
        pattern = _pattern(mark)
        words = [found["level"] for rest in rests if (found := pattern.match(rest)) is not None]
        known = sum(level_of(word) != "" for word in words)
        if len(words) >= _NEARLY_ALL * len(rests) and known >= _HALF * len(words):
            return pattern
    return None


def _mark(found: re.Match[str]) -> _Mark:
    return found["open"], found["upper"] is not None, found["close"]


def _is_level(found: re.Match[str]) -> bool:
    opened, upper, closed = _mark(found)
    bare = opened in ("", " ") and closed == ""
    return level_of(found["upper"] or found["lower"]) != "" and (upper or not bare)


def _pattern(mark: _Mark) -> re.Pattern[str]:
    opened, upper, closed = mark
    before = rf".{{0,{_REACH}}}?{re.escape(opened)}" if opened else ""
    word = r"[A-Z]{3,11}" if upper else r"[A-Z]?[a-z]{3,10}"
    return re.compile(rf"{before}(?P<level>{word}){re.escape(closed) or '(?![^ ])'}", re.DOTALL)
