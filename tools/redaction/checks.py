"""What a match must pass before it is taken out: whether a value that stands where a secret would is one."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from tools.redaction.vocabulary import ABOUT, STATES

Found = re.Match[str]

#: The groups of a pattern that hold the secret: one of them, else all that matched.
GROUPS = ("it", "bare", "curly", "encoded")

#: Stands for a value: a mask, a variable, a template, a format.
_STAND_IN = re.compile(
    r"[*•x.X-]+|\$.*|\{\{.*|%\(?\w*\)?[sdrv]|@\w+@|\[?(?i:redacted|masked|hidden|filtered)\]?"
)
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*%?")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NAME = re.compile(r"[\w.-]{0,40}\Z")
#: So many of so many.
_SHARE = re.compile(r"\d+/\d+")
#: What makes another word of one: a tokenizer, a secretary, passwordless.
_ENDING = re.compile(r"(?:i[sz]e|i[sz]ation|ary|less|smanager)[a-z]{0,2}(?![a-z])")
#: The name of what a cloud keeps: `arn:aws:secretsmanager:eu-west-1:1:secret:shop/db`.
_ARN = re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:\d*:\Z")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SCHEMES = frozenset({"apikey", "basic", "bearer", "digest", "hmac", "negotiate", "ntlm", "oauth", "token"})
_HEADER_WORDS = frozenset(
    {"authentication", "authorization", "credential", "credentials", "header", "scheme", "token"}
)
_ATTRIBUTES = frozenset({"path", "domain", "expires", "max-age", "samesite", "version", "priority"})
_SESSION = re.compile(r"(?i)sess|sid|auth|tok|jwt|csrf|xsrf|remember|login|credential|secret")


def _value(found: Found) -> str:
    groups = found.groupdict()
    return next((groups[name] for name in GROUPS if groups.get(name)), found[0])


def _stands_in(value: str) -> bool:
    return value.startswith("<") or bool(_STAND_IN.fullmatch(value)) or value.lower() in STATES


def _wordlike(value: str) -> bool:
    """Letters alone, or words joined by hyphens: what a sentence is made of."""
    parts = value.strip(".,:;!?").split("-")
    return all(part.isalpha() and (part[1:].islower() or part.isupper() or len(part) == 1) for part in parts)


def _number(value: str) -> bool:
    return bool(_NUMBER.fullmatch(value))


def _mixed(value: str) -> bool:
    """Digits or signs between letters, or capitals within: no word."""
    inner = value.rstrip(".,:;!?")
    return any(not char.isalpha() for char in inner) or not (
        inner.islower() or inner.istitle() or inner.isupper()
    )


def _run(value: str, longest: int) -> bool:
    """Whether letters and digits stand together as they do in what a machine drew: a digit, or mixed case."""
    return any(
        any(char.isdigit() for char in run) or not (run.islower() or run.isupper() or run.istitle())
        for run in re.findall(r"[A-Za-z0-9]+", value)
        if len(run) >= longest
    )


def random(found: Found) -> bool:
    """A run of sixteen letters and digits as chance draws them; words joined by lines are none."""
    return _run(_value(found), 16) and not _UUID.fullmatch(_value(found))


def mixed(found: Found) -> bool:
    """A word of a sentence is no token."""
    value = _value(found)
    return not _stands_in(value) and _mixed(value) and not _wordlike(value)


def long(found: Found) -> bool:
    """As long as a signature is."""
    return len(_value(found)) >= 16 and not _stands_in(_value(found))


def basic(found: Found) -> bool:
    """What `user:password` becomes in base64."""
    value = unquote(_value(found))
    try:
        decoded = base64.b64decode(
            value + "=" * (-len(value) % 4), altchars=b"-_" if {"-", "_"} & set(value) else None
        )
    except (binascii.Error, ValueError):
        return False
    head, colon, _ = decoded.partition(b":")
    return bool(colon and head.isascii() and head.decode("ascii").isprintable()) or (
        len(value) >= 16 and value.endswith("=")
    )


def header(found: Found) -> bool:
    """What an Authorization header carries; a sentence about one carries words."""
    value, scheme = _value(found).lower(), (found["scheme"] or "").lower()
    if _stands_in(value) or scheme in STATES or value in _SCHEMES or value in _HEADER_WORDS:
        return False
    return scheme in _SCHEMES or not _wordlike(_value(found))


def cookie(found: Found) -> bool:
    """A cookie that says who somebody is; `theme=dark` says nothing."""
    key, value = found["key"].lower(), _value(found)
    if key in _ATTRIBUTES or _stands_in(value):
        return False
    return bool(_SESSION.search(key)) or (len(value) >= 8 and not _wordlike(value))


def assigned(found: Found) -> bool:
    """A value under a name that means a secret, and not one that tells of it."""
    groups, value = found.groupdict(), _value(found)
    if _stands_in(value) or _about(found):
        return False
    word, quoted = found["word"].lower(), not groups.get("bare")
    plural = (found["tail"] or "").lower().startswith("s")
    if _number(value) and (plural or len(value) < 4 or "." in value or word == "pass"):
        return False
    if word == "pass" and _SHARE.fullmatch(value):
        return False
    if "sess" in word or "sid" in word or "csrf" in word or "xsrf" in word:
        return len(value) >= 12 and not _UUID.fullmatch(value) and not _wordlike(value)
    if quoted:
        return True
    return _bare(found, value, plural)


def _bare(found: Found, value: str, plural: bool) -> bool:
    """Without quotes it may be a word of a sentence: `invalid token: signature has expired`."""
    if not _wordlike(value):
        return len(value) >= 3
    sentence = found["sep"].endswith((" ", "\t")) and ":" in found["sep"]
    goes_on = found.string[found.end() :].lstrip(" \t")[:1].isalpha()
    return len(value) >= 4 and not plural and not (sentence and (goes_on or value.endswith((":", "."))))


def _about(found: Found) -> bool:
    tail = found["tail"] or ""
    last = _PART.findall(tail)[-1:]
    if (last and last[0].lower() in ABOUT) or _ENDING.match(tail):
        return True
    if _ARN.search(found.string, max(0, found.start("word") - 80), found.start("word")):
        return True
    before = _NAME.search(found.string, max(0, found.start() - 40), found.start("word"))
    name = f"{before[0] if before else ''}"
    return found.string[: found.start("word")][-12:].lower().endswith(("unexpected ", "pullimage")) or (
        name.lower().endswith(("imagepull", "no_", "no-", "has_", "has-", "is_"))
    )


def flag(found: Found) -> bool:
    """What follows the flag of a command; `--token is required` is a sentence."""
    value = _value(found)
    return len(value) >= 3 and not _stands_in(value) and not _about(found) and not _number_of(found, value)


def _number_of(found: Found, value: str) -> bool:
    return _number(value) and (found["tail"] or "").lower().startswith("s")


def chosen(found: Found) -> bool:
    """What stands where only a password stands; ports and group ids do as well."""
    value, user = _value(found), found.groupdict().get("user")
    return (
        len(value) >= 2
        and not _stands_in(value)
        and value != user
        and not re.fullmatch(r"\d+(?::\d+)*", value)
    )


def stated(found: Found) -> bool:
    """`the password is …`: a value, not what is said about it."""
    value = _value(found)
    return len(value) >= 5 and not _stands_in(value) and not _number(value) and mixed(found)


def named(found: Found) -> bool:
    """`password …`, `token …` with nothing between: only what no sentence would hold there."""
    value = _value(found)
    if _stands_in(value) or _wordlike(value) or _UUID.fullmatch(value):
        return False
    if found["word"].lower().startswith("pass"):
        digits, letters = any(c.isdigit() for c in value), any(c.isalpha() for c in value)
        return len(value) >= 6 and digits and letters
    return len(value) >= 20 and "/" not in value and _run(value, 16)


_IN_ARRAY = re.compile(r"(?:\[|[\d\]}\"],)(?:\s|\\+[nrt]){0,20}\Z")
_AND_MORE = re.compile(r"(?:\s|\\+[nrt]){0,20}[,\]]")


def luhn(found: Found) -> bool:
    """Whether the digits have the check sum of a payment card."""
    if _IN_ARRAY.search(found.string, max(0, found.start() - 40), found.start()) and _AND_MORE.match(
        found.string, found.end()
    ):
        return False  # a number in an array of JSON, which no text may replace
    digits = [int(c) for c in _value(found) if c.isascii() and c.isdigit()][::-1]
    doubled = (d if place % 2 == 0 else d * 2 - 9 * (d > 4) for place, d in enumerate(digits))
    return 13 <= len(digits) <= 19 and sum(doubled) % 10 == 0


def iban(found: Found) -> bool:
    """Whether the text has the check sum of an international bank account number."""
    plain = found[0].replace(" ", "")
    digits = "".join(str(int(c, 36)) for c in plain[4:] + plain[:4])
    return 15 <= len(plain) <= 34 and int(digits) % 97 == 1


CHECKS: Mapping[str, Callable[[Found], bool]] = {
    "": lambda found: not _stands_in(_value(found)),
    **{
        check.__name__: check
        for check in (random, mixed, long, basic, header, cookie, assigned, flag, chosen)
    },
    **{check.__name__: check for check in (stated, named, luhn, iban)},
}
