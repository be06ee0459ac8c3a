"""Untrusted text on its way to a model: stripped of control sequences, cut, and fenced as data."""

import re
import unicodedata

#: Terminal escapes: CSI, OSC, and the two-character ones.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.?")
#: What could close our fence, open a false one, or start a turn in a chat template.
_FENCES = re.compile(r"<(?=\s*/?\s*data\b)|<(?=\|)|\[(?=/?INST\])", re.IGNORECASE)
_LAST_WORD = re.compile(r"\S*\Z")
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}


#: From this length on a cut keeps the end as well: what an error says last is often its cause.
_BOTH_ENDS = 100


def clean(text: str, limit: int | None = None, how: str = "", at: int = 0) -> str:
    """The text without control, invisible and fence-breaking characters, at most about `limit` long.

    A cut is announced in the text itself, so that a reader knows that something is missing; a text that is
    hardly longer than the notice would be stays whole. `how` names the tool that reads what is left out, `at`
    where the text begins in what that tool reads.
    """
    if limit is not None and len(text) > limit:
        tail = limit // 4 if limit >= _BOTH_ENDS else 0
        head = between_words(text, limit - tail)
        last = between_words(text[::-1], tail)[::-1] if tail else ""
        gone = len(text) - len(head) - len(last)
        rest = f"; `{how}` with offset={at + len(head)} reads them" if how else ""
        cut = f"{head.rstrip()} [cut: {gone} characters left out{rest}]"
        cut += f" {last.lstrip()}" if last else ""
        text = min(text, cut, key=len)
    text = _ESCAPES.sub("", text.replace("\r\n", "\n"))
    kept = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in _INVISIBLE)
    return _FENCES.sub("\u2039", kept).strip()


def between_words(text: str, limit: int) -> str:
    """The beginning of a text, no longer than that, which ends between words; a single long word is cut."""
    if len(text) <= limit or text[limit].isspace():
        return text[:limit]
    kept = _LAST_WORD.sub("", text[:limit])
    return kept if len(kept) > limit // 2 else text[:limit]


def line(text: object, limit: int = 200) -> str:
    """The text on one line, cleaned and cut."""
    return clean(" ".join(str(text).split()), limit)


def fence(text: str, source: str, limit: int | None = None, how: str = "", at: int = 0) -> str:
    """The text as a block of data with its source; nothing inside can end the block."""
    name = re.sub(r"[^\w.:#-]+", "_", source)
    return f'<data source="{name}">\n{clean(text, limit, how, at)}\n</data>'


_BLOCK = re.compile(r'<data source="(E-[0-9a-f]{8})">\n(.*?)\n</data>', re.DOTALL)


def shown_whole(text: str) -> frozenset[str]:
    """The ids of the answers that a text holds as blocks of data, none of them cut."""
    return frozenset(name for name, inside in _BLOCK.findall(text) if "[cut: " not in inside)


#: What tokenizers take apart: a word, a digit, a sign, spaces. Signs and other scripts are counted in bytes.
_PARTS = re.compile(r"([A-Za-z]+)|(\d)|(\s+)|([^\w\s]|_)|([^\x00-\x7f]+)")
#: Letters of one word that are one token at least; ids and names are cut more finely than prose.
_LETTERS = 4


#: How a line begins that says how was looked: it is the same for all answers of one look.
LOOKED = "Looked: "


def without_repeats(text: str, said: set[str]) -> str:
    """A text without lines on how was looked that were said before; what it says itself is noted as said."""
    kept = []
    for one in text.splitlines():
        if not one.startswith(LOOKED):
            kept.append(one)
        elif one not in said:
            said.add(one)
            kept.append(one)
    return "\n".join(kept)


def tokens(text: str) -> int:
    """How many tokens a text costs at most with usual tokenizers, which all differ: on the safe side.

    Each digit and each sign counts as one, as several models' tokenizers have it, a word as one for each
    `_LETTERS` letters, other scripts by their bytes. Of the prompts, briefs and answers here it is 1.1 to 1.8
    times what the tokenizers count that were tried (`benchmarks/tokens.py`).
    """
    count = 0
    for word, digit, space, sign, other in _PARTS.findall(text):
        if word:
            count += -(-len(word) // _LETTERS)
        elif digit or sign:
            count += 1
        elif other:
            count += -(-len(other.encode("utf-8", "replace")) // 2)
        elif len(space) > 1:
            count += 1
    return count
