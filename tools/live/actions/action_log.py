"""The action log: the write-ahead of changes, one idempotency key each, safe against a kill at any moment.

A key has three lines of JSON: what is about to be done, that its first effect is about to begin, and what
became of it. A key without the second one changed nothing.
"""

import fcntl
import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Protocol

from pydantic import Field, ValidationError

from incidents.action import Outcome, Plan
from incidents.errors import InProgress, ToolFailed
from incidents.value import Moment, Value
from tools.live.actions.key_lock import Ended, KeyLock


class ActionRecord(Value):
    """One execution key: the plan that was about to be carried out, and the outcome once it is known.

    Attributes:
        marked: whether `sent` is to be trusted; Nexus 0.1.0 wrote no such line.
        sent: when its first effect was about to begin; None: nothing was done yet.
        place: whose locks it was begun under; None: Nexus wrote no such thing yet.
        ended: how its program ended, if that was written down; read from the key's lock, never written here.
    """

    key: str
    plan: Plan
    begun: Moment
    marked: bool = False
    sent: Moment | None = None
    outcome: Outcome | None = None
    place: str | None = None
    ended: Ended | None = Field(default=None, exclude=True)


class ActionRecords(Protocol):
    """Where it is written how each key stands; every machine that may act on it reads the same."""

    def find(self, key: str) -> ActionRecord | None:
        """The deed of a key, or None if it was never begun.

        Raises:
            ToolFailed: it cannot be read, or is damaged.
        """
        ...

    def write(self, deed: ActionRecord) -> None:
        """Keep how a deed stands; it is on the disk when this returns.

        Raises:
            ToolFailed: it cannot be written.
        """
        ...


class FileRecords:
    """Implements `ActionRecords` in a file of one home; the last line of a key is how it stands.

    Args:
        path: the file; it is made when the first deed is begun.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, key: str) -> ActionRecord | None:
        """The deed of a key, or None if it was never begun."""
        return next((deed for deed in reversed(self.deeds()) if deed.key == key), None)

    def deeds(self) -> tuple[ActionRecord, ...]:
        """Every line, oldest first; a torn last line never happened. Raises like `find`."""
        try:
            content = self._path.read_bytes()
            return tuple(map(ActionRecord.from_stored, content[: content.rfind(b"\n") + 1].splitlines()))
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise ToolFailed(f"the ledger of changes cannot be read: {error.strerror}") from None
        except ValidationError:
            raise ToolFailed(
                f"the ledger of changes ({self._path}) is damaged, not only at its end; nothing is executed "
                "before a person has looked at it"
            ) from None

    def write(self, deed: ActionRecord) -> None:
        """Keep how a deed stands; it is on the disk when this returns."""
        line = deed.model_dump_json(exclude_none=True).encode() + b"\n"
        try:
            with self._locked(self._path.with_suffix(".lock")), self._path.open("ab+") as file:
                file.seek(0)
                file.truncate(file.read().rfind(b"\n") + 1)
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ToolFailed(f"the ledger of changes cannot be written: {error.strerror}") from None

    @contextmanager
    def _locked(self, path: Path) -> Iterator[None]:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class ActionLog:
    """The deeds of one Nexus, and the locks of this machine under which they are done.

    Args:
        path: in its folder lie the locks; without `records` it is the file of the deeds.
        records: where the deeds are written, where several machines share them.
    """

    def __init__(self, path: Path, records: ActionRecords | None = None) -> None:
        self._locks = path.parent / "locks"
        self._records = records or FileRecords(path)

    @cached_property
    def place(self) -> str:
        """Names the locks of this machine: those of another say nothing here, and these nothing there.

        Raises:
            ToolFailed: it cannot be written.
        """
        file = self._locks / "place"
        try:
            self._locks.mkdir(parents=True, exist_ok=True)
            with file.open("a+", encoding="ascii") as named:
                fcntl.flock(named, fcntl.LOCK_EX)
                named.seek(0)
                if not (name := named.read()):
                    name = uuid.uuid4().hex
                    named.write(name)
        except OSError as error:
            raise ToolFailed(f"the locks of changes cannot be written: {error.strerror}") from None
        return name

    def find(self, key: str) -> ActionRecord | None:
        """The deed of a key, or None if it was never begun; raises `ToolFailed` where that cannot be read."""
        return self._records.find(key)

    def write(self, deed: ActionRecord) -> None:
        """Keep how a deed stands; raises `ToolFailed` where it cannot be written."""
        self._records.write(deed)

    @contextmanager
    def held(self, key: str) -> Iterator[KeyLock]:
        """Keep every other task and process away from a key.

        It is held by the open file, so a kill of this process lets go of it as soon as every program that was
        started for the key has ended.

        Raises:
            InProgress: somebody else holds it, or a program that was started for it has not ended.
        """
        name = hashlib.sha256(key.encode()).hexdigest()[:16]
        with KeyLock.open(self._locks / name) as lock:
            if not lock.taken:
                raise InProgress(
                    f"{key} is being executed right now, or a program that was started for it still runs; "
                    "ask again in a moment"
                )
            yield lock
