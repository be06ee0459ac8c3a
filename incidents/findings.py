"""What was seen and what is believed: evidence, findings, suspects, hypotheses, the diagnosis."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticOmit

from incidents.value import Moment, Value


class Confidence(StrEnum):
    """How sure a claim is; an enum because models cannot be held to a number range."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for low to 2 for high, for comparisons."""
        return list(Confidence).index(self)


class Category(StrEnum):
    """The four causes of the runbook's decision tree, and the honest fifth."""

    DEPLOYMENT = "deployment"
    INFRASTRUCTURE = "infrastructure"
    CODE = "code"
    DEPENDENCY = "dependency"
    UNKNOWN = "unknown"


class Window(Value):
    """A span of time, `start` inclusive, `end` exclusive."""

    start: Moment
    end: Moment

    def clipped(self, end: Moment) -> Self:
        """The same window, ending no later than `end`."""
        return self.model_copy(update={"end": max(self.start, min(self.end, end))})

    @property
    def minutes(self) -> float:
        """Its length in minutes."""
        return (self.end - self.start).total_seconds() / 60


class EvidenceStatus(StrEnum):
    """What a tool call came back with; `empty` means no data, which is not zero."""

    OK = "ok"
    EMPTY = "empty"
    FAILED = "failed"


class Evidence(Value):
    """One tool result, stored once: who asked what, when, and what came back."""

    id: str = Field(description="E- and the first hex digits of the digest of tool, query and body")
    incident: str
    tool: str
    query: str = Field(description="the arguments as canonical JSON")
    role: str
    at: Moment
    turn: int = Field(default=0, ge=0, description="the incident's turn in which it was asked; 0: not known")
    status: EvidenceStatus
    summary: str = Field(description="the condensed answer that a role reads")
    size: int = Field(ge=0, description="bytes of the stored body")
    digest: str = Field(description="SHA-256 of the stored body, hex")


class Claim(Value):
    """A sentence and the ids of the evidence it stands on; without ids it is an opinion."""

    text: str
    evidence: tuple[str, ...] = ()


class Channel(StrEnum):
    """Where a reason was read."""

    METRICS = "metrics"
    LOGS = "logs"
    TRACES = "traces"
    CHANGES = "changes"
    TOPOLOGY = "topology"


class Reason(Value):
    """Why a service is suspected, in words with the numbers."""

    channel: Channel
    text: str
    score: float = Field(ge=0, description="what this reason adds to the suspect's score")
    onset: Moment | None = None


class Suspect(Value):
    """A service that may be the cause, with its score (higher is more likely) and reasons."""

    service: str
    score: float
    category: Category = Category.UNKNOWN
    onset: Moment | None = None
    change: str | None = Field(default=None, description="id of the change that fits best, if any")
    reasons: tuple[Reason, ...] = ()


#: A channel with less than a quarter of what the strongest one says only echoes it.
_ECHO = 0.25


def telling(suspect: Suspect) -> tuple[Channel, ...]:
    """The channels that say something of their own why a service is suspected, in the order of reasons."""
    said: dict[Channel, float] = {}
    for reason in suspect.reasons:
        said[reason.channel] = said.get(reason.channel, 0.0) + reason.score
    most = max(said.values(), default=0.0)
    return tuple(channel for channel, score in said.items() if score >= _ECHO * most)


class ToldByCode:
    """Marks a field that stands in what is shown, and not in the schema that a model is asked to fill in."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The field's schema, for what is written alone."""
        if handler.mode == "validation":
            raise PydanticOmit
        return handler(schema)


#: The word of the cause card that was recognised.
Mechanism = Annotated[str | None, ToldByCode()]


class Hypothesis(Value):
    """One explanation of the incident; competing ones are kept with what ruled them out."""

    service: str | None
    category: Category
    confidence: Confidence
    summary: str
    mechanism: Mechanism = None
    change: str | None = Field(default=None, description="id of the change that is blamed")
    onset: Moment | None = None
    evidence: tuple[str, ...] = Field(default=(), description="ids of what speaks for it, or rules it out")
    ruled_out_by: str | None = Field(
        default=None, description="what speaks against it; its evidence ids stand in `evidence`"
    )


class Diagnosis(Value):
    """What the investigation concludes; `category: unknown` is a valid answer that leads to people."""

    service: str | None
    category: Category
    confidence: Confidence
    summary: str
    mechanism: Mechanism = None
    change: str | None = None
    onset: Moment | None = None
    evidence: tuple[str, ...] = ()
    alternatives: tuple[Hypothesis, ...] = ()
    disagreement: str | None = Field(default=None, description="which roles saw it differently, in words")

    @property
    def known(self) -> bool:
        """Whether there is a cause to act on: a category, a service and some evidence."""
        return self.category is not Category.UNKNOWN and self.service is not None and bool(self.evidence)


def ceiling(sources: int, ruled_out: bool) -> Confidence:
    """The most confidence that a diagnosis may have.

    Args:
        sources: how many independent channels of evidence it cites.
        ruled_out: whether a competing cause was ruled out by evidence.

    Returns:
        High only for two sources and a ruled-out rival. One clear measurement may be enough to act on, with a
        person's approval: medium.
    """
    return Confidence.HIGH if sources >= 2 and ruled_out else Confidence.MEDIUM
