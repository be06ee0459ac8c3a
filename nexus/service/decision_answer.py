"""What a page's form answers to a decision, and what is said where that does not count."""

from enum import StrEnum

from pydantic import Field

from incidents.action import Verdict
from incidents.actor import Actor
from incidents.errors import ApprovalRefused, Bar, Forbidden, Refused, UsageError
from incidents.value import Value
from nexus.service.decision_view import DecisionView
from nexus.service.decisions import IncidentDecisions


class Answer(StrEnum):
    """What somebody can say to a proposed change."""

    APPROVE = "approve"
    REJECT = "reject"
    OTHER = "other"
    REVOKE = "revoke"


class Signed(Value):
    """A form's answer, for exactly what the page had shown: its whole digest travels with it."""

    answer: Answer
    digest: str = Field(pattern="^[0-9a-f]{64}$")
    note: str = Field(default="", max_length=20_000)


class Notice(Value):
    """What stands above a card after a click that did not count.

    Attributes:
        title: what happened, in a few words.
        sentence: what follows from it.
        bar: what kept it from counting, where that is known.
    """

    title: str
    sentence: str
    bar: Bar | None = None


class DecisionPage(Value):
    """The page of a decision; `asked` is whether it speaks of somebody who is not there."""

    decision: DecisionView
    notice: Notice | None = None
    asked: bool = False


class Cards(Value):
    """The decisions that an incident's page shows."""

    incident: str
    decisions: tuple[DecisionView, ...]


#: By what kept it from counting: what to say, and what to do about it.
_SAID = {
    Bar.CHANGED: ("The plan has changed since you read it", "Nothing was signed. Read what would run now."),
    Bar.EXPIRED: ("Its time ran out before your answer", "Nothing was decided."),
    Bar.DECIDED: ("It was decided before your answer came", "Yours does not count; this is how it stands."),
    Bar.SAME_PERSON: ("You have answered already", "One person signs once, so somebody else has to."),
    Bar.BEGUN: ("It has begun", "It is not broken off half-way; its outcome is told here."),
    Bar.WITHDRAWN: ("It was taken back before your answer came", "Nothing was decided."),
    Bar.FROZEN: ("Nothing may be changed just now", "Nothing was decided."),
}
_MAY_NOT = ("You may not decide on this", "Nothing was decided.")


async def answer(
    decisions: IncidentDecisions, incident: str, action: str, said: Signed, actor: Actor
) -> None:
    """Send it through the one function by which every door decides.

    Raises:
        UsageError: a reason is missing that the agents need.
        Refused: it does not count; `notice_of` says it to people.
    """
    note = said.note.strip()
    if said.answer is not Answer.APPROVE and not note:
        raise UsageError("say why: the agents look again with it")
    if said.answer is Answer.REVOKE:
        await decisions.revoke(incident, action, said.digest, actor=actor, note=note)
        return
    if said.answer is Answer.OTHER:
        await decisions.ask_another_way(incident, action, said.digest, actor=actor, wish=note)
        return
    verdict = Verdict.APPROVE if said.answer is Answer.APPROVE else Verdict.REJECT
    await decisions.decide(incident, verdict, actor=actor, note=note, action=action, digest=said.digest)


def notice_of(error: Refused) -> Notice:
    """What a page says of an answer that does not count."""
    bar = error.bar if isinstance(error, ApprovalRefused) else Bar.ROLE
    if not isinstance(error, ApprovalRefused | Forbidden) or bar is None:
        return Notice(title="That does not count as things stand", sentence=f"{_sentence(error)}.")
    title, then = _SAID.get(bar, _MAY_NOT)
    return Notice(title=title, sentence=f"{_sentence(error)}. {then}", bar=bar)


def _sentence(error: Refused) -> str:
    """As it was said; it often begins with a name."""
    return str(error).rstrip(".")
