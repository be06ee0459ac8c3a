"""How a server says that it takes no more questions for a while."""

from collections.abc import Mapping
from datetime import UTC, datetime


def exhausted(headers: Mapping[str, str]) -> str:
    """Until when a used-up rate limit lasts, as GitHub and others tell it; empty if it is not told."""
    after, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
    if after.isdecimal() and int(after) > 1:
        return f"for {int(after)} s: its rate limit is used up"
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal() and len(reset) < 12:
        return f"until {datetime.fromtimestamp(int(reset), UTC):%H:%M:%S} UTC: its rate limit is used up"
    return ""
