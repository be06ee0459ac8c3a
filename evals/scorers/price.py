"""What a run cost."""

from evals.run import Record
from evals.scorers.base import Score
from tools.recorded.document import Truth


def model_calls(record: Record, truth: Truth) -> Score | None:
    """Calls of a model."""
    return Score(value=record.incident.usage.model_calls)


def tokens(record: Record, truth: Truth) -> Score | None:
    """Tokens read and written."""
    used = record.incident.usage
    return Score(value=used.tokens_in + used.tokens_out)


def money(record: Record, truth: Truth) -> Score | None:
    """What the model calls cost, in the currency of the configured prices."""
    return Score(value=record.incident.usage.cost)


def seconds(record: Record, truth: Truth) -> Score | None:
    """Wall time from the first alert to the end."""
    return Score(value=record.seconds)
