"""The verbs of those who work on an incident themselves, from hand-over to the post-mortem and beyond."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.nexus.command_line import Terminal, typed_before

PLAYBOOK = ("--engine", "playbook")
SECRET = "ghp_" + "a1B2" * 9


@pytest.fixture(scope="module")
def handed(case: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which nobody decided and the small case was left to people; tests go on from a copy."""
    home = tmp_path_factory.mktemp("handed")
    typed_before(home, "run", "--world", case, "--approve", "none", *PLAYBOOK, "--json")
    return home


def at_people(nexus: Terminal, handed: Path) -> str:
    """The incident that people hold; its id."""
    nexus.goes_on_from(handed)
    (one,) = json.loads(nexus("incidents", "--json").out)
    assert (one["status"], one["held_by"]) == ("handed_over", "people")
    return str(one["id"])


def shown(nexus: Terminal, identity: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(nexus("show", identity, "--json").out)
    return body


def goes_on(nexus: Terminal) -> dict[str, Any]:
    """What a drive comes to."""
    (body,) = json.loads(nexus("resume", "--approve", "none", "--json").out)
    return dict(body)


def test_a_recorded_incident_that_is_handed_over_waits_for_people(nexus: Terminal, case: Path) -> None:
    typed = nexus("run", "--world", case, "--approve", "none", *PLAYBOOK)
    identity = typed.out.split()[0]
    assert typed.code == 3
    assert f"{identity} is in people's hands: nobody decided in time" in typed.out
    assert f"nexus resolve {identity} --by NAME" in typed.out
    body = shown(nexus, identity)
    assert (body["status"], body["held_by"], body["ended_at"]) == ("handed_over", "people", None)
    assert body["end_reason"].startswith("nobody decided in time on roll back checkout to 1.0, asked")
    assert nexus("resume").code == 3


def test_a_person_takes_it_changes_something_and_resolves_it(nexus: Terminal, handed: Path) -> None:
    identity = at_people(nexus, handed)
    assert nexus("take", identity, "--by", "dana").code == 0
    told = nexus(
        "changed", identity, "--by", "dana", "--service", "checkout", "--what", "rolled it back", "--json"
    )
    assert json.loads(told.out) | {"at": ""} == {
        "incident": identity, "verb": "changed", "by": "dana", "at": "", "known": False,
    }  # fmt: skip
    body = goes_on(nexus)
    assert (body["status"], body["held_by"]) == ("handed_over", "people")
    ((kept,), entries) = body["outside_changes"], body["timeline"]
    assert (kept["id"], kept["service"], kept["what"]) == ("C1", "checkout", "rolled it back")
    assert any(one["text"].startswith("C1, outside of Nexus") and one["evidence"] for one in entries)
    assert any("'rolled it back (checkout, by dana)'" in one["text"] for one in entries), "it was watched"
    assert nexus("mitigated", identity, "--by", "dana").code == 0
    assert nexus("resolve", identity, "--by", "dana", "--note", f"by hand, token={SECRET}").code == 0
    ended = goes_on(nexus)
    assert (ended["status"], ended["held_by"]) == ("resolved", "people")
    assert ended["end_reason"].startswith("resolved by dana: by hand, token=")
    assert SECRET not in json.dumps(ended)
    written = Path(ended["post_mortem"]).read_text()
    assert "Rolled it back | dana |" in written
    assert "hours after the alert people changed checkout (rolled it back)" in written
    assert "[unsupported" not in written.replace("\\", "")
    assert ended["backlog"]


def test_given_back_the_agents_propose_anew(nexus: Terminal, handed: Path) -> None:
    identity = at_people(nexus, handed)
    assert nexus("give-back", identity, "--by", "dana", "--note", "I am off duty").code == 0
    (body,) = json.loads(nexus("resume", "--approve", "all", "--json").out)
    assert (body["status"], body["held_by"]) == ("resolved", "agents")
    assert [note["text"] for note in body["notes"]] == ["I am off duty"]


def test_a_false_alarm_and_a_second_look(nexus: Terminal, handed: Path) -> None:
    identity = at_people(nexus, handed)
    assert nexus("false-alarm", identity, "--by", "dana", "--note", "a load test").code == 0
    assert goes_on(nexus)["status"] == "false_alarm"
    assert json.loads(nexus("resume", "--json").out) == []
    assert nexus("reopen", identity, "--by", "kim", "--note", "it was none").code == 0
    assert [one["id"] for one in json.loads(nexus("approvals", "--json").out)] == []
    (body,) = json.loads(nexus("resume", "--approve", "all", "--json").out)
    assert body["status"] == "resolved"
    assert any(one["text"] == "reopened by kim: it was none" for one in body["timeline"])


def test_what_cannot_be_is_refused_and_says_why(nexus: Terminal, handed: Path) -> None:
    identity = at_people(nexus, handed)

    def refused(*words: str) -> str:
        typed = nexus(*words)
        assert typed.code in {1, 2}
        assert typed.out == ""
        return typed.err

    changed = ("changed", identity, "--by", "dana", "--service")
    assert "did you mean checkout?" in refused(*changed, "chekout", "--what", "x")
    assert "Say what was changed" in refused(*changed, "checkout", "--what", " ")
    assert "lies ahead" in refused(*changed, "checkout", "--what", "x", "--when", "2099-01-01T00:00:00Z")
    assert "with its zone" in refused(*changed, "checkout", "--what", "x", "--when", "2026-01-01T00:00:00")
    assert "with its zone" in refused(*changed, "checkout", "--what", "x", "--when", "soon")
    assert "people have it" in refused("reopen", identity, "--by", "dana", "--note", "x")
    assert "Say who you are" in refused("take", identity, "--by", " ")
    assert nexus("take", identity, "--by", "dana").code == 0
    goes_on(nexus)
    assert "dana has" in refused("take", identity, "--by", "dana")
    assert nexus("resolve", identity, "--by", "dana").code == 0
    assert "dana resolved a moment ago" in refused("take", identity, "--by", "kim")
    goes_on(nexus)
    for verb in ("take", "mitigated", "resolve", "false-alarm"):
        assert "has ended (resolved by dana); `nexus reopen`" in refused(verb, identity, "--by", "kim")


def test_the_agents_have_it_until_somebody_takes_it(nexus: Terminal, waiting: Path) -> None:
    nexus.goes_on_from(waiting)
    (one,) = json.loads(nexus("incidents", "--json").out)
    assert one["held_by"] == "agents"
    back = nexus("give-back", one["id"], "--by", "dana", "--note", "x")
    assert (back.code, "the agents work on" in back.err) == (1, True)
    assert nexus("take", one["id"], "--by", "dana").code == 0
    late = nexus("approve", one["id"], "--by", "kim")
    assert (late.code, "dana took the incident" in late.err) == (1, True)
    body = goes_on(nexus)
    assert [action["state"] for action in body["actions"]] == ["revoked"]
    assert (body["status"], body["end_reason"]) == ("handed_over", "taken by dana")


def test_the_same_words_again_are_heard_once(nexus: Terminal, handed: Path) -> None:
    identity = at_people(nexus, handed)
    words = (
        "changed",
        identity,
        "--by",
        "dana",
        "--service",
        "checkout",
        "--what",
        "restarted",
        "--when",
        "5m",
    )
    assert not json.loads(nexus(*words, "--json").out)["known"]
    assert json.loads(nexus(*words, "--json").out)["known"]
    assert "(as you said before)" in nexus(*words).out
    assert not json.loads(nexus(*words[:-1], "6m", "--json").out)["known"], "another change"
    assert len(goes_on(nexus)["outside_changes"]) == 2


def test_a_report_opens_an_incident(nexus: Terminal, case: Path) -> None:
    said = ("declare", "customers cannot pay", "--by", "kim", "--world", str(case), *PLAYBOOK)
    typed = nexus(*said, "--service", "checkout", "--severity", "P0", "--json")
    assert typed.code == 0, typed.err
    answer = json.loads(typed.out)
    assert (answer["taken"], answer["by"]) == ("opened", "kim")
    (alert,) = shown(nexus, answer["incident"])["alerts"]
    assert (alert["title"], alert["service"], alert["severity"]) == ("customers cannot pay", "checkout", "P0")
    assert alert["description"] == "reported by kim"
    assert goes_on(nexus)["diagnosis"]["service"] == "checkout"
    wrong = nexus(*said, "--service", "chekout")
    assert (wrong.code, "did you mean checkout?" in wrong.err) == (2, True)
    wrong = nexus(*said, "--service", "checkout", "--severity", "P9")
    assert (wrong.code, "There is no severity 'P9'" in wrong.err) == (2, True)
    wrong = nexus("declare", " ", "--by", "kim", "--world", str(case), "--service", "checkout")
    assert (wrong.code, "Say what is wrong" in wrong.err) == (2, True)
