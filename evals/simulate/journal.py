"""What happened in a simulated world: spans, lines, samples, changes. Nothing is sampled or lost yet."""

from dataclasses import dataclass, field
from typing import NamedTuple


class SpanRow(NamedTuple):
    """One piece of work: of a server, or of a client while it waits for one (`peer`). Times in seconds."""

    start: float
    seconds: float
    trace: str
    span: str
    parent: str
    service: str
    instance: str
    operation: str
    peer: str
    reason: str
    clock: float


class LineRow(NamedTuple):
    """One log line before it is worded."""

    time: float
    service: str
    instance: str
    level: str
    key: str
    what: str
    peer: str
    trace: str
    span: str
    clock: float


class SampleRow(NamedTuple):
    """One reading of a quantity."""

    time: float
    service: str
    instance: str
    quantity: str
    peer: str
    value: float


class Happening(NamedTuple):
    """A change that somebody, or something, made to the system."""

    time: float
    service: str
    kind: str
    version_from: str
    version_to: str
    author: str
    summary: str


@dataclass
class Journal:
    """Everything, in the order in which it ended."""

    spans: list[SpanRow] = field(default_factory=list)
    lines: list[LineRow] = field(default_factory=list)
    samples: list[SampleRow] = field(default_factory=list)
    changes: list[Happening] = field(default_factory=list)
    asked: int = 0
    answered: int = 0
    failed: int = 0
