"""For how long an endpoint asks to be left alone, in each way in which servers say it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from agents.llm.wire.server_error import body_of, words_of

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SPAN = re.compile(
    r"(\d+(?:\.\d+)?)\s*(milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)(?![a-z])",
    re.IGNORECASE,
)
_IN_WORDS = re.compile(
    r"(?:try again|retry|wait|available again|reset\w*)\s*(?:after|in|for)?:?\s*"
    r"(?:about\s*|approximately\s*)?"
    r"((?:\d+(?:\.\d+)?\s*[a-z]+[\s,]*(?:and\s*)?){1,4})",
    re.IGNORECASE,
)
_KEYS = ("retryDelay", "retry_after", "retryAfter", "retry_after_seconds", "estimated_time")
_DRAFT = re.compile(r"\b(?:r|remaining)\s*=\s*(\d+).*?\b(?:t|reset)\s*=\s*(\d+)", re.IGNORECASE)
#: Seconds since 1970 are no span.
_EPOCH = 1_000_000_000
#: What nobody means.
_AT_MOST = 366 * 86400.0


def wait_of(headers: Mapping[str, str], text: str, now: datetime) -> float:
    """How many seconds to wait, by headers or by words; 0 if nothing usable is said.

    Args:
        headers: the answer's headers, by names in lower case.
        text: the answer's body.
        now: wall time, for moments where the endpoint shows no clock of its own.

    Source: RFC 9110 10.2.3 for Retry-After (seconds, or a date read against the endpoint's own clock);
    draft-ietf-httpapi-ratelimit-headers for RateLimit; the rest is what servers send.
    """
    found = (
        _number(headers.get("retry-after-ms", "")) * 0.001
        or _seconds_or_date(headers.get("retry-after", ""), headers.get("date", ""), now)
        or _in_body(text)
        or _limits(headers, now)
    )
    return found if 0 < found < _AT_MOST else 0.0


def span(text: str) -> float:
    """Seconds of `1m30s`, `6m0s`, `120ms`, `1 hour and 5 minutes`; of a bare number as seconds."""
    if (bare := _number(text)) > 0:
        return bare
    total = 0.0
    for number, unit in _SPAN.findall(text):
        short = "ms" if unit.lower().startswith(("ms", "milli")) else unit[0].lower()
        total += float(number) * _UNITS[short]
    return total


def _number(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        return 0.0
    return found if 0 < found < float("inf") else 0.0


def _seconds_or_date(said: str, date: str, now: datetime) -> float:
    if seconds := span(said) if not said.strip().endswith("GMT") else 0.0:
        return seconds
    try:
        until = parsedate_to_datetime(said)
    except (ValueError, TypeError):
        return 0.0
    try:
        shown = parsedate_to_datetime(date)
    except (ValueError, TypeError):
        shown = now
    until, shown = (one if one.tzinfo else one.replace(tzinfo=UTC) for one in (until, shown))
    return max((until - shown).total_seconds(), 0.0)


def _in_body(text: str) -> float:
    body = body_of(text) if text else ""
    for value in _named(body, 0):
        if seconds := span(str(value)):
            return seconds
    found = _IN_WORDS.search(words_of(body))
    return span(found[1]) if found else 0.0


def _named(body: Any, depth: int) -> list[Any]:
    if depth > 8:
        return []
    if isinstance(body, Mapping):
        here = [body[key] for key in _KEYS if isinstance(body.get(key), str | int | float)]
        return here + [one for value in body.values() for one in _named(value, depth + 1)]
    return [one for value in body[:20] for one in _named(value, depth + 1)] if isinstance(body, list) else []


def _limits(headers: Mapping[str, str], now: datetime) -> float:
    """When what is used up comes back; a limit with something left does not count."""
    waits = [0.0]
    if found := _DRAFT.search(headers.get("ratelimit", "")):
        waits.append(float(found[2]) if int(found[1]) == 0 else 0.0)
    for name, said in headers.items():
        if "ratelimit" in name and "remaining" in name and _is_nothing(said):
            reset = headers.get(name.replace("remaining", "reset"), "")
            waits.append(_until(reset, now))
    return max(waits)


def _is_nothing(said: str) -> bool:
    try:
        return float(said) <= 0
    except ValueError:
        return False


def _until(said: str, now: datetime) -> float:
    """A span, seconds or milliseconds since 1970, or a moment in ISO 8601."""
    seconds = _number(said)
    if seconds >= _EPOCH * 1000:
        seconds /= 1000
    if seconds >= _EPOCH:
        return max(seconds - now.timestamp(), 0.0)
    if seconds:
        return seconds
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return span(said)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((moment - now).total_seconds(), 0.0)
