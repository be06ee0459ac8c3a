"""Implements `nexus.store.keeping.Answers`."""

from datetime import datetime

from nexus.store.records import KeptAnswer
from nexus.store.relational.rows import sortable
from nexus.store.relational.table import Tables


class KeptAnswers(Tables):
    """Answers by who asked, and by the key under which it was asked."""

    async def answer_of(self, person: str, key: str) -> KeptAnswer | None:
        """What was answered, or None."""
        for request, status, answer, at in await self._database.read("answer_of", person=person, key=key):
            return KeptAnswer.model_validate(
                {"request": request, "status": status, "answer": answer, "at": at}
            )
        return None

    async def keep_answer(self, person: str, key: str, answer: KeptAnswer) -> None:
        """Keep an answer, the first of its key."""
        await self._database.write(
            "note_answer", person=person, key=key, at=sortable(answer.at), request=answer.request,
            status=answer.status, answer=answer.answer,
        )  # fmt: skip

    async def forget_answers(self, before: datetime) -> None:
        """Delete those of long ago."""
        await self._database.write("forget_answers", before=sortable(before))
