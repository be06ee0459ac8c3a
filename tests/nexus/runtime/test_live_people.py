"""People and a live Nexus: answers that get lost, a stop at once, freezes, locks, limits, drift."""

import asyncio
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import httpx2
import pytest

from demo.processes import wait_for
from incidents.action import ActionState, Approval, Verdict
from incidents.events import decision
from incidents.severity import Status
from nexus.store.sqlite.store import Store
from tests import patient
from tests.fake_openai import FakeOpenAI
from tests.fake_turns import Fault, Kind
from tests.nexus.live import SITE, TOKENS, Live, live
from tests.nexus.network import Cut, Network
from tests.nexus.rig import GOOD
from tests.nexus.served import served
from tests.patience import PATIENCE

ASKED = "for a person to decide on A1"
ALWAYS = {"reason": "release day", "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "unless": []}


@pytest.fixture(scope="module")
def system() -> Iterator[Live]:
    """One system for all, each test breaks it anew; any second alert opens an incident of its own."""
    with live(intake={"join_within": "0m"}) as one:
        yield one


@pytest.fixture
def one(system: Live) -> Iterator[Live]:
    """The system, broken anew; a Nexus that died with a test is followed by another one."""
    if not system.nexus.alive:
        system.again()
    _close(system)
    system.made.broken(**SITE, intake={"join_within": "0m"})
    yield system
    _stop(system, "the test is over")


def _stop(one: Live, reason: str) -> str:
    return one.types("stop", "--all", "--reason", reason)


def _close(one: Live) -> None:
    """End what an earlier test left to people: the next alert of its condition would join it."""
    for kept in json.loads(one.types("incidents", "--json")):
        if not one.stands(kept["id"]).closed:
            one.types("false-alarm", kept["id"], "--note", "the test is over")
            what = f"the end of {kept['id']}"
            wait_for(what, partial(_has_ended, one, kept["id"]), seconds=PATIENCE, pause=0.01)


def _has_ended(one: Live, incident: str) -> bool | None:
    return one.stands(incident).closed or None


def _keys(*incidents: Live) -> list[str]:
    """The changes that were begun for some incidents."""
    return [key for one in incidents for key in one.deeds if key.startswith(f"{one.incident}:")]


def test_a_nexus_that_says_no_more_tells_where_it_waits_and_the_next_test_gets_another(one: Live) -> None:
    one.alert()
    with pytest.raises(AssertionError, match=r"Task-1 waits in:(?s:.*)in _serve\n"):
        one.nexus.until("what never comes", patience=0.5)
    assert not one.nexus.alive


def test_answers_get_lost_on_the_way_to_people_and_to_the_monitoring(one: Live) -> None:
    way = Network(int(one.nexus.root.rpartition(":")[2]))
    alerts = f"{way.url}/alerts"
    assert one.alert(status="resolved", name="other")[1] == "ignored"  # its beginning comes later
    way.cut_at(b'"alerts"', Cut.RESET, answered=True, then=way.mend)
    with pytest.raises(httpx2.HTTPError):
        one.alert(alerts)
    assert one.alert(alerts) == (200, "known")
    one.nexus.until(ASKED)
    one.saved("A1")
    way.cut_at(b'"verdict"', Cut.RESET, answered=True, then=way.mend)
    with pytest.raises(httpx2.HTTPError):
        one.decide(url=way.url)
    status, said = one.decide(url=way.url)
    assert (status, said["missing"]) == (200, 0)
    one.nexus.until("A1 executed")
    assert one.decide(url=way.url)[0] == 200  # a client that never gives up
    one.seen(lambda incident: incident.proposals[0].state is ActionState.DONE)
    again = one.types("approve", one.incident, "--by", "dana", "--action", "A1")
    assert "A1 (roll back shop to 1.0): done." in again
    refused = one.decide("reject", by="kim")
    assert refused[0] == 409
    assert one.alert(status="resolved") == (202, "joined")
    assert one.alert(status="resolved") == (200, "known")
    assert one.alert() == (200, "known")  # the firing one, delivered late
    assert len(one.stands().proposals[0].approvals) == 1
    assert len(_keys(one)) == 1
    way.close()


def test_who_may_decide_over_http(one: Live) -> None:
    one.alert()
    one.nexus.until(ASKED)
    url = f"{one.nexus.root}/incidents/{one.incident}/decisions"
    body = {"verdict": "approve", "action": "A1", "digest": "0" * 12}

    def post(where: str, said: dict[str, str], token: str) -> int:
        return patient.post(where, json=said, headers={"Authorization": token}).status_code

    assert post(url, body, "") == 401
    assert post(url, body, "Bearer token-of-nobody") == 401
    assert post(url, body, "Bearer token-of-dana") == 409  # another digest
    assert post(url, {"verdict": "maybe"}, "Bearer token-of-dana") == 400
    assert post(url.replace("INC", "ABC"), body, "Bearer token-of-dana") == 404
    assert one.stands().pending


def test_two_people_with_different_answers_at_once_change_nothing(one: Live) -> None:
    one.alert()
    one.nexus.until(ASKED)
    one.saved("A1")
    with ThreadPoolExecutor(2) as pool:
        yes = pool.submit(one.decide, "approve", "dana")
        no = pool.submit(one.decide, "reject", "kim")
    if no.result()[0] == 200:  # said in time: nothing was begun, whatever came first
        one.nexus.until("kim rejected 'roll back shop to 1.0'")
        assert _keys(one) == []
    else:
        assert yes.result()[0] == 200
        one.nexus.until("A1 executed")
    assert len(_keys(one)) <= 1


def test_a_report_is_worked_on_by_the_server_taken_by_a_person_and_resolved(one: Live) -> None:
    """Every verb from another process is heard at once by the Nexus that serves."""

    def typed(*words: str) -> str:
        return one.types(words[0], one.incident, *words[1:], "--json")

    path = one.made.folder / "nexus.yaml"
    said = ("declare", "customers cannot pay", "--service", "web", "--json", "--config", path)
    opened = json.loads(one.types(*said))
    one.incident = opened["incident"]
    assert opened["taken"] == "opened"
    assert json.loads(one.types(*said)) == opened | {"taken": "known"}
    one.nexus.until(ASKED)
    typed("take")
    one.nexus.until("taken by dana")
    one.seen(lambda incident: incident.in_peoples_hands and not incident.pending)
    assert _keys(one) == []
    typed("changed", "--service", "shop", "--what", "restarted it")
    one.nexus.until("C1, outside of Nexus")
    one.nexus.until("'restarted it (shop, by dana)' changed nothing")
    assert one.stands().open
    typed("give-back", "--note", "a restart did not help")
    one.nexus.until("for a person to decide on A2")
    typed("resolve", "--note", "the vendor was it")
    one.nexus.until("resolved by dana: the vendor was it")
    one.nexus.until("post-mortem written")
    one.seen(lambda incident: incident.closed)
    ended = one.stands()
    assert (ended.status, [p.state for p in ended.proposals]) == (Status.RESOLVED, [ActionState.REVOKED] * 2)
    assert "has ended (resolved by dana" in typed_refused(one, "take")
    typed("reopen", "--note", "it was not the vendor")
    one.nexus.until("reopened by dana")
    one.nexus.until("for a person to decide on A3")
    assert _keys(one) == []


def typed_refused(one: Live, verb: str) -> str:
    """What a verb says that is refused."""
    said = io.StringIO()
    with redirect_stderr(said):
        one.types(verb, one.incident)
    return said.getvalue()


def test_a_stop_in_the_middle_of_an_execution(one: Live) -> None:
    """What has begun is finished and told, nothing else begins, and nothing counts any more."""
    network = one.made.networks["actions"]
    network.cut_at(b"stopProcess", Cut.SILENT)
    one.alert()
    one.approve()
    one.nexus.until("→ execute")
    assert network.was_cut.wait(PATIENCE)
    said = _stop(one, "smoke")
    assert "to roll back shop to 1.0 has begun and is not broken off" in said
    late, why = one.decide(by="kim")
    assert (late, "dana stopped the agents" in why["error"]) == (409, True)
    network.mend()
    line = one.nexus.until("stopped by dana: smoke")[-1]
    assert "roll back shop to 1.0 was done and is still watched" in line
    assert "to take it back: roll back shop to 2.0" in line
    one.seen(lambda incident: incident.status is Status.HANDED_OVER)
    assert [proposal.state for proposal in one.stands().proposals] == [ActionState.DONE]
    assert (one.made.target.answering(), len(_keys(one))) == (GOOD, 1)
    assert one.decide(by="kim")[0] == 409

    # And the limit of changes per hour counts that one, once the incident that people hold is over.
    one.types("resolve", one.incident, "--note", "nothing burns")
    one.nexus.until("resolved by dana")
    one.made.broken(**SITE, limits={"changes_per_hour": 1})
    one.alert()
    one.approve()
    one.nexus.until("changes were made in the last hour, the limit is 1; nothing was executed")
    assert _keys(one) == []


def test_a_stop_is_heard_while_a_model_hangs(one: Live) -> None:
    with FakeOpenAI(lambda _: Fault(Kind.HANG)) as silent:
        model = {"NEXUS_LLM_BASE_URL": silent.base_url, "NEXUS_LLM_API_KEY": "k", "NEXUS_LLM_MODEL": "m"}
        words = ("--engine", "llm")
        # In a home of its own: a server beside it, with the playbook, would take the incident as well.
        home = one.home.with_name("silent")
        with served(one.made.folder, home, *words, **TOKENS, **model) as nexus:
            other = replace(one, home=home, nexus=nexus)
            other.alert()
            nexus.until("triage the incident")
            _stop(other, "it hangs")
            nexus.until("stopped by dana: it hangs")
            other.seen(lambda incident: incident.status is Status.HANDED_OVER)
            assert other.stands().in_peoples_hands
            assert _keys(other) == []


def test_a_freeze_holds_and_says_why(one: Live) -> None:
    one.made.write(**SITE, freezes=[ALWAYS])
    one.alert()
    one.nexus.until(ASKED)
    one.saved("A1")
    status, why = one.decide()
    assert (status, why["error"]) == (409, "shop is frozen: release day; nothing was decided")
    assert one.stands().pending, "it waits until the freeze is over"
    _signed_all_the_same(one)
    one.nexus.until("A1 (roll back shop to 1.0) drifted: shop is frozen: release day")
    assert _keys(one) == []


def _signed_all_the_same(one: Live) -> None:
    """An approval that came before the freeze, or by a door that did not look: the execution looks again."""
    (waits,) = one.stands().pending
    now = datetime.now(UTC)
    signed = Approval(
        action="A1", digest=waits.digest, verdict=Verdict.APPROVE, by="dana", authenticated=True, at=now
    )
    with Store.existing(one.home) as store:
        asyncio.run(store.record_approval(decision(one.incident, signed)))


def test_a_freeze_that_is_lifted_holds_nobody_any_more(one: Live) -> None:
    """nexus.yaml is read again for the next turn."""
    one.made.write(**SITE, freezes=[ALWAYS])
    one.alert()
    one.nexus.until(ASKED)
    one.saved("A1")
    one.made.write(**SITE)
    assert one.decide()[0] == 200
    one.nexus.until("A1 executed")


def test_a_target_that_changed_after_the_approval_was_asked_for_is_not_touched(one: Live) -> None:
    one.alert()
    one.nexus.until(ASKED)
    one.saved("A1")
    link = one.made.target.root / "shop" / "current"
    link.unlink()
    link.symlink_to("3.0")
    assert one.decide()[0] == 200
    one.nexus.until("A1 (roll back shop to 1.0) drifted: the target changed after approval", "version=3.0")
    assert (_keys(one), one.made.version) == ([], "3.0")


def test_two_nexuses_never_act_on_one_service_at_once(one: Live) -> None:
    with served(one.made.folder, one.home, **TOKENS) as nexus:
        other = replace(one, nexus=nexus)
        with ThreadPoolExecutor(2) as pool:  # both are told at once, as by a pair of Alertmanagers
            taken = [answer.result()[1] for answer in [pool.submit(each.alert) for each in (one, other)]]
        assert sorted(taken) == ["known", "opened"]
        first, second = (one, other) if taken[0] == "opened" else (other, one)
        first.saved("A1")  # whichever of the two drives it
        assert second.alert(service="shop", name="g") == (202, "opened")
        second.saved("A1")
        with ThreadPoolExecutor(2) as pool:
            said = [pool.submit(each.decide) for each in (first, second)]
        assert [answer.result()[0] for answer in said] == [200, 200]
        for each in (first, second):
            each.seen(lambda incident: incident.proposals[0].state in {ActionState.DONE, ActionState.DRIFTED})
        found = [each.stands().proposals[0].state for each in (first, second)]
        assert sorted(found) == [ActionState.DONE, ActionState.DRIFTED]
        assert len(_keys(first, second)) == 1
        assert one.made.switches == [GOOD]
