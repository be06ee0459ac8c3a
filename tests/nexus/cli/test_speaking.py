"""Who speaks at the command line: in a live world with people their own token says it, whatever they do."""

import asyncio
import json
from pathlib import Path

import pytest

from nexus.cli.parser import Group, Parser
from nexus.cli.verbs import known
from nexus.store.records import WorldKind
from nexus.store.sqlite.store import Store
from tests.nexus.cli.test_signing import DANA, HASHES, KIM, keep
from tests.nexus.command_line import Terminal
from tests.nexus.sample import ID

SAM = "the-token-of-sam"
PEOPLE = (
    f"[{{name: Dana Lee, id: u1, token_hash: {HASHES[DANA]!r}}}, "
    "{name: kim, token: 'env:KIM', roles: [responder]}, {name: sam, token: 'env:SAM', roles: [viewer]}]"
)

#: What people type, whatever verb it is: with what else it needs, and what it says where it is done.
TYPED = {
    "note": ((ID, "look at payment"), "is only a hint"),
    "severity": ((ID, "P1"), "Severity of"),
    "revoke": ((ID, "--note", "not now"), ""),
    "verdict": ((ID, "right"), "Dana Lee says the diagnosis"),
    "stop": ((ID, "--reason", "wrong cluster"), "stopped"),
    "settle": ((ID, "A1", "--done"), ""),
    "replay": ((ID,), ""),
    "declare": (("customers cannot pay", "--service", "checkout"), "is open"),
    "acknowledge": ((ID,), "Dana Lee has it"),
    "take-over": ((ID,), ""),
    "hand-over": ((ID, "--to", "kim", "--note", "my shift ends"), "handed to kim"),
    "take": ((ID,), "Dana Lee has it"),
    "give-back": ((ID, "--note", "a restart did not help"), ""),
    "changed": ((ID, "--service", "checkout", "--what", "restarted it"), "is watched"),
    "mitigated": ((ID,), "mitigated"),
    "resolve": ((ID,), "resolved"),
    "false-alarm": ((ID,), "false alarm"),
    "reopen": ((ID, "--note", "it is not over"), ""),
    "split": ((ID, "a1b2c3d4", "--reason", "another team's"), ""),
    "merge": ((ID, "INC-2026-11-23-002", "--reason", "one cause"), ""),
    "status": (("write", ID, "--impact", "orders fail", "--doing", "we look"), ""),
    "restrict": ((ID, "--why", "breach", "--to", "kim"), "only commanders and kim see it (breach)"),
    "services": (("alias", "kasse", "--is", "checkout"), "kasse is checkout"),
}
#: Decided on by the digest that is shown: tests/nexus/cli/test_signing.py.
SIGNED = {"approve", "reject", "another-way"}
#: Whose name stands under what was really true of a recorded incident.
OTHERS = {"backtest", "truth"}
#: Of no incident, by an admin: over its other doors in tests/nexus/server/test_access_table.py.
OF_NO_INCIDENT = {"destinations", "drill", "policy"}
#: It takes a tracker: tests/nexus/cli/test_tickets.py.
WITH_A_TRACKER = {"tickets"}


@pytest.fixture
def world(nexus: Terminal) -> Terminal:
    """A command line at the home of a live world with people."""
    keep(nexus.home, PEOPLE)
    nexus.set("NEXUS_CONFIG", str(nexus.home / "nexus.yaml"))
    nexus.set("KIM", KIM)
    nexus.set("SAM", SAM)
    return nexus


def inbox(home: Path) -> list[str]:
    """Who said what, as it waits to be read."""
    with Store.existing(home) as store:
        events = asyncio.run(store.events(ID))
    return [f"{event.kind} by {getattr(event, 'by', '?')}" for event in events]


