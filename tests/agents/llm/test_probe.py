"""The doctor's trial of a model ends in time, however the endpoint behaves."""

import time

import pytest

from agents.llm.discover import first_model, models_of
from agents.llm.probe import probe
from incidents.errors import SettingsError
from tests.agents.llm.wire.wire_server import Raw, WireServer, called, message
from tests.agents.llm_run import settings

REPORT = {"summary": "It fails.", "services": [{"service": "a", "grade": "bad"}], "false_alarm": "false"}


async def test_a_server_that_never_ends_its_answer_ends_the_trial() -> None:
    begun = time.monotonic()
    with WireServer(lambda _: Raw(b"\n", dribbles=True)) as server:
        (answered,) = await probe([settings(base_url=server.base_url)], patience=0.3)
    assert answered.problem is not None
    assert "did not answer in time" in answered.problem
    assert time.monotonic() - begun < 5


async def test_a_slow_model_is_a_doubt() -> None:
    ticks = iter(range(0, 10_000, 20))
    raw = message("tool_calls", tool_calls=[called("TrialReport", REPORT)])
    with WireServer(lambda _: Raw(raw)) as server:
        (answered,) = await probe([settings(base_url=server.base_url)], tick=lambda: float(next(ticks)))
    assert answered.problem is None
    assert answered.speed == pytest.approx(10 / 20)
    assert "a report of 800 tokens takes 1600 of the 20 s" in answered.doubts[0]


def test_a_list_of_models_that_never_ends_is_left() -> None:
    begun = time.monotonic()
    listed = Raw(b" ", dribbles=True)
    with WireServer(lambda _: listed, models=listed) as server, pytest.raises(SettingsError, match="answer"):
        models_of(settings(base_url=server.base_url), timeout=0.3)
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"data": [{"id": "text-embedding-3"}, {"id": "qwen"}]}, "qwen"),
        ({"models": [{"name": "llama:8b", "model": "llama:8b"}]}, "llama:8b"),
        ([{"id": "bge-reranker", "type": "rerank"}, {"id": "meta/llama", "type": "chat"}], "meta/llama"),
        ({"data": [{"id": "codestral-fim", "capabilities": {"completion_chat": False}}, {"id": "m"}]}, "m"),
        ({"data": [{"id": "only-embeddings", "type": "embeddings"}]}, "only-embeddings"),
    ],
)
def test_the_first_model_that_chats_is_taken(body: object, name: str) -> None:
    with WireServer(lambda _: Raw({}), models=Raw(body)) as server:
        assert first_model(settings(base_url=server.base_url)) == name


@pytest.mark.parametrize("body", ["<html>", {"data": []}, {"data": [{}]}, "null", 7])
def test_no_list_is_said(body: object) -> None:
    with (
        WireServer(lambda _: Raw({}), models=Raw(body)) as server,
        pytest.raises(SettingsError, match="it lists no models; set NEXUS_LLM_MODEL"),
    ):
        first_model(settings(base_url=server.base_url))


@pytest.mark.parametrize(
    ("row", "context"),
    [
        ({"max_model_len": 8192}, 8192),
        ({"context_window": 131072}, 131072),
        ({"meta": {"n_ctx_train": 32768, "n_ctx": 4096}}, 4096),
        ({"max_context_length": 32768, "loaded_context_length": 4096}, 4096),
        ({"context_length": None, "top_provider": {"context_length": 9000}}, 9000),
        ({"context_length": "many"}, None),
    ],
)
def test_the_context_is_read_where_it_is_told(row: dict[str, object], context: int | None) -> None:
    with WireServer(lambda _: Raw({}), models=Raw({"data": [{"id": "m", **row}]})) as server:
        (listed,) = models_of(settings(base_url=server.base_url))
    assert listed.context == context
