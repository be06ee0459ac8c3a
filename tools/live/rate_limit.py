"""How a server says that it takes no more questions for a while, and how long it is then left alone."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from tools.clock import Clock

#: Whatever a server asks for, it is asked again after this.
_LONGEST = timedelta(hours=1)
#: A wait that is no longer is one between two tries.
_SHORT = timedelta(seconds=1)
#: How AWS, Azure, Alibaba and S3 call it in an answer's body, which may come with the status 400.
_CODE = re.compile(
    r"""["'>#](Throttl(ing|ed)\w*|TooManyRequests\w*|RequestLimitExceeded|RequestThrottled\w*|SlowDown)["'<]"""
)


def throttled(text: str) -> bool:
    """Whether an error's body, JSON or XML, has a code that means: too many questions."""
    return _CODE.search(text[:2000]) is not None


def wait_asked(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """For how long a server asks to be left alone, an hour at most; None if it does not say.

    Args:
        headers: the answer's, by names in lower case.
        now: this machine's time, for a server that shows none of its own.

    Source: RFC 9110 10.2.3 for Retry-After (seconds, or a date); X-RateLimit-Reset as GitHub has it.
    """
    after, reset = headers.get("retry-after", "").strip(), headers.get("x-ratelimit-reset", "")
    theirs = _moment(headers.get("date", "")) or now
    if after.isdecimal() and len(after) < 10:
        wait = timedelta(seconds=int(after))
    elif (until := _moment(after)) is not None:
        wait = until - theirs
    elif headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal() and len(reset) < 12:
        wait = datetime.fromtimestamp(int(reset), UTC) - theirs
    else:
        return None
    return min(max(wait, timedelta()), _LONGEST)


class Pause:
    """Until when one server is not asked, because it asked for that; `outage`: it could not have answered.

    Args:
        clock: by which its time runs out.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: datetime | None = None
        self._said = ""
        self.outage = False

    def asked(self, headers: Mapping[str, str], *, outage: bool) -> str | None:
        """The rest of a sentence that begins with the server's name; from now on it lasts.

        Empty if the wait is no longer than one between two tries; None if none was asked for.
        """
        now = self._clock.now()
        wait = wait_asked(headers, now)
        if wait is None or wait <= _SHORT:
            return None if wait is None else ""
        self._until, self.outage = now + wait, outage
        seconds = math.ceil(wait.total_seconds())
        self._said = f"asks to wait {seconds} s; it is asked again after {self._until:%H:%M:%S} UTC"
        return self._said

    def lasts(self) -> str:
        """The same words while its time has not run out; then empty."""
        return self._said if self._until is not None and self._clock.now() < self._until else ""


def _moment(date: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo is not None else None
