"""What was done to a recorded world: one JSON line per executed key, safe against a killed process.

The line is the execution: it is there as a whole or the action never happened.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from incidents.action import Action, Outcome
from incidents.errors import ToolFailed
from incidents.value import Moment, Value


class Deed(Value):
    """One executed action."""

    key: str
    action: Action
    at: Moment
    outcome: Outcome


class Deeds(Protocol):
    """What was done to one recorded world."""

    def deeds(self) -> tuple[Deed, ...]:
        """All deeds, oldest first.

        Raises:
            ToolFailed: they cannot be read.
        """
        ...

    def find(self, key: str) -> Deed | None:
        """The deed of a key, or None if it was never done; raises as `deeds`."""
        ...

    def once(self, key: str, do: Callable[[], Deed]) -> Deed:
        """Do something once per key, also when several processes try at the same time.

        Args:
            key: what makes a second execution recognisable.
            do: makes the deed; called only if the key is new. It may raise, then nothing is written.
        """
        ...


class ReplayLog:
    """Implements `Deeds` in a file of one machine.

    Args:
        path: the file; it is made when the first deed is done.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[int, tuple[Deed, ...]] = (0, ())

    def deeds(self) -> tuple[Deed, ...]:
        """All deeds, oldest first; a torn last line never happened.

        Raises:
            ToolFailed: an earlier line is broken, or the file cannot be read.
        """
        try:
            size = self._path.stat().st_size
            if size != self._read[0]:
                self._read = size, self._parsed(self._path.read_bytes())
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise ToolFailed(f"the ledger {self._path.name} cannot be read: {error}") from error
        return self._read[1]

    def find(self, key: str) -> Deed | None:
        """The deed of a key, or None if it was never done."""
        return next((deed for deed in self.deeds() if deed.key == key), None)

    def once(self, key: str, do: Callable[[], Deed]) -> Deed:
        """Do something once per key, also when several processes try at the same time."""
        with self._locked():
            found = self.find(key)
            if found is not None:
                return found
            deed = do()
            self._append(deed)
            return deed

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # A lock file of its own: it is held only while a process lives, so a kill frees it.
        with self._path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _append(self, deed: Deed) -> None:
        line = deed.model_dump_json(exclude_none=True).encode() + b"\n"
        with self._path.open("ab+") as file:
            file.seek(0)
            whole = self._whole(file.read())
            file.truncate(whole)
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    @staticmethod
    def _whole(content: bytes) -> int:
        """How many bytes end in a line feed; what follows was torn by a kill."""
        return content.rfind(b"\n") + 1

    def _parsed(self, content: bytes) -> tuple[Deed, ...]:
        lines = content[: self._whole(content)].splitlines()
        try:
            return tuple(Deed.from_stored(json.loads(line)) for line in lines if line.strip())
        except (ValueError, ValidationError) as error:
            problem = str(error).splitlines()[0]
            raise ToolFailed(
                f"the ledger {self._path.name} is damaged, not only at its end: {problem}"
            ) from error
