"""Tokens where an endpoint tells no usage: by its own tokenizer where it has one, else on the safe side."""

import json
from dataclasses import replace
from typing import Any

import pytest

from agents.llm.client import trust
from agents.llm.tokenizer import Tokenizer
from incidents.notes import Note
from prompts.text import tokens
from tests.agents.contexts import NOW, incident, role_context
from tests.agents.llm_run import perform, settings
from tests.fake_answers import obliging
from tests.fake_openai import FakeOpenAI
from tests.fake_turns import Asked as Request
from tests.fake_turns import Reply
from tests.tools.live.fakes.server import Answer, Asked, serving, told

TEXT = "E-0a1b2c3d · metrics · 07:50:52 · checkout error_ratio 43 % (usual 0.2 %)"
WORDS = len(TEXT.split())


def llama_cpp(body: dict[str, Any]) -> dict[str, Any]:
    """One token a word, of `content` only."""
    return {"tokens": [7] * len(str(body.get("content", "")).split())}


def vllm(body: dict[str, Any]) -> dict[str, Any]:
    """One token a word, of `prompt` only."""
    count = len(str(body["prompt"]).split())
    return {"count": count, "max_model_len": 8192, "tokens": [7] * count}


def with_prompt_only(body: dict[str, Any]) -> dict[str, Any]:
    """What llama.cpp says to a body of vLLM's: a success without a token."""
    return llama_cpp({"prompt": body["prompt"]})


@pytest.mark.parametrize(
    ("server", "counted"),
    [(llama_cpp, WORDS), (vllm, WORDS), (with_prompt_only, None), (lambda _: [1], None), (None, None)],
    ids=["llama.cpp", "vLLM", "no token of a text", "no object", "no such path"],
)
async def test_a_text_counts_what_its_server_says_or_what_is_safe(server: Any, counted: int | None) -> None:
    asked: list[Asked] = []

    def answer(one: Asked) -> Answer:
        asked.append(one)
        return told(server(json.loads(one.body))) if server is not None else told({"error": "none"}, 404)

    with serving(answer) as running:
        chosen = settings(base_url=f"{running.url}/v1", api_key="k1")
        tokenizer = Tokenizer(chosen, trust(chosen))
        shares = [await tokenizer.share("qwen3", TEXT) for _ in range(2)]
    assert [round(share * tokens(TEXT)) for share in shares] == 2 * [counted or tokens(TEXT)]
    assert {one.path for one in asked} == {"/tokenize"}
    # A server that has no tokenizer is asked once, and never with a text of an incident.
    assert len(asked) == (3 if counted else 1)
    assert counted or TEXT not in asked[0].body.decode()


def unpriced(asked: Request) -> Reply:
    """A report of which the endpoint does not say what it took."""
    return replace(obliging(asked), tokens_in=-1)


async def test_an_incident_is_booked_by_the_models_own_tokenizer_where_it_tells() -> None:
    def half(text: str) -> int:
        return tokens(text) // 2

    with FakeOpenAI(unpriced) as server:
        safe = (await perform(server)).usage
    with FakeOpenAI(unpriced, tokenizer=half) as server:
        own = (await perform(server)).usage
    assert safe.estimated == safe.tokens_in + safe.tokens_out
    assert own.estimated == pytest.approx(safe.estimated / 2, rel=0.01)
    assert own.estimated == own.tokens_in + own.tokens_out


async def test_what_is_estimated_holds_all_that_a_model_reads() -> None:
    with FakeOpenAI(unpriced) as server:
        used = (await perform(server)).usage
        sent = [json.dumps(one.body["messages"]) + json.dumps(one.body["tools"]) for one in server.requests]
    # Whatever splits texts most finely: not one of the common tokenizers needs a token for three bytes.
    assert used.tokens_in > sum(len(text) for text in sent) / 4


async def test_a_brief_is_cut_by_what_it_costs_the_model() -> None:
    text = "checkout fails since the release, and nobody knows why. " * 8
    notes = tuple(Note(at=NOW, by="jo", text=f"{number} {text}") for number in range(8))
    long = incident(notes=notes)
    sent = []
    for tokenizer in (None, lambda text: tokens(text) // 2):
        with FakeOpenAI(unpriced, tokenizer=tokenizer) as server:
            await perform(server, before=role_context(about=long), brief_tokens=1500)
            sent.append(server.requests[0].text)
    assert len(sent[1]) > len(sent[0]) + 500
