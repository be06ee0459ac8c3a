"""One question to a model about one incident's records; no tools, no report, one call."""

from collections.abc import Mapping

from langchain_core.messages import HumanMessage, SystemMessage
from langsmith import tracing_context

from agents.failure import ModelFailed
from agents.llm.faults import WIRE_ERRORS, explain
from agents.llm.settings import ModelSettings
from agents.llm.wire import chat_model, http_client, trust
from agents.role import Tier
from prompts import Library
from prompts.text import fence, line
from tools.redact import redact


async def answer(
    settings: ModelSettings, library: Library, question: str, standing: str, records: Mapping[str, str]
) -> str:
    """What the model says.

    Args:
        settings: the endpoint; its standard model is asked.
        library: where the instructions lie.
        question: the person's words.
        standing: how the incident stands, in a few lines.
        records: the texts that may be cited, by id.

    Raises:
        ModelFailed: no answer; the message says why.
    """
    told = "\n".join(f"{name}\n{fence(text, name, settings.answer_chars)}" for name, text in records.items())
    asked = redact(f"{standing}\n\n# Records\n\n{told}\n\n# The question\n\n{line(question, 1000)}")
    async with http_client(settings, trust(settings)) as client:
        try:
            with tracing_context(enabled=settings.langsmith):
                said = await chat_model(settings, Tier.STANDARD, client).ainvoke(
                    [SystemMessage(library.load("answer")), HumanMessage(asked)]
                )
        except WIRE_ERRORS as error:
            model = settings.models[Tier.STANDARD].name
            raise ModelFailed(f"{model} at {settings.where}: {explain(error)}") from None
    if not said.text.strip():
        raise ModelFailed("the model gave an empty answer")
    return said.text
