"""One question to a model about one incident's records; no tools, no report, one call."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from langchain.agents.middleware import ModelRequest, ModelResponse
from langchain_core.messages import AnyMessage, HumanMessage, SystemMessage
from langsmith import tracing_context

from agents.budget import BudgetTracker
from agents.failure import ModelFailed
from agents.llm.client import THOUGHT, chat_model, dialect_of, http_client, trust
from agents.llm.meter import Meter
from agents.llm.settings import ModelSettings
from agents.llm.transport import ModelTransport, Request, Response, Timer
from agents.role import Tier
from agents.tracing import Caller, invoke_agent
from incidents.faults import ModelFault
from incidents.incident import Incident
from incidents.usage import ModelUse, Usage
from prompts import Library
from prompts.text import fence, line
from tools.redaction.redact import redact

#: Who asks, in the ledger and in traces: a person, who is no role.
ASK, ANSWER = "ask", "answer"


@dataclass(frozen=True)
class Said:
    """What a model answered, which one it was, what all that were asked used, and why others failed."""

    text: str
    model: str
    usage: Usage
    faults: tuple[ModelFault, ...] = ()
    models: tuple[ModelUse, ...] = ()


async def answer(
    endpoints: Sequence[ModelSettings],
    library: Library,
    incident: Incident,
    question: str,
    records: Mapping[str, str],
    *,
    purse: BudgetTracker,
    timer: Timer | None = None,
) -> Said:
    """What the first model that serves says; each is asked with the retries that the roles have.

    Args:
        endpoints: the models to ask, the preferred one first; of each its standard one.
        library: where the instructions lie.
        incident: what the question is about; it pays for the answer.
        question: the person's words.
        records: the texts that may be cited, by id.
        purse: says when too much was spent.
        timer: wall time.

    Raises:
        ModelFailed: no answer; the message has every reason, and what was used is counted.
    """
    timer = timer or Timer()
    reasons, faults, models = list[str](), tuple[ModelFault, ...](), tuple[ModelUse, ...]()
    caller = Caller(incident=incident.id, role=ASK, task=ANSWER)
    asked: list[AnyMessage] = [
        SystemMessage(library.load("answer")),
        HumanMessage(_asked(endpoints, incident, question, records)),
    ]
    for settings in endpoints:
        meter, begun = Meter(settings.models[Tier.STANDARD]), timer.tick()
        name = settings.models[Tier.STANDARD].name
        try:
            with invoke_agent(caller):
                box = settings.assignment_seconds
                account = purse.account(ASK, incident)
                wire = ModelTransport(
                    settings, settings.models[Tier.STANDARD], meter, timer, box, account, caller
                )
                text = await _one(settings, wire, asked, box)
        except ModelFailed as failed:
            reasons.append(str(failed))
            faults += failed.faults
            models += failed.costing(meter.usage(timer.tick() - begun), name, settings.where).models
        else:
            used = meter.usage(timer.tick() - begun)
            models += (ModelUse(model=name, endpoint=settings.where, usage=used),)
            return Said(text, name, _sum(models), faults, models)
    raise ModelFailed("; then ".join(dict.fromkeys(reasons)), _sum(models), faults=faults, models=models)


def _sum(models: tuple[ModelUse, ...]) -> Usage:
    return sum((one.usage for one in models), Usage())


def _asked(
    endpoints: Sequence[ModelSettings], incident: Incident, question: str, records: Mapping[str, str]
) -> str:
    most = min(settings.answer_chars for settings in endpoints)
    told = "\n".join(f"{name}\n{fence(text, name, most)}" for name, text in records.items())
    standing = f"{incident.id}: {incident.title}. Status {incident.status}. {incident.summary}"
    parts = (
        f"# The incident\n\n{standing}",
        f"# Records\n\n{told}",
        f"# The question\n\n{line(question, 1000)}",
    )
    return redact("\n\n".join(parts))


async def _one(settings: ModelSettings, wire: ModelTransport, asked: list[AnyMessage], box: float) -> str:
    dialect = dialect_of(settings, settings.models[Tier.STANDARD].name)
    async with http_client(settings, trust(settings), dialect) as client:
        model = chat_model(settings, Tier.STANDARD, client)

        async def send(request: Request) -> Response:
            return ModelResponse(result=[await model.ainvoke(request.messages)])

        try:
            async with asyncio.timeout(box):
                with tracing_context(enabled=settings.langsmith):
                    response = await wire.send(ModelRequest(model=model, messages=[*asked]), send)
        except TimeoutError:
            said = f"{model.model_name}: no answer within {box:.0f} s"
            raise ModelFailed(said, faults=(ModelFault.TIMEOUT,)) from None
    text = str(response.result[0].text).strip()
    if not text:
        thought = response.result[0].additional_kwargs.get(THOUGHT)
        what = "only thought and gave no answer" if thought else "gave an empty answer"
        raise ModelFailed(f"{model.model_name} at {settings.where} {what}")
    return text
