"""What model calls cost: in all, and line by line."""

from pydantic import Field

from incidents.faults import ModelFault
from incidents.value import Value


class Usage(Value):
    """What the model calls cost. `cost` is in the currency of the configured prices; seconds are of work."""

    model_calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    seconds: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            model_calls=self.model_calls + other.model_calls,
            tokens_in=self.tokens_in + other.tokens_in,
            tokens_out=self.tokens_out + other.tokens_out,
            cost=self.cost + other.cost,
            seconds=self.seconds + other.seconds,
        )


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
