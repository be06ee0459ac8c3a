"""Spans in the words of the GenAI conventions, and one log line for every model call."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import structlog
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.semconv.schemas import Schemas

from agents import genai
from agents.llm.engine import LlmEngine
from agents.llm.transport import Timer
from agents.model_or_playbook import ModelOrPlaybook
from tests.agents.contexts import assignment, role_context
from tests.agents.llm_run import KEY, Pauses, settings
from tests.agents.test_model_or_playbook import Mind
from tests.fake_answers import obliging
from tests.fake_openai import FakeOpenAI
from tests.fake_turns import Answerer, Call, Fault, Kind, Reply, Script, Turn
from tests.nexus.command_line import Terminal, process
from tests.patience import PATIENCE
from tests.tools.live.fakes.server import Answer, Asked, serving

SECRET = "jane.roe@mail.example.com"
EMPTY = Call("InvestigationReport", {"summary": "Nothing seen.", "checks": [], "hypotheses": []})


@pytest.fixture(scope="session")
def exporter() -> Iterator[InMemorySpanExporter]:
    """What this process exports; a process has one provider for good."""
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    trace.set_tracer_provider(provider)
    yield kept
    kept.shutdown()  # later tests of this process keep nothing


async def spans(exporter: InMemorySpanExporter, answers: Answerer, **given: object) -> Sequence[ReadableSpan]:
    """The spans of one assignment, in the order of their beginning."""
    exporter.clear()
    with FakeOpenAI(answers) as server:
        timer = Timer(sleep=Pauses().sleep)
        engine = LlmEngine(settings(base_url=server.base_url, **given), timer=timer)
        await ModelOrPlaybook(engine, Mind("playbook")).perform(assignment(question=SECRET), role_context())
    return sorted(exporter.get_finished_spans(), key=lambda span: span.start_time or 0)


def said(found: ReadableSpan) -> dict[str, object]:
    return dict(found.attributes or {})


async def test_an_assignment_its_calls_and_its_tools(exporter: InMemorySpanExporter) -> None:
    asks: list[Turn] = [
        Reply(calls=(Call("metrics", {"service": "checkout"}),)),
        Reply(calls=(Call("changes", {}),)),
    ]
    agent, *inner = await spans(exporter, Script(asks, then=obliging))
    assert [one.name for one in inner] == [
        "chat local-model", "execute_tool metrics",
        "chat local-model", "execute_tool changes",
        "chat local-model",
    ]  # fmt: skip
    assert {one.parent.span_id for one in inner if one.parent} == {agent.context.span_id}
    labels = {
        "gen_ai.agent.name": "backend_architect",
        "gen_ai.conversation.id": "inc-1",
        "nexus.incident": "inc-1",
        "nexus.task": "investigate",
    }
    assert all(labels.items() <= said(one).items() for one in (agent, *inner))
    assert agent.name == "invoke_agent backend_architect"
    assert said(agent)["gen_ai.operation.name"] == "invoke_agent"
    assert said(agent)["gen_ai.usage.input_tokens"] == 300
    chat, tool = said(inner[0]), said(inner[1])
    assert chat["gen_ai.operation.name"] == "chat"
    assert (chat["gen_ai.request.model"], chat["gen_ai.response.model"]) == ("local-model", "local-model")
    assert (chat["gen_ai.usage.input_tokens"], chat["gen_ai.usage.output_tokens"]) == (100, 20)
    assert chat["gen_ai.response.finish_reasons"] == ("tool_calls",)
    assert (tool["gen_ai.operation.name"], tool["gen_ai.tool.name"]) == ("execute_tool", "metrics")
    assert not any("messages" in name or "call." in name for one in inner for name in said(one))
    assert "error.type" not in {name for one in (agent, *inner) for name in said(one)}


def test_every_name_is_one_of_the_conventions_and_stands_in_one_module() -> None:
    ours = {
        value for name, value in vars(genai).items() if name.isupper() and str(value).startswith("gen_ai.")
    }
    known = {value for value in vars(gen_ai_attributes).values() if isinstance(value, str)}
    assert ours <= known
    assert genai.SCHEMA in {one.value for one in Schemas}
    written = {
        path.as_posix()
        for room in ("agents", "graph", "incidents", "nexus", "tools")
        for path in Path(room).rglob("*.py")
        if '"gen_ai.' in path.read_text()
    }
    assert written == {"agents/genai.py"}


@pytest.mark.parametrize(
    ("host", "provider"),
    [
        ("api.openai.com", "openai"),
        ("house.openai.azure.com", "azure.ai.openai"),
        ("api.mistral.ai", "mistral_ai"),
        ("api.x.ai", "x_ai"),
        ("notx.ai", "openai"),
        ("127.0.0.1", "openai"),
    ],
)
def test_a_provider_is_told_by_the_conventions_word(host: str, provider: str) -> None:
    assert genai.provider_at(host) == provider


async def test_messages_are_written_as_the_conventions_want_them(exporter: InMemorySpanExporter) -> None:
    found = [said(one) for one in await spans(exporter, obliging, trace_content=True)]
    told = [one for one in found if genai.INPUT_MESSAGES in one]
    (answer,) = json.loads(str(told[0][genai.OUTPUT_MESSAGES]))
    assert (answer["role"], answer["finish_reason"]) == ("assistant", "tool_calls")
    (call,) = [part for part in answer["parts"] if part["type"] == "tool_call"]
    last = json.loads(str(told[1][genai.INPUT_MESSAGES]))[-1]
    assert (last["role"], last["parts"][0]["type"]) == ("tool", "tool_call_response")
    assert last["parts"][0]["id"] == call["id"]


async def test_content_is_there_only_if_asked_for_and_then_redacted(exporter: InMemorySpanExporter) -> None:
    found = [said(one) for one in await spans(exporter, obliging, trace_content=True)]
    asked = [str(one["gen_ai.input.messages"]) for one in found if "gen_ai.input.messages" in one]
    assert len(asked) == 3
    assert all("<email-" in text for text in asked)
    assert any("chg-42" in str(one.get("gen_ai.tool.call.result")) for one in found)
    assert SECRET not in str(found)
    assert KEY not in str(found)


async def test_failures_carry_their_kind_and_no_message(exporter: InMemorySpanExporter) -> None:
    fails = Reply(calls=(Call("metrics", {"service": "orders-db"}),))
    turns: list[Turn] = [Fault(Kind.STATUS, 503, message=SECRET), fails, Reply(calls=(EMPTY,))]
    agent, refused, _, tool, _ = await spans(exporter, Script(turns))
    assert said(refused)["error.type"] == "503"
    assert not refused.status.is_ok
    assert tool.name == "execute_tool metrics"
    assert said(tool)["error.type"] == "tool_failed"
    assert agent.status.is_ok
    assert SECRET not in "".join(one.to_json() for one in (agent, refused, tool))


@pytest.mark.usefixtures("exporter")
async def test_every_model_call_is_one_log_line() -> None:
    turns: list[Turn] = [Fault(Kind.STATUS, 503), Reply(calls=(EMPTY,), tokens_in=321, tokens_out=7)]
    with structlog.testing.capture_logs() as lines, FakeOpenAI(Script(turns)) as server:
        engine = LlmEngine(settings(base_url=server.base_url), timer=Timer(sleep=Pauses().sleep))
        await engine.perform(assignment(), role_context())
    failed, answered = [line for line in lines if line["event"] == "model_call"]
    who = {"incident": "inc-1", "role": "backend_architect", "task": "investigate", "model": "local-model"}
    assert who.items() <= failed.items()
    assert who.items() <= answered.items()
    assert (failed["error"], failed["tokens_in"]) == ("503", 0)
    assert (answered["error"], answered["tokens_in"], answered["tokens_out"]) == (None, 321, 7)
    assert answered["seconds"] > 0


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """A collector's address, and what it received."""
    received: list[bytes] = []

    def collect(asked: Asked) -> Answer:
        if asked.path != "/v1/traces":
            return Answer(status=404)
        received.append(asked.body)
        return Answer()

    with serving(collect) as server:
        yield server.url, received


