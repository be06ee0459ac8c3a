"""Waiting for a system to settle: look, pause, look again, no longer than patience lasts."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_result, stop_after_delay, wait_exponential

T = TypeVar("T")


async def until(look: Callable[[], Awaitable[T | None]], patience: timedelta, pause: timedelta) -> T | None:
    """What `look` finds, or None if it found nothing in time; asked at once, then ever more seldom."""
    found: T | None = await AsyncRetrying(
        stop=stop_after_delay(patience),
        wait=wait_exponential(multiplier=pause.total_seconds(), exp_base=1.5, max=10 * pause),
        retry=retry_if_result(lambda seen: seen is None),
        retry_error_callback=lambda _: None,
    )(look)
    return found
