"""One pattern of secrets or personal data, and the parts that patterns have in common."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from pydantic import ConfigDict

#: Expressions that patterns name as `{{part}}`.
PARTS = {
    # A quote as it stands in text, in JSON, in JSON within JSON, in a URL and in HTML, and as word processors write it.
    "quote": r"""(?:\\{0,31}["'`]|[“”„‘’«»＂＇]|&quot;|&#39;|%22|%27)""",
    "slash": r"(?:\\{0,31}/|%2F)",
    # A value without quotes ends where a list, a query, a call or an object goes on.
    "bare": r"""(?:[^\s"'`“”‘’«»,;&<>(){}\[\]\\]|\\\\|\\(?=[^nrtu"'`\\])|&(?![\w.%-]+=|quot;|\#39;|lt;|gt;|amp;)(?=\S)|[,;](?=[\w!\#$%^*+@])(?![\w.%-]+\s*[=:])|[()\[\]{}](?=\w))""",
    "value": r"(?!{{quote}}|[\\<\[\](){}]){{bare}}+",
    # Before a token: no letter, unless it ends an escape.
    "begin": r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=%[0-9A-F]{2}))",
    # What stands between quotes. In JSON within JSON a quote ends it only behind as many backslashes as it began with,
    # and one that belongs to it has more; a quote of JSON around it always ends it.
    "quoted": r"""(?P<b>\\{0,31})(?P<c>["'`])(?P<it>(?:(?!(?P=c)|<[a-z-]{1,20}-[0-9a-f]{4}>)[^\\\n"]|\\++(?!"|(?P=c))|(?:(?P=b)\\(?P=b)\\)*+(?P=b)\\(?P=b)(?P=c)|(?:(?P=b)\\(?P=b)\\)++(?=(?P=b)(?P=c)))+)(?=(?P=b)(?P=c))""",
    "word": r"(?:pass(?:word|wd|phrase|code)|(?<![a-z])(?:bind|root)pw(?![a-z])|(?<![a-z])(?:db|pg|user|my|mysql|admin|root|smtp|ftp|ldap|redis|auth|http|proxy)?pass(?![a-z])|pwd|secret|token|credential|(?:api|app|application|access|private|account|auth|signing|encryption|decryption|master|subscription|functions|storage|webhook|consumer|license|unseal|hmac|jwt|ssh|deploy|integration|shared)[ _-]?key|(?:php|j)sessid|jsessionid|session[_-]?(?:id|key|cookie)|connect\.sid|(?:c|x)srf[\w-]*|jwt(?!\w))",
    "assign": "(?:=>|:=|={1,3}|[:：＝]|%3D|%3A)",
}

#: What follows a prefix: as long as chance made it, or as a log line's limit left it.
_BODY = r"[\w.~+/=-]{8,}"


@dataclass(frozen=True)
class Pattern:
    """One row of the table.

    No `Value`: its validators take longer to build than all the rest that a first look at a text takes.

    Attributes:
        name: the kind, which the placeholder names.
        hints: one of these stands in every text that matches, in any case; a text without any is not looked at.
        numbers: instead of hints, the digits that every text has that matches.
        pattern: a regular expression. If it has a group `it` (or `bare`: a value without quotes), only that
            part is replaced. `{{name}}` is filled in from `PARTS`.
        prefixes: instead of a pattern: how such tokens begin. They may be of any length, for a log line may have
            been cut.
        each: a pattern that is applied to every part of what `pattern` found.
        check: a test that a match must pass; see `checks.py`.
        personal: personal data and no secret: it may stay in the name of a person who decides.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    hints: tuple[str, ...] = ()
    numbers: str = ""
    pattern: str = ""
    prefixes: tuple[str, ...] = ()
    each: str = ""
    check: str = ""
    personal: bool = False

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The expression; a key may stretch over lines."""
        if self.prefixes:
            return re.compile(rf"{PARTS['begin']}(?:{_any(self.prefixes)}){_BODY}")
        return re.compile(_filled(self.pattern), re.DOTALL)

    @cached_property
    def inner(self) -> re.Pattern[str] | None:
        """What is looked for in each part of a match, if anything."""
        return re.compile(self.each) if self.each else None


def _any(texts: Iterable[str]) -> str:
    """One of these; grouped by how they begin, which costs half of a plain list."""
    groups: dict[str, list[str]] = {}
    for text in sorted(texts, key=len, reverse=True):
        groups.setdefault(text[:2], []).append(re.escape(text[2:]))
    return "|".join(f"{re.escape(head)}(?:{'|'.join(tails)})" for head, tails in groups.items())


def _filled(pattern: str) -> str:
    """The pattern with its parts in it, and theirs in them."""
    while "{{" in pattern:
        before = pattern
        for name, part in PARTS.items():
            pattern = pattern.replace(f"{{{{{name}}}}}", part)
        if pattern == before:
            break
    return pattern
