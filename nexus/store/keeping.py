"""The part of the store's door by which something is kept beside the incidents."""

from datetime import datetime
from typing import Protocol

from nexus.store.records import FileSize, KeptAnswer


class StoredFiles(Protocol):
    """What an incident's steps write for people, where its processes share no folder."""

    async def put_file(self, incident: str, name: str, body: bytes) -> None:
        """Keep a file whole, in place of one of that name.

        Raises:
            UnknownName: there is no such incident.
        """
        ...

    async def file(self, incident: str, name: str) -> bytes | None:
        """What a file holds, or None."""
        ...

    async def files(self, incident: str) -> tuple[FileSize, ...]:
        """The files of an incident by name."""
        ...

    async def erase_files(self, incident: str) -> None:
        """Delete all of them."""
        ...


class Answers(Protocol):
    """What people were answered under an idempotency key of theirs."""

    async def answer_of(self, person: str, key: str) -> KeptAnswer | None:
        """What was answered, or None."""
        ...

    async def keep_answer(self, person: str, key: str, answer: KeptAnswer) -> None:
        """Keep an answer; of one key the first stays."""
        ...

    async def forget_answers(self, before: datetime) -> None:
        """Delete the answers from before a moment."""
        ...
