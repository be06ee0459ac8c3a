"""The lock of one idempotency key: an open file, which every program that is started for the key inherits.

`flock` belongs to the open file and not to a process: it is let go when the last process that inherited it
has closed it or died. So whoever gets the lock knows that nothing runs any more that was started under it,
without a pid that could be written too late or belong to another process by now.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from incidents.errors import ToolFailed
from incidents.value import Value


class Ended(Value):
    """How the program of a key ended, as `tools.live.guard` writes it; one of them is given.

    Attributes:
        status: its exit status.
        limit: it did not end within that many seconds and was killed.
        late: it was not started, because the time to do so had passed.
        problem: it could not be started.
    """

    status: int | None = None
    limit: float | None = None
    late: str | None = None
    problem: str | None = None


class KeyLock:
    """An open file; `taken` says whether its lock is ours.

    Attributes:
        descriptor: what programs inherit.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.taken = True
        except BlockingIOError:
            self.taken = False

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Self]:
        """The lock in a file, which is made if it is not there; closed afterwards.

        Raises:
            ToolFailed: the file cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ToolFailed(f"the locks of changes cannot be written: {error.strerror}") from None
        try:
            yield cls(descriptor)
        finally:
            os.close(descriptor)

    def forget(self) -> None:
        """Take away how an earlier program of this key ended; the next one is about to be started."""
        os.ftruncate(self.descriptor, 0)

    def ended(self) -> Ended | None:
        """How the program of this key ended; None if nothing whole was written."""
        line = os.pread(self.descriptor, 4096, 0).partition(b"\n")
        try:
            return Ended.from_stored(line[0]) if line[1] else None
        except ValidationError:
            return None
