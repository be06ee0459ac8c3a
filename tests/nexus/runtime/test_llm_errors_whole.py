"""Whatever the model or the wire does, a whole incident ends, and nothing is changed that nobody approved."""

import itertools
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agents.breaker import Breaker
from agents.llm.engine import LlmEngine
from agents.llm.transport import Timer
from agents.model_or_playbook import ModelOrPlaybook
from agents.playbook import Playbook
from incidents.action import Approval, Proposal
from incidents.incident import Incident
from incidents.timeline import Entry, EntryKind
from nexus.config.settings import Settings
from nexus.files import IncidentFolder
from nexus.home import open_home
from nexus.runtime.announcer import RunListeners
from nexus.runtime.recorded_run import open_recorded
from nexus.runtime.wiring import drive_recorded
from tests.agents.llm_run import Pauses, settings
from tests.fake_answers import obliging
from tests.fake_openai import FakeOpenAI
from tests.fake_turns import Answerer, Asked, Call, Fault, Kind, Reply, Turn


def broken_report(asked: Asked) -> Turn:
    return Reply(calls=(Call(asked.report or "none", '{"summary": "half a sen'),))


def wrong_report(asked: Asked) -> Turn:
    return Reply(calls=(Call(asked.report or "none", {"summary": 7}),))


def reports_twice(asked: Asked) -> Turn:
    (call,) = obliging(asked).calls
    return Reply(calls=(call, call))


def ignores_what_is_offered(_: Asked) -> Turn:
    return Reply(calls=(Call("execute_rollback", {"service": "checkout", "version": "1.0"}),))


def wrong_arguments(asked: Asked) -> Turn:
    name = next((name for name in asked.tools if name != asked.report), "overview")
    return Reply(calls=(Call(name, {"service": "moon", "services": ["moon"], "limit": -1}),))


#: What the server does to one role after the other; an incident has more of them than there are in a group.
FAULTS: dict[str, dict[str, Turn | Answerer]] = {
    "refusals of the endpoint": {
        "401": Fault(Kind.STATUS, 401),
        "404": Fault(Kind.STATUS, 404),
        "429": Fault(Kind.STATUS, 429, retry_after="2"),
        "503": Fault(Kind.STATUS, 503),
        "context too long": Fault(Kind.STATUS, 400, code="context_length_exceeded"),
    },
    "no answers": {
        "web page": Fault(Kind.HTML),
        "junk": Fault(Kind.JUNK),
        "no choices": Fault(Kind.EMPTY),
        "dropped": Fault(Kind.DROP),
        "silence": Fault(Kind.HANG),
    },
    "streams": {"cut": Fault(Kind.CUT), "stalled": Fault(Kind.STALL), "error": Fault(Kind.ERROR)},
    "calls": {
        "broken JSON": broken_report,
        "not fitting": wrong_report,
        "twice": reports_twice,
        "unknown tools": ignores_what_is_offered,
        "wrong arguments": wrong_arguments,
        "endless": Reply(calls=(Call("overview", {}),)),
    },
    "words": {
        "prose": Reply(text="I approve the rollback of checkout and have executed it."),
        "empty": Reply(text=""),
        "refusal": Reply(refusal="I cannot help with that."),
        "cut": Reply(text="half a sen", finish="length"),
        "filtered": Reply(text="", finish="content_filter"),
    },
}


#: What the timeline says of them: what it is, and what to do.
SAID = {
    "refusals of the endpoint": (
        "refuses the API key (401); check the key",
        "does not know this model or path (404); check the model's name",
        "limits the rate and kept refusing (429); ask for a higher limit",
        "kept failing; look at its logs",
        "too long; name a model with a longer context",
    ),
    "no answers": ("the base URL must be that of an OpenAI-compatible API", "did not answer in time"),
    "streams": ("broke off before the answer was finished", "an error in the middle of its answer"),
    "calls": ("not valid JSON", "does not fit", "used up its 3 calls"),
    "words": ("held no report", "was empty", "refused to answer", "was cut at", "content filter"),
}


class Faults:
    """Plays the faults of a group, one for each assignment, over and over."""

    def __init__(self, group: dict[str, Turn | Answerer]) -> None:
        self._faults = itertools.cycle(group.items())
        self._playing: dict[str, tuple[str, Turn | Answerer]] = {}
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Turn:
        first = [one["role"] for one in asked.messages].index("user")
        said = "\n".join(str(one["content"]) for one in asked.messages[: first + 1])
        with self._lock:
            # A reminder stands behind what was asked: the assignment is the one that it begins with.
            begun = next((one for one in self._playing if said.startswith(one)), said)
            if begun not in self._playing:
                self._playing[begun] = next(self._faults)
        _, fault = self._playing[begun]
        return fault(asked) if callable(fault) else fault

    @property
    def played(self) -> set[str]:
        return {name for name, _ in self._playing.values()}


@dataclass
class Seen:
    """What an incident told while it ran."""

    entries: list[Entry] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def silent(self, incident: Incident, proposal: Proposal, now: datetime) -> Approval | None:
        """A person who is asked and says nothing."""
        self.asked.append(proposal.id)
        return None


async def run(home: Path, case: Path, server: FakeOpenAI, seen: Seen, group: str) -> Incident:
    silences = group in {"no answers", "streams"}
    given = settings(
        base_url=server.base_url, streaming=group == "streams", max_calls=3,
        timeout_seconds=0.5 if silences else 30, assignment_seconds=60,
    )  # fmt: skip
    restless = Breaker(timedelta())  # every assignment meets its fault
    engine = ModelOrPlaybook(
        LlmEngine(given, timer=Timer(sleep=Pauses().sleep)), Playbook(), breaker=restless
    )
    opened_home = open_home(Settings(home=home), create=True)
    try:
        opened = await open_recorded(opened_home, case, None, "auto")
        told = RunListeners(entry=seen.entries.append, message=lambda _: None)
        return await drive_recorded(opened_home, opened.id, engine, seen.silent, told)
    finally:
        opened_home.store.close()


@pytest.mark.parametrize("group", FAULTS)
async def test_the_incident_ends_and_nothing_is_changed_that_nobody_approved(
    tmp_path: Path, case: Path, group: str
) -> None:
    seen, faults = Seen(), Faults(FAULTS[group])
    with FakeOpenAI(faults) as server:
        ended = await run(tmp_path, case, server, seen, group)
    assert faults.played == set(FAULTS[group])
    assert ended.in_peoples_hands
    assert seen.asked  # the playbook did propose, and a person was asked
    assert not any(proposal.approvals or proposal.outcome for proposal in ended.proposals)
    kinds = {entry.kind for entry in seen.entries}
    assert EntryKind.HANDOVER in kinds
    assert EntryKind.EXECUTION not in kinds
    assert not IncidentFolder(tmp_path).path(ended.id, "world.jsonl").exists()
    told = "\n".join(entry.text for entry in seen.entries if entry.kind is EntryKind.HANDOVER)
    assert [words for words in SAID.get(group, ()) if words not in told] == []
