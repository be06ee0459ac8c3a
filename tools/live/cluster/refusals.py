"""How an API server says no: a sentence for each status, with the server's own reason."""

import re
from collections.abc import Callable, Mapping

from pydantic import Field, ValidationError

from tools.live.http import Reply, Transient

#: How the authorizer words a missing right; what quotas and admission rules refuse is a 403 as well.
_NO_RIGHT = re.compile(r"\bcannot (get|list|watch|create|update|patch|delete|deletecollection|use)\b")
_NOBODY = "system:anonymous"
#: How each status is told, and what to do about it.
_HOW = {
    400: ("could not use the request", ""),
    401: ("refused the credentials", "; check `auth`: the token may be wrong or expired"),
    404: ("has no such object", ""),
    409: ("declined it, because somebody else changed the object meanwhile", ""),
    410: ("no longer has the rest of that list", ""),
    422: ("found it invalid", ""),
    **dict.fromkeys((500, 503, 504), ("failed inside", "")),
}


class Busy(Transient):
    """The server has too much to do (429): it took nothing of the request."""


class _Details(Reply):
    after: int = Field(default=0, alias="retryAfterSeconds")


class _Told(Reply):
    """A `Status` object."""

    message: str = ""
    reason: str = ""
    details: _Details | None = None


def refusal(status: int, text: str, headers: Mapping[str, str], quoted: Callable[[str], str]) -> str | None:
    """The rest of a sentence that begins with the server's name; None: it is no refusal of a kind known here.

    Args:
        status: HTTP's.
        text: the answer's body, usually a `Status`.
        headers: the answer's.
        quoted: makes one line without credentials of what the server said.
    """
    told = _told(text)
    if told is None and status != 429:
        return None
    said = quoted(told.message or told.reason) if told is not None else quoted(text)
    why = f": {said}" if said else ""
    if status == 403:
        return _forbidden(said, why)
    if status == 429:
        seconds = seconds_to_wait(text, headers)
        again = f"; it may be asked again after {seconds} s" if seconds else ""
        return f"is too busy and took nothing of it (429){why}{again}"
    how, then = _HOW.get(status, ("", ""))
    return f"{how} ({status}){why}{then}" if how else None


def _forbidden(said: str, why: str) -> str:
    if _NOBODY in said:
        return f"knows nobody by these credentials, or got none (403){why}; check `auth`"
    if _NO_RIGHT.search(said):
        return f"knows the account, which lacks the right (403){why}; a Role has to give it"
    return f"declined it by a rule of the cluster (403){why}"


def seconds_to_wait(text: str, headers: Mapping[str, str]) -> int:
    """How long a server that is too busy asks to be left alone; 0 where it does not say."""
    after = headers.get("retry-after", "")
    if after.isdecimal() and len(after) < 7:
        return int(after)
    told = _told(text)
    return told.details.after if told is not None and told.details is not None else 0


def _told(text: str) -> _Told | None:
    try:
        told = _Told.model_validate_json(text)
    except ValidationError:
        return None
    return told if told.message or told.reason else None
