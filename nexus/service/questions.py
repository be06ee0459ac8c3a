"""Answers a person's question about an incident from its records, with a model where one serves."""

import uuid
from datetime import timedelta

from agents.failure import ModelFailed
from incidents.errors import SettingsError, UsageError
from incidents.events import QuestionAsked
from incidents.faults import ModelFault
from incidents.findings import Evidence
from incidents.incident import Incident
from incidents.usage import ModelUse, Usage, UsageLine
from nexus.config.settings import Settings
from nexus.home import Home
from nexus.service.answers import Answer, Passage, by_keyword, by_model, passages, ranked

#: How many evidence a model reads for one question.
_READ = 12

#: For how long the ledger of an ended incident is held while a line is put into it.
BOOKING = timedelta(seconds=10)


async def ask(home: Home, settings: Settings, identity: str, question: str, *, quotes: bool = True) -> Answer:
    """The answer, each sentence with its source; what a model used goes to the incident's ledger.

    Args:
        home: where the records are.
        settings: whether a model is asked, and which.
        identity: of the incident.
        question: in whichever words.
        quotes: whether an answer without a model may repeat lines of the evidence beside the timeline's.

    Raises:
        UsageError: nothing was asked, or there is no such incident.
    """
    if not question.strip():
        raise UsageError('Ask something: nexus ask ID "what failed first?"')
    incident = await home.find(identity)
    evidence = await home.store.evidence(identity)
    entries = await home.store.entries(identity)
    lines = passages(entries, evidence)
    quotable = lines if quotes else passages(entries, ())
    if settings.engine == "playbook" or not settings.names_a_model:
        return by_keyword(question, quotable)
    records = _records(question, incident, lines, evidence)
    try:
        return await _by_model(home, settings, incident, question, records)
    except (ModelFailed, SettingsError) as failed:
        note = f"The model did not answer ({failed}); these are the lines that fit."
        return by_keyword(question, quotable, note)


async def _by_model(
    home: Home, settings: Settings, incident: Incident, question: str, records: dict[str, str]
) -> Answer:
    # Imported late: LangChain takes a second that is only worth it where a model is configured.
    from agents.budget import BudgetTracker  # noqa: PLC0415
    from agents.llm.answer import answer  # noqa: PLC0415
    from nexus.config.budgets import budget_of  # noqa: PLC0415
    from nexus.config.tracing import switch_on  # noqa: PLC0415
    from nexus.runtime.engines import endpoints  # noqa: PLC0415
    from prompts import Library  # noqa: PLC0415

    switch_on(settings)
    chain = [one.checked() for one in endpoints(settings)]
    purse = BudgetTracker(budget_of(settings))
    if spent := purse.why_not("ask", incident):
        raise ModelFailed(spent)
    try:
        said = await answer(chain, Library(settings.prompts), incident, question, records, purse=purse)
    except ModelFailed as failed:
        await _book(home, incident, failed.models, failed.faults, problem=str(failed))
        raise
    await _book(home, incident, said.models, said.faults, model=said.model)
    return by_model(question, said.text, records, incident)


def _records(
    question: str, incident: Incident, lines: tuple[Passage, ...], evidence: tuple[Evidence, ...]
) -> dict[str, str]:
    """What the model reads: the evidence that tells most, and the whole timeline."""
    telling = dict.fromkeys(one.id for one in ranked(question, lines, len(lines)) if one.id.startswith("E-"))
    cited = dict.fromkeys(incident.diagnosis.evidence if incident.diagnosis else ())
    chosen = list({**telling, **cited})[:_READ]
    records = {item.id: item.summary for item in evidence if item.id in chosen}
    return records | {one.id: f"{one.who}: {one.text}" for one in lines if one.id.startswith("T")}


async def _book(
    home: Home, incident: Incident, models: tuple[ModelUse, ...], faults: tuple[ModelFault, ...], *,
    model: str | None = None, problem: str | None = None,
) -> None:  # fmt: skip
    """Put a line into the ledger: at once if the incident has come to its end, else by its inbox.

    An incident that runs or waits is written by whoever drives it, and by nobody else.
    """
    usage = sum((one.usage for one in models), Usage())
    if not usage.model_calls:
        return
    mine, store = uuid.uuid4().hex, home.store
    line = UsageLine(
        assignment=f"ask-{mine[:8]}", role="ask", task="answer", step=incident.step,
        engine="llm" if model else "playbook", model=model, handover=problem, faults=faults, usage=usage,
        models=models,
    )  # fmt: skip
    now, wall = await store.clock_of(incident.id), store.now()
    number = await store.lease(incident.id, mine, wall + BOOKING, wall) if incident.closed else None
    kept = await store.load(incident.id) if number is not None else None
    if number is not None and kept is not None and kept.closed:
        booked = kept.evolve(usage=kept.usage + usage, usage_lines=(*kept.usage_lines, line))
        await store.save(booked, now, number)
    else:
        asked = QuestionAsked(id=f"{incident.id}:{line.assignment}", incident=incident.id, at=now, spent=line)
        await store.add_event(asked)
    if number is not None:
        await store.give_back(incident.id, number, wall)
