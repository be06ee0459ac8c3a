"""Which offered tool a server means by a name that it changed on the way."""

import re
from collections.abc import Collection

#: What stands behind a name: a number of the call, a method, words of a chat template.
_BEHIND = {
    "call", "run", "invoke", "commentary", "analysis", "final", "json", "code", "channel", "constrain",
    "message", "start", "end", "return", "assistant",
}  # fmt: skip
_PREFIX = re.compile(r"^(?:functions?|tools?|default_api)[_\W]+", re.IGNORECASE)


def resolved(given: str, known: Collection[str]) -> str | None:
    """The known name that is meant, or None; two that could be meant are none.

    `functions.metrics`, `tools/metrics`, `metrics:0`, ` Metrics `, `mcp__ops__metrics` and
    `metrics<|channel|>commentary` mean `metrics`; a name that merely looks alike does not.
    """
    if given in known:
        return given
    folded: dict[str, set[str]] = {}
    for name in known:
        folded.setdefault(_fold(name), set()).add(name)
    for candidate in _candidates(given):
        match folded.get(_fold(candidate), set()):
            case found if len(found) == 1:
                return next(iter(found))
            case _:
                continue
    return None


def _candidates(given: str) -> list[str]:
    bare = given.strip().strip("\"'`")
    parts = [part for part in re.split(r"[^\w-]+|__+", bare) if part]
    while len(parts) > 1 and (parts[-1].isdigit() or parts[-1].lower() in _BEHIND):
        parts.pop()
    return [bare, _PREFIX.sub("", bare), *(parts[-1:])]


def _fold(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name.casefold())