def test_a_run_sends_its_spans_to_the_collector(
    tmp_path: Path, case: Path, collector: tuple[str, list[bytes]]
) -> None:
    address, received = collector
    words = ("run", "--world", case, "--approve", "none", "--engine", "playbook", "--json")
    ran = process(tmp_path, *words, NEXUS_OTEL_ENDPOINT=address)
    ran.communicate(timeout=PATIENCE)
    sent = [ExportTraceServiceRequest.FromString(body).resource_spans for body in received]
    resources = [one.resource.attributes for many in sent for one in many]
    names = {span.name for many in sent for one in many for scope in one.scope_spans for span in scope.spans}
    assert "invoke_agent backend_architect" in names
    assert any(one.key == "service.name" and one.value.string_value == "nexus" for one in resources[0])


def test_the_doctor_asks_the_collector(nexus: Terminal, collector: tuple[str, list[bytes]]) -> None:
    address, received = collector
    nexus.set("NEXUS_OTEL_ENDPOINT", address)
    assert f"sent to {address}" in nexus("doctor").out
    assert received


def test_without_the_extra_or_an_address_the_setting_is_refused_in_words(
    nexus: Terminal, case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nexus.set("NEXUS_OTEL_ENDPOINT", "collector:4318")
    typed = nexus("run", "--world", case, "--engine", "playbook")
    assert (typed.code, "write it as http://host:4318" in typed.err) == (2, True)
    nexus.set("NEXUS_OTEL_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    typed = nexus("run", "--world", case, "--engine", "playbook")
    assert (typed.code, "python -m pip install 'nexus-incident[otel]'" in typed.err) == (2, True)
    assert "There are no incidents yet" in nexus("incidents").err  # none is left behind half opened
