"""Conversations on tape: played back without an endpoint; what was never asked is a clear miss."""

from pathlib import Path

import pytest

from agents.llm.cassette import digest
from agents.llm.engine import LlmEngine
from incidents.errors import SettingsError
from tests.agents.contexts import assignment, role_context
from tests.agents.llm_run import KEY, failure, perform, settings
from tests.fake_answers import obliging
from tests.fake_openai import FakeOpenAI
from tests.fake_turns import Fault, Kind, Script


@pytest.mark.parametrize("streaming", [False, True])
async def test_a_recorded_conversation_is_had_again_without_the_endpoint(
    tmp_path: Path, streaming: bool
) -> None:
    tape = tmp_path / "tape"
    with FakeOpenAI(obliging) as server:
        first = await perform(server, record=tape, streaming=streaming)
        asked = len(server.requests)
    again = await perform(server, replay=tape, streaming=streaming)
    assert (again.report, again.engine, again.usage.tokens_in) == (first.report, "llm", first.usage.tokens_in)
    assert len(list(tape.iterdir())) == asked == 3
    assert len(server.requests) == asked
    assert not any(KEY in file.read_text() for file in tape.iterdir())


async def test_what_was_never_asked_is_a_clear_miss_and_no_outage(tmp_path: Path) -> None:
    with FakeOpenAI(obliging) as server:
        await perform(server, record=tmp_path)
        failed = await failure(server, replay=tmp_path, job=assignment(question="something else?"))
    assert "is not among the recorded calls" in str(failed)
    assert "record them again" in str(failed)
    assert not failed.outage
    assert failed.usage.model_calls == 1


async def test_faults_are_not_recorded(tmp_path: Path) -> None:
    tape = tmp_path / "tape"
    with FakeOpenAI(Script([Fault(Kind.STATUS, 500)], then=obliging)) as server:
        await perform(server, record=tape)
        assert len(list(tape.iterdir())) == len(server.requests) - 1


def test_the_order_of_keys_does_not_matter() -> None:
    assert digest(b'{"a": 1, "b": [2]}') == digest(b'{"b":[2],"a":1}') != digest(b'{"a": 2, "b": [2]}')


async def test_a_tape_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        await LlmEngine(settings(replay=tmp_path / "none")).perform(assignment(), role_context())
    with pytest.raises(ValueError, match="exclude each other"):
        settings(record=tmp_path, replay=tmp_path)
