"""The front's store of rendered pages: by link, and it forgets nothing. That is the leak."""

import time
from collections.abc import Callable

from prometheus_client import Gauge

KEPT = Gauge("page_cache_bytes", "Bytes of rendered pages that are kept.")
LIMIT = Gauge("process_memory_limit_bytes", "Memory that the process may use.")

#: What the interpreter and its modules need by themselves, in bytes.
OVERHEAD = 35_000_000
#: How long a request waits for memory once nearly all of it is used.
COLLECTING_SECONDS = 1.2


class Pages:
    """Rendered pages, one for every link anybody ever followed.

    Close to the limit every request waits, as it would for the collector of a managed heap that is nearly
    full; beyond the limit nothing more is kept.

    Args:
        limit: Memory that the process may use, in bytes.
        page_bytes: What one rendered page takes.
        pause: Waits for so many seconds.
    """

    def __init__(self, *, limit: int, page_bytes: int, pause: Callable[[float], None] = time.sleep) -> None:
        self._pause = pause
        self._room = max(0, limit - OVERHEAD) // page_bytes
        self._page_bytes = page_bytes
        self._kept: dict[str, bytearray] = {}
        LIMIT.set(limit)

    @property
    def used(self) -> int:
        """The bytes of all pages that are kept."""
        return len(self._kept) * self._page_bytes

    def make_room(self) -> None:
        """Waits where memory is short."""
        if len(self._kept) >= 0.9 * self._room:
            self._pause(COLLECTING_SECONDS)

    def keep(self, link: str) -> None:
        """Keeps the page of a link."""
        if link not in self._kept and len(self._kept) < self._room:
            # Written to, so that the memory is really taken.
            self._kept[link] = bytearray(b"\x20" * self._page_bytes)
            KEPT.set(self.used)
