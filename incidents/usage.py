"""What model calls cost: in all, line by line, and by model."""

import re
from collections.abc import Sequence

from pydantic import Field

from incidents.faults import ModelFault
from incidents.value import Value


class Usage(Value):
    """What the model calls cost. `cost` is in the currency of the configured prices; seconds are of work.

    `estimated` says of how many of the tokens nobody told the number; `cached` how many of those that were
    read came from the endpoint's cache.
    """

    model_calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    seconds: float = 0.0
    estimated: int = 0
    cached: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            model_calls=self.model_calls + other.model_calls,
            tokens_in=self.tokens_in + other.tokens_in,
            tokens_out=self.tokens_out + other.tokens_out,
            cost=self.cost + other.cost,
            seconds=self.seconds + other.seconds,
            estimated=self.estimated + other.estimated,
            cached=self.cached + other.cached,
        )


#: Where a server's own words begin, and what differs from one time to the next.
_OWN_WORDS = re.compile(r"; it (?:says|gives)\b")
_DETAILS = re.compile(r"\([^()]*\)|\d[\d:.,]*")


def alike(reason: str) -> str:
    """A reason without figures, details and quoted words, which differ each time the same failure comes."""
    return " ".join(_DETAILS.sub("", _OWN_WORDS.split(reason, maxsplit=1)[0]).split())


class ModelUse(Value):
    """What one model was asked for one piece of work, and why it failed, if it did."""

    model: str
    endpoint: str = Field(default="", description="its address, without a key")
    usage: Usage = Usage()
    fault: ModelFault | None = None
    said: str = Field(default="", description="why it failed, in words")

    @property
    def key(self) -> str:
        """The same for failures that are the same: who, where, and for which reason."""
        return f"{self.model} {self.endpoint} {self.fault} {alike(self.said)}"


class Failure(Value):
    """A failure of one model in an incident, and how often it came."""

    model: str
    endpoint: str
    fault: ModelFault
    said: str = Field(description="the reason, as it was told first")
    times: int
    usage: Usage = Field(description="what the failed work of this model cost")


class UsageLine(Value):
    """One line of the ledger: what one role's work asked, made and cost."""

    assignment: str
    role: str
    task: str
    step: str
    engine: str = Field(description="who gave the report")
    model: str | None = None
    prompt_version: str | None = None
    handover: str | None = Field(default=None, description="why the playbook spoke instead of the model")
    faults: tuple[ModelFault, ...] = Field(default=(), description="of each model that failed at it, in turn")
    dropped: int = Field(default=0, description="how many sentences were taken out or marked")
    asked: tuple[str, ...] = Field(default=(), description="ids of the evidence, in the order of the asking")
    usage: Usage
    models: tuple[ModelUse, ...] = Field(
        default=(), description="what each model cost, in the order of asking"
    )
    told: str | None = Field(default=None, description="the timeline's entry that tells why a model did not")

    @property
    def shares(self) -> tuple[tuple[str, Usage], ...]:
        """What each model used of it; of a line that does not tell it is unknown which, if another spoke."""
        if not self.models:
            return ((self.model or "unknown", self.usage),)
        return tuple((one.model, one.usage) for one in self.models)


def failures(ledger: Sequence[UsageLine]) -> tuple[Failure, ...]:
    """The failures of models in a ledger, each once, in the order of the first of each."""
    found: dict[str, list[ModelUse]] = {}
    for one in (use for line in ledger for use in line.models if use.fault is not None):
        found.setdefault(one.key, []).append(one)
    return tuple(
        Failure(
            model=uses[0].model, endpoint=uses[0].endpoint, fault=uses[0].fault or ModelFault.NO_REPORT,
            said=uses[0].said, times=len(uses), usage=sum((one.usage for one in uses), Usage()),
        )
        for uses in found.values()
    )  # fmt: skip
