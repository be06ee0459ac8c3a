"""What an assignment's model calls use, counted from the wire."""

from langchain_core.messages import AIMessage, BaseMessage

from agents.llm.settings import Model
from incidents.usage import Usage
from prompts.text import tokens

_MILLION = 1_000_000


class Meter:
    """Counts requests and tokens of one assignment."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.requests = 0
        self.answers = 0
        self.tokens_in = 0
        self.tokens_out = 0

    def answered(self, asked: list[BaseMessage], answer: AIMessage) -> None:
        """Count one answer; an endpoint that sends no usage is estimated, because zero would be wrong."""
        self.answers += 1
        if answer.usage_metadata:
            self.tokens_in += answer.usage_metadata["input_tokens"]
            self.tokens_out += answer.usage_metadata["output_tokens"]
            return
        self.tokens_in += sum(tokens(message.text) for message in asked)
        self.tokens_out += tokens(answer.text) + sum(tokens(str(call)) for call in answer.tool_calls)

    def usage(self, seconds: float) -> Usage:
        """What was used so far, at the model's prices."""
        cost = (self.tokens_in * self._model.price_in + self.tokens_out * self._model.price_out) / _MILLION
        return Usage(
            model_calls=self.requests,
            tokens_in=self.tokens_in,
            tokens_out=self.tokens_out,
            cost=cost,
            seconds=max(seconds, 0.0),
        )
