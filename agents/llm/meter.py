"""What an assignment's model calls use, counted from the wire."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from langchain_core.messages import AIMessage

from agents.llm.settings import Model
from agents.llm.wire.faults import Came
from incidents.usage import Usage
from prompts.text import tokens

_MILLION = 1_000_000


class Meter:
    """Counts requests and tokens of one assignment, of calls that failed too: they are paid for as well."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.requests = 0
        self.answers = 0
        self.tokens_in = 0
        self.tokens_out = 0
        self._estimated_in = 0
        self._estimated_out = 0
        self.cached = 0

    def answered(self, asked: Sequence[str], answer: AIMessage) -> None:
        """Count one answer; an endpoint that sends no usage is estimated, because zero would be wrong."""
        self.answers += 1
        if answer.usage_metadata:
            details = answer.usage_metadata.get("input_token_details") or {}
            self.tokens_in += answer.usage_metadata["input_tokens"]
            self.tokens_out += answer.usage_metadata["output_tokens"]
            self.cached += details.get("cache_read") or 0
            return
        self._estimate(asked, answer.text + "".join(str(call) for call in answer.tool_calls))

    def failed(self, asked: Sequence[str], came: Came) -> None:
        """Count a call that failed after something of its answer, or of its figures, had come."""
        into, out = (
            _told(came.usage, "prompt_tokens", "input_tokens"),
            _told(came.usage, "completion_tokens", "output_tokens"),
        )
        if into or out:
            self.tokens_in += into
            self.tokens_out += out
        elif came.written:
            self._estimate(asked, came.written)

    def _estimate(self, asked: Sequence[str], written: str) -> None:
        into, out = sum(tokens(text) for text in asked), tokens(written)
        self._estimated_in += into
        self._estimated_out += out
        self.tokens_in += into
        self.tokens_out += out

    @property
    def estimated(self) -> int:
        """How many of the tokens no endpoint told."""
        return self._estimated_in + self._estimated_out

    def measured(self, share: float) -> None:
        """Book what was estimated by what the model's tokenizer says of it, as a share."""
        into, out = ceil(self._estimated_in * share), ceil(self._estimated_out * share)
        self.tokens_in += into - self._estimated_in
        self.tokens_out += out - self._estimated_out
        self._estimated_in, self._estimated_out = into, out

    def usage(self, seconds: float) -> Usage:
        """What was used so far, at the model's prices."""
        cost = (self.tokens_in * self._model.price_in + self.tokens_out * self._model.price_out) / _MILLION
        return Usage(
            model_calls=self.requests,
            tokens_in=self.tokens_in,
            tokens_out=self.tokens_out,
            cost=cost,
            seconds=max(seconds, 0.0),
            estimated=self.estimated,
            cached=self.cached,
        )


def _told(usage: Mapping[str, Any], *names: str) -> int:
    return next((int(usage[name]) for name in names if isinstance(usage.get(name), int | float)), 0)