def test_no_verb_of_people_is_forgotten_here() -> None:
    named = {
        name
        for name, verb in known("").items()
        for one in (verb, *(verb.verbs.values() if isinstance(verb, Group) else ()))
        if "--by" in Parser(name, one).format_usage()
    }
    assert named - OTHERS - OF_NO_INCIDENT - WITH_A_TRACKER == set(TYPED) | SIGNED


@pytest.mark.parametrize("verb", TYPED)
def test_a_name_alone_somebody_elses_token_and_a_viewer_change_nothing(world: Terminal, verb: str) -> None:
    words, _ = TYPED[verb]
    for token, by, sentence in (
        ("", "kim", "--by alone does not count in a live world with people: show that it is kim"),
        (DANA, "kim", "the token that was shown is not kim's; nothing was changed"),
        ("wrong", "kim", "the token that was shown is not kim's; nothing was changed"),
        (SAM, "sam", "sam may not"),
    ):
        world.set("NEXUS_TOKEN", token)
        typed = world(verb, *words, "--by", by)
        assert (typed.code, sentence in typed.err) == (1, True), repr(typed)
        assert DANA not in typed.err + typed.out
    assert inbox(world.home) == []


@pytest.mark.parametrize("verb", [verb for verb, (_, said) in TYPED.items() if said])
def test_their_own_token_says_who_it_is(world: Terminal, verb: str) -> None:
    words, said = TYPED[verb]
    world.set("NEXUS_TOKEN", DANA)
    typed = world(verb, *words)
    assert (typed.code, said in typed.out) == (0, True), typed.err
    told = (
        []
        if verb in {"declare", "services", "status", "verdict", "restrict"}
        else [f"{verb.replace('-', '_')} by Dana Lee"]
    )
    assert inbox(world.home) == told


def test_who_responds_may_stop_but_sets_no_severity_and_signs_nothing(world: Terminal) -> None:
    world.set("NEXUS_TOKEN", KIM)
    for words in (("severity", ID, "P3"), ("approve", ID)):
        refused = world(*words)
        assert refused.code == 1
        assert "it takes the role" in refused.err
        assert "theirs: responder" in refused.err
    assert world("stop", "--all", "--reason", "enough").code == 0
    assert inbox(world.home) == ["stop by kim"]


def test_stop_everything_says_what_could_not_be_stopped(world: Terminal) -> None:
    world.set("NEXUS_TOKEN", SAM)
    refused = world("stop", "--all", "--reason", "enough")
    assert refused.code == 1
    assert "sam may not stop the agents" in refused.err
    assert f"(stopped: none; not stopped: {ID})" in refused.err
    assert inbox(world.home) == []


def test_the_agents_can_be_stopped_while_nexus_yaml_cannot_be_read(world: Terminal) -> None:
    (world.home / "nexus.yaml").write_text("services: [")
    assert world("take", ID, "--by", "kim").code == 2
    stopped = world("stop", ID, "--by", "kim", "--reason", "wrong cluster")
    assert stopped.code == 0
    assert "whose token it is cannot be told, the name counts" in stopped.err
    assert inbox(world.home) == ["stop by kim"]


@pytest.mark.parametrize(("kind", "people"), [(WorldKind.LIVE, "[]"), (WorldKind.CASE, PEOPLE)])
def test_without_people_and_in_recorded_worlds_a_name_is_enough(
    nexus: Terminal, kind: WorldKind, people: str
) -> None:
    keep(nexus.home, people, kind)
    assert nexus("take", ID, "--by", "ana", "--json").code == 0
    nameless = nexus("note", ID, "look")
    assert (nameless.code, "Say who you are: --by NAME" in nameless.err) == (2, True)
    assert inbox(nexus.home) == ["take by ana"]


def test_what_is_told_has_the_name_of_the_file_however_it_was_typed(world: Terminal) -> None:
    world.set("NEXUS_TOKEN", DANA)
    typed = world("take", ID, "--by", "U1", "--json")
    assert json.loads(typed.out)["by"] == "Dana Lee"
