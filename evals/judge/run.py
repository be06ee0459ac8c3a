"""Asks a model for its opinion of runs, keeps what it said, and tells where it said nothing of use."""

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import yaml
from langchain.agents.middleware import ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage
from langsmith import tracing_context
from pydantic import ValidationError

from agents.budget import Budget, BudgetTracker
from agents.failure import ModelFailed
from agents.llm.client import chat_model, dialect_of, http_client, trust
from agents.llm.meter import Meter
from agents.llm.settings import ModelSettings
from agents.llm.transport import ModelTransport, Request, Response, Timer
from agents.role import Tier
from agents.tracing import Caller
from evals.judge.opinion import Judged, Opinion, marks, rubric
from evals.results_log import keep, kept_lines
from evals.run import Record, Run
from incidents.incident import Incident
from incidents.value import Value
from prompts.text import fence
from tools.recorded.document import Truth
from tools.redaction.redact import redact

FILE = "judged.jsonl"


class Kept(Value):
    """One line of the opinions' file."""

    key: str
    judged: Judged


#: A run by its case and epoch.
Place = tuple[str, int]
#: Told after each run: what became of it, how many are done, how many there are.
Progress = Callable[[Run, Judged, int, int], None]


class Court:
    """The model that judges: the deep one of the roles' settings, or the standard one.

    Args:
        settings: where to ask.
        out: the folder in which opinions are kept: a rerun asks for none twice.
        at_once: how many requests run at the same time.
    """

    def __init__(self, settings: ModelSettings, out: Path, at_once: int) -> None:
        self._settings = settings.checked()
        self._path = out / FILE
        self._at_once = at_once

    @property
    def name(self) -> str:
        """The model that judges."""
        return self._settings.models[Tier.DEEP].name

    @property
    def digest(self) -> str:
        """What changes with what the judge is told."""
        return hashlib.sha256(rubric().encode()).hexdigest()[:16]

    def judge(
        self, runs: Sequence[Run], truths: Mapping[str, Truth], progress: Progress
    ) -> dict[Place, Judged]:
        """An opinion of every run that came to an end and whose truth a person has confirmed.

        Raises:
            UsageError: opinions cannot be kept in the folder.
        """
        return asyncio.run(self._judge(list(_cases(runs, truths)), progress))

    async def _judge(self, cases: list[tuple[Run, Record, str]], progress: Progress) -> dict[Place, Judged]:
        kept = {one.key: one.judged for one in _read(self._path)}
        turn, done = asyncio.Semaphore(self._at_once), dict[Place, Judged]()

        async def one(run: Run, record: Record, material: str) -> None:
            key = hashlib.sha256(f"{self.name}\0{rubric()}\0{material}".encode()).hexdigest()[:32]
            judged = kept.get(key)
            if judged is None:
                async with turn:
                    judged = await self._asked(record, material)
                if judged.error is None:
                    keep(self._path, Kept(key=key, judged=judged).model_dump_json())
            done[run.case, run.epoch] = judged
            progress(run, judged, len(done), len(cases))

        await asyncio.gather(*(one(*case) for case in cases))
        return done

    async def _asked(self, record: Record, material: str) -> Judged:
        """One opinion by one model, whose name the report gives: another one's would count differently."""
        messages: list[AnyMessage] = [SystemMessage(rubric()), HumanMessage(material)]
        meter, timer = Meter(self._settings.models[Tier.DEEP]), Timer()
        begun = timer.tick()
        try:
            opinion = _opinion_of(await _answer(self._settings, meter, timer, record.incident, messages))
        except ModelFailed as failed:
            return Judged(error=str(failed), usage=meter.usage(timer.tick() - begun))
        written = record.incident.post_mortem_report is not None
        given = marks(opinion, post_mortem=written)
        return Judged(marks=given, usage=meter.usage(timer.tick() - begun))


async def _answer(
    settings: ModelSettings, meter: Meter, timer: Timer, incident: Incident, messages: list[AnyMessage]
) -> AIMessage:
    box, model = settings.assignment_seconds, settings.models[Tier.DEEP]
    account = BudgetTracker(Budget()).account("judge", incident)  # an eval's budget is its user's
    wire = ModelTransport(
        settings, model, meter, timer, box, account, Caller(incident=incident.id, role="judge", task="judge")
    )
    async with http_client(settings, trust(settings), dialect_of(settings, model.name)) as client:
        chat = chat_model(settings, Tier.DEEP, client)
        asked = chat.bind_tools([Opinion], tool_choice="any")

        async def send(request: Request) -> Response:
            return ModelResponse(result=[await asked.ainvoke(request.messages)])

        try:
            async with asyncio.timeout(box):
                with tracing_context(enabled=settings.langsmith):
                    response = await wire.send(ModelRequest(model=chat, messages=[*messages]), send)
        except TimeoutError:
            raise ModelFailed(f"{model.name}: no answer within {box:.0f} s") from None
    answer = response.result[0]
    if not isinstance(answer, AIMessage):
        raise ModelFailed(f"{model.name} gave no answer")
    return answer


def _opinion_of(answer: AIMessage) -> Opinion:
    """The marks in an answer: called for, or written as JSON by an endpoint that ignores tools."""
    text = answer.text
    try:
        if answer.tool_calls:
            return Opinion.model_validate(answer.tool_calls[0]["args"])
        return Opinion.model_validate_json(text[text.find("{") : text.rfind("}") + 1])
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the answer"
        raise ModelFailed(f"the judge's answer does not fit ({where}: {first['msg']})") from None


def _read(path: Path) -> Iterator[Kept]:
    for line in kept_lines(path):
        try:
            yield Kept.model_validate_json(line)
        except ValidationError:
            continue  # kept by another version: that run is judged anew


def _cases(runs: Sequence[Run], truths: Mapping[str, Truth]) -> Iterator[tuple[Run, Record, str]]:
    for run in runs:
        truth = truths.get(run.case)
        if run.record is not None and truth is not None and truth.confirmed:
            yield run, run.record, _material(run.record, truth)


def _material(record: Record, truth: Truth) -> str:
    """What the judge reads: the truth, then the system's words as data, without secrets."""
    incident = record.incident
    known = truth.model_dump(mode="json", exclude={"confirmed", "confirmed_by"})
    said = incident.diagnosis.model_dump(mode="json", exclude_none=True) if incident.diagnosis else None
    report = incident.post_mortem_report
    parts = [
        f"# What was true\n\n{_told(known)}",
        f"# What the system concluded\n\n{fence(_told(said) if said else 'nothing', 'diagnosis')}",
    ]
    if report is not None:
        parts.append(f"# Its post-mortem\n\n{fence(_told(report.model_dump(mode='json')), 'post_mortem')}")
    else:
        parts.append("# Its post-mortem\n\nThere is none.")
    return redact("\n\n".join(parts))


def _told(value: object) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1000).strip()
