"""Learning how the lines of a text file are laid out from a sample of them; no format has a name here.

The time is what most lines have in one place. A column that most lines have after it, and that is a level, a
bracket, a number or a separator, belongs to the head of a line; so do words that such a column follows.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from tools.live.logs.continuing import is_part
from tools.live.logs.layout import ADDRESS, ATOM, ATOMS, Layout
from tools.live.logs.levels import LETTERS, column_level
from tools.live.logs.marks import marked
from tools.live.logs.placing import Placed, placed
from tools.live.logs.times import Calendar

#: Columns of the head, and words among them that a separator has to follow, or the level.
_MOST_COLUMNS, _MOST_PLAIN, _PLAIN_TO_LEVEL = 14, 3, 8
#: Shares of the lines that a column needs.
_NEARLY_ALL, _MOST, _HALF = 0.9, 0.75, 0.5
#: Lines that are looked at, and lay-outs of one file.
_SAMPLE, _LAYOUTS = 150, 4
#: All zones are so far apart, or several times that.
_QUARTER = timedelta(minutes=15)

#: What stands between the head and the text.
_STRIPPED = r"(?:\s*+(?:(?:[-:=]{1,3}|=>|->)(?=\s)|\|))?\s*+"
_SPACE = r"[\s|]*+"
#: Between brackets: a number, or whatever stands between round ones.
_VALUE = re.compile(r"\W*\d+\W*|\(.*\)")
#: A name of one or two words before a dash.
_NAMED = re.compile(r"((?=\S*[A-Z._/$:\d-])[^\s|]++(?:[ \t]++[^\s|]++)?)[ \t]++-{1,3}(?=\s)")
_PIPE = re.compile(r"\s*\|")
#: Words that are no name of a host or a program.
_SENTENCE = re.compile(r"(?:^|\s)[A-Z]?[a-z]+ (?:\S+ ){0,3}[a-z]+(?:\s|$)")
#: Fields between commas, which are columns like words.
_FIELDS = re.compile(r"(?:\"[^\"]*\"|[^\s,\"]+),(?:\"[^\"]*\"|[^\s,\"]+)(?:,|$)")


class _Column(NamedTuple):
    """A column of the head, with an expression for it. `few`: it names one of a few things."""

    kind: str
    pattern: str
    few: bool = True


_TEXT = _Column("text", "")
_FIELD, _LEVEL, _SEPARATOR = "field", "level", "separator"


def learnt(lines: Sequence[str], calendar: Calendar) -> tuple[Layout, ...]:
    """The lay-outs of a file's lines, the most frequent first.

    Args:
        lines: some of its lines, from its beginning and its end.
        calendar: what the lines may leave out.
    """
    left = [line for line in lines if line.strip()]
    left = left[:: max(1, len(left) // _SAMPLE)]
    found: list[Layout] = []
    while left and len(found) < _LAYOUTS:
        layout = _layout(left, calendar, whole=any(one.form.dated for one in found))
        if layout is None:
            break
        found.append(layout)
        if layout.records:
            break  # all other lines are parts of a record
        # Where events are not set in, lines that are go on with them, also with a time.
        left = [line for line in left if layout.time(line) is None and not line[0].isspace()]
    return tuple(found)


def learnt_within(outer: Layout, lines: Sequence[str], calendar: Calendar) -> Layout | None:
    """The lay-out of what lines say, if that tells their time again, as it does behind a head of syslog."""
    if outer.about:
        return None
    read = [line for text in lines if (line := outer.read(text, "")) is not None]
    found = _layout([line.message for line in read if line.message], calendar) if read else None
    if found is None:
        return None
    again = [_same(line.time, at) for line in read if (at := found.time(line.message)) is not None]
    # Lines of a trace have no time of their own; one behind other words may be what a few lines tell of.
    first = all(not one["prefix"].strip() for line in read if (one := found.start.match(line.message)))
    begin = [line for line in read if not is_part(line.message)] if first else read
    enough = len(again) >= (_HALF if first else _NEARLY_ALL) * len(begin) and sum(again) >= _NEARLY_ALL * len(
        again
    )
    return found if enough else None


def _same(one: datetime, other: datetime) -> bool:
    """Whether two times are of one moment, whatever their zones."""
    apart = abs(one - other) % _QUARTER
    return min(apart, _QUARTER - apart) < timedelta(seconds=2)


def _layout(lines: Sequence[str], calendar: Calendar, *, whole: bool = False) -> Layout | None:
    heads = [line for line in lines if line[0] not in " \t"] or lines
    found = placed(heads, calendar, whole=whole)
    if found is None:
        return None
    matched = [match for line in heads if (match := found.start.match(line)) is not None]
    return _headed(found, matched) if matched else None


def _headed(place: Placed, matched: Sequence[re.Match[str]]) -> Layout:
    start, moments = place.start, place.moments
    rests = [found.string[found.end() :] for found in matched]
    prefixes = [found["prefix"] for found in matched]
    # Where an address stands before the time, as in access logs, or a sentence, all of the line says it.
    said = sum(bool(ADDRESS.search(one) or _SENTENCE.search(one)) for one in prefixes)
    about = said >= _NEARLY_ALL * len(matched)
    fields = sum(bool(_FIELDS.match(rest)) for rest in rests) >= _NEARLY_ALL * len(rests)
    cut = _at_commas if fields else str
    columns = [] if about else _columns(rests, cut)
    known = any(column.kind == _LEVEL for column in columns)
    before = None if known else _level_before(prefixes)
    mark = None if known or about or before is not None else marked(rests)
    head = ""
    for column in reversed(columns):
        # A line that ends its head earlier than others keeps the rest as its text.
        head = f"(?:{cut(_SPACE)}{column.pattern}{head})?"
    named = "" if "(?P<level>" in head else r"(?P<level>)"
    whole = re.compile(
        rf"(?P<start>{start.pattern}){head}{named}{cut(_SPACE + _STRIPPED) if head else ''}", re.DOTALL
    )
    zoned = moments.form.name == "epoch" or all(found["zone"] for found in matched)
    plain = moments.form.name == "month day, no year" and not (columns and columns[0].kind == _LEVEL)
    syslog = plain or all(prefix[:1] == "<" for prefix in prefixes)
    return Layout(start, whole, moments, before, mark, about, zoned, syslog, place.records)


def _at_commas(pattern: str) -> str:
    """An expression that ends a column also at a comma."""
    return pattern.replace(r"[\s|", r"[\s|,").replace(r"[^\s|", r"[^\s|,")


def _level_before(prefixes: Sequence[str]) -> int | None:
    """The atom before the time that is the level, if there is one."""
    rows = [["".join(atom) for atom in ATOM.findall(prefix)] for prefix in prefixes]
    for index in range(max(map(len, rows), default=0)):
        column = [row[index] for row in rows if index < len(row)]
        if len(column) < _NEARLY_ALL * len(rows):
            continue
        # Erlang writes =PROGRESS REPORT==== where it writes =ERROR REPORT====.
        loud = all(re.fullmatch(r"\W*[A-Z]{3,}\W*", atom) for atom in column)
        levels = sum(bool(column_level(atom)) for atom in column)
        if _is_level(column) or (loud and levels >= _HALF * len(column)):
            return index
    return None


def _columns(rests: Sequence[str], cut: Callable[[str], str]) -> list[_Column]:
    """The columns of the head that most lines have; `cut` makes an expression of this kind of file."""
    atom, space = re.compile(cut(ATOM.pattern)), re.compile(cut(_SPACE))
    left = list(rests)
    columns: list[_Column] = []
    sure = 0
    while len(columns) < _MOST_COLUMNS and len(columns) - sure <= _PLAIN_TO_LEVEL:
        atoms = [found for rest in left if (found := atom.match(rest)) is not None]
        had_level = any(column.kind == _LEVEL for column in columns)
        column = _column(atoms, had_level) if len(atoms) >= _MOST * len(rests) else _TEXT
        if column.kind == "text":
            break
        column = column._replace(pattern=cut(column.pattern))
        fits = re.compile(f"{column.pattern}{space.pattern}")
        left = [rest[found.end() :] for rest in left if (found := fits.match(rest)) is not None]
        if len(left) < _MOST * len(rests) or sum(map(bool, left)) <= len(left) // 2:
            break
        if _ends(column, columns[sure:]) and not (column.kind == "name" and _closed(columns)):
            sure = len(columns) + 1
        columns.append(column)
    return columns[:sure]


def _closed(columns: Sequence[_Column]) -> bool:
    """Whether a dash or a colon has ended the head: a name behind it may be what the line is about."""
    return bool(columns) and columns[-1].kind == _SEPARATOR


def _ends(column: _Column, plain: Sequence[_Column]) -> bool:
    """Whether the head may end with a column; `plain` are those before it since the last that could.

    Words that differ from line to line, or are words of a sentence, are text even if a dash follows them.
    """
    if column.kind in (_FIELD, _LEVEL):
        return True
    if column.kind == _SEPARATOR:
        return len(plain) <= _MOST_PLAIN and all(one.few for one in plain)
    if column.kind in ("bracket", "tag"):
        return not plain or (len(plain) == 1 and plain[0].few)
    return column.kind in ("name", "padded", "constant") and not plain


def _column(atoms: Sequence[re.Match[str]], had_level: bool) -> _Column:
    """What the atoms of the lines are together."""
    total, texts = len(atoms), [found[0] for found in atoms]
    kinds = Counter(str(found.lastgroup) for found in atoms)
    about = sum(bool(ADDRESS.search(text)) for text in texts) >= _NEARLY_ALL * total
    if about or sum(text[:2] == '["' for text in texts) >= _HALF * total:
        return _TEXT  # whom it is about, and what is quoted, belongs to what it says
    if not had_level and _is_level(texts):
        return _Column(_LEVEL, _level_pattern(texts, kinds))
    few = len(set(texts)) <= max(3, total // 4)
    shown = [kind for kind in ATOMS if kinds[kind] >= 0.04 * total]
    pattern = "(?:" + "|".join(ATOMS[kind] for kind in shown) + ")"
    if sum(bool(_PIPE.match(found.string, found.end())) for found in atoms) >= _NEARLY_ALL * total:
        return _Column(_FIELD, pattern)
    if kinds["bracket"] + kinds["separator"] >= _NEARLY_ALL * total:
        if not few and sum(bool(_VALUE.fullmatch(text)) for text in texts) >= _MOST * total:
            return _Column("number", pattern, few)
        return _Column(_SEPARATOR if kinds["separator"] > kinds["bracket"] else "bracket", pattern)
    if _are_named(atoms):
        return _Column(_SEPARATOR, f"(?:{_NAMED.pattern})")
    if kinds["tag"] >= _NEARLY_ALL * total and _are_names(texts):
        # Where only what is wrong says its level, the others say something else in its place.
        some = not had_level and any(column_level(text) for text in set(texts))
        return _Column(_LEVEL, f"(?P<level>{ATOMS['tag']})") if some else _Column("tag", ATOMS["tag"])
    if kinds["name"] and kinds["name"] + kinds["tag"] >= _NEARLY_ALL * total:
        return _Column("name", pattern)
    if kinds["number"] >= _NEARLY_ALL * total:
        return _number(texts, few)
    return _word(atoms, few) if kinds["quoted"] <= 0.1 * total else _TEXT


def _are_named(atoms: Sequence[re.Match[str]]) -> bool:
    """Whether a dash follows the names of a few things, which may be two words."""
    found = [match[1] for one in atoms if (match := _NAMED.match(one.string, one.start())) is not None]
    few = len(set(found)) <= max(3, len(atoms) // 4)
    return (
        few and len(found) >= _NEARLY_ALL * len(atoms) and not _is_level([one.split()[-1] for one in found])
    )


def _number(texts: Sequence[str], few: bool) -> _Column:
    """A column of numbers; one that all lines of the sample have may be the answer of a server."""
    if len(set(texts)) > 1 or len(texts) < 3:
        return _Column("number", f"(?:{ATOMS['number']})", few)
    flag = re.fullmatch(r"\d", texts[0])
    return _Column("constant", r"-?\d(?!\S)" if flag else rf"{re.escape(texts[0])}(?!\S)")


def _word(atoms: Sequence[re.Match[str]], few: bool) -> _Column:
    """A column of words; names have something that words of a sentence have not."""
    if sum("=" in found[0] for found in atoms) >= _HALF * len(atoms):
        return _TEXT  # data, and no name
    padded = sum(found.string.startswith("  ", found.end()) for found in atoms) >= _MOST * len(atoms)
    named = sum(bool(re.search(r"[A-Z._/$:\d-]", found[0])) for found in atoms) >= _MOST * len(atoms)
    return _Column("padded" if padded and few else "word", ATOMS["word"], few and named)


def _level_pattern(texts: Sequence[str], kinds: Counter[str]) -> str:
    if kinds["bracket"] >= _NEARLY_ALL * len(texts):
        return f"(?P<level>{ATOMS['bracket']})"
    if all(re.match(r"[A-Za-z]+:[^\s:]", text) for text in texts):  # INFO:logger:text, or INFO:text
        named = all(re.match(r"[A-Za-z]+:[\w.$-]+:[^\s:]", text) for text in texts)
        return r"(?P<level>[A-Za-z]+):" + (r"[\w.$-]+:" if named else "")
    return r"(?P<level>[\[(<{\"]?\s*(?:Fatal error:|[A-Za-z][^\s|]*+))"


def _is_level(column: Sequence[str]) -> bool:
    """Whether the atoms of a column are levels: words that are written small have to be different ones."""
    known = [atom for atom in column if column_level(atom)]
    if len(known) < _MOST * len(column):
        return False
    if any(len(re.sub(r"\W", "", atom)) == 1 for atom in known):
        letters = {re.sub(r"\W", "", atom) for atom in known}
        return letters <= LETTERS.keys() and not letters.isdisjoint("DIWE")
    plain = [atom for atom in known if re.fullmatch(r"[a-z]+|[A-Z][a-z]+", atom)]
    if len(plain) < 0.5 * len(known) or {atom.lower() for atom in plain} <= {"info", "debug"}:
        return True
    # A logger writes all of them in one way, and in every line; a sentence may begin with one.
    styles = {(atom.isupper(), atom.islower()) for atom in known if atom.isalpha()}
    every = len(known) >= _NEARLY_ALL * len(column) and len(styles) == 1
    return every and len({column_level(atom) for atom in plain}) > 1


def _are_names(texts: Sequence[str]) -> bool:
    """Whether words with a colon are names of loggers or programs, and not the beginning of a sentence."""
    marked = sum(bool(re.search(r"[A-Z].*[a-z]|[.\[(/_:-]\w", text[:-1])) for text in texts)
    return marked >= _HALF * len(texts) or len(set(texts)) > max(2, len(texts) // 5)
