"""Acknowledged in another tool: it counts as theirs, and no word of such a tool does more.

Bodies are those of the documents of PagerDuty (Webhooks v3), Opsgenie (webhook integration) and GoAlert
(webhook contact method); none of the three was at hand to ask.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from incidents.events import Acknowledged
from nexus.config.people import Person, person_known_as
from tests.nexus.sample import at
from tests.nexus.service.test_intake import SITE, Taking

PEOPLE = "people: [{name: Ann Bell, id: ann.bell@shop.example.org, token: 'env:ANN'}]\n"


class Paging(Taking):
    """An intake with an incident of its own, of which other tools speak."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        path = folder / "nexus.yaml"
        path.write_text(SITE + PEOPLE)
        from nexus.config.site import load_site  # noqa: PLC0415

        self.intake.use(load_site(path))

    async def says(self, body: dict[str, Any]) -> tuple[str, list[Acknowledged]]:
        """What became of a delivery, and the acknowledgements that wait in inboxes now."""
        result = await self.intake.receive(json.dumps(body).encode())
        page = await self.store.page()
        events = [event for one in page for event in await self.store.events(one.id)]
        return result.taken.value, [one for one in events if isinstance(one, Acknowledged)]


@pytest.fixture
def paging(tmp_path: Path) -> Paging:
    return Paging(tmp_path)


def pagerduty(event: str, key: str, agent: object = None, identity: str = "Q9") -> dict[str, Any]:
    data = {
        "id": identity, "type": "incident", "status": event, "incident_key": key, "title": "errors",
        "created_at": "2026-11-29T03:30:00Z", "service": {"id": "P1", "summary": "checkout"},
    }  # fmt: skip
    told = {"id": "01E", "event_type": f"incident.{event}", "resource_type": "incident",
            "occurred_at": "2026-11-29T03:31:00.120Z", "agent": agent, "data": data}  # fmt: skip
    return {"event": told}


def user(name: str) -> dict[str, str]:
    return {"id": "PUSER", "summary": name, "type": "user_reference", "self": "https://pd.example.org/u"}


def opsgenie(action: str, alias: str, username: str = "ann.bell@shop.example.org") -> dict[str, Any]:
    alert = {"alertId": "7c9e", "message": "errors", "alias": alias, "entity": "checkout",
             "createdAt": 1795923000136, "updatedAt": 1795923060136000000, "username": username}  # fmt: skip
    return {"action": action, "alert": alert, "integrationName": "nexus"}


async def ours(paging: Paging) -> str:
    _, identity = await paging.told("errors", "checkout")
    assert identity is not None
    return identity


async def test_acknowledged_in_pagerduty_it_is_theirs_by_the_key_of_our_page(paging: Paging) -> None:
    incident = await ours(paging)
    taken, (said,) = await paging.says(pagerduty("acknowledged", incident, user("Kim Lee")))
    assert (taken, said.incident, said.by, said.source) == ("joined", incident, "Kim Lee", "PagerDuty")
    assert not said.takes_over
    again, told = await paging.says(pagerduty("acknowledged", incident, user("Kim Lee")))
    assert (again, len(told)) == ("joined", 1), "what is sent again is one word"


async def test_without_an_agent_somebody_has_it(paging: Paging) -> None:
    _, (said,) = await paging.says(pagerduty("acknowledged", await ours(paging)))
    assert said.by == "somebody"


async def test_an_alert_that_it_told_itself_is_known_by_its_own_key(paging: Paging) -> None:
    taken, _ = await paging.says(pagerduty("triggered", "checkout/errors"))
    assert taken == "opened"
    _, (said,) = await paging.says(pagerduty("acknowledged", "checkout/errors", user("Ann Bell")))
    assert said.by == "Ann Bell"


@pytest.mark.parametrize("event", ["triggered", "resolved", "reopened", "unacknowledged", "annotated"])
async def test_pagerduty_never_does_more_with_our_page(paging: Paging, event: str) -> None:
    incident = await ours(paging)
    taken, said = await paging.says(pagerduty(event, incident, user("Kim Lee")))
    assert (taken, said) == ("ignored", [])
    assert [one.id for one in await paging.store.page()] == [incident], "no page opens an incident"
    assert await paging.store.events(incident) == ()


async def test_a_key_like_ours_of_an_incident_that_is_not_is_an_alert(paging: Paging) -> None:
    await ours(paging)
    taken, _ = await paging.says(pagerduty("triggered", "INC-2019-01-01-001", identity="another Nexus"))
    assert taken in {"opened", "joined"}


@pytest.mark.parametrize(
    ("action", "counts"),
    [
        ("Acknowledge", True), ("TakeOwnership", True), ("UnAcknowledge", False), ("AssignOwnership", False),
        ("AddNote", False), ("Close", False), ("Delete", False), ("Create", False), ("Escalate", False),
        ("Snooze", False),
    ],
)  # fmt: skip
async def test_opsgenie_names_people_by_mail_and_is_heard_only_where_they_take_it(
    paging: Paging, action: str, counts: bool
) -> None:
    incident = await ours(paging)
    _, said = await paging.says(opsgenie(action, incident))
    assert [(one.incident, one.by, one.source) for one in said] == (
        [(incident, "Ann Bell", "Opsgenie")] if counts else []
    )
    assert [event.kind for event in await paging.store.events(incident)] == ["acknowledge"] * counts


@pytest.mark.parametrize(
    ("entry", "by"),
    [
        ("Acknowledged by Kim", "Kim"), ("Acknowledged by Kim Lee via SMS", "Kim Lee"),
        ("Acknowledged via API", "somebody"), ("Acknowledged", "somebody"), ("Escalated to step #2", None),
        ("Unacknowledged", None), ("Created via generic API", None),
    ],
)  # fmt: skip
async def test_goalert_says_it_in_the_words_of_its_log(paging: Paging, entry: str, by: str | None) -> None:
    alert = {"AppName": "GoAlert", "AlertID": 81, "ServiceID": "s", "ServiceName": "checkout"}
    assert (await paging.says(alert | {"Type": "Alert", "Summary": "errors"}))[0] == "opened"
    status = {"AppName": "GoAlert", "Type": "AlertStatus", "AlertID": 81, "LogEntry": entry}
    _, said = await paging.says(status)
    assert [one.by for one in said] == ([by] if by else [])


async def test_whoever_monitors_may_say_it_of_its_own_alert(paging: Paging) -> None:
    nagios = {"notification_type": "PROBLEM", "host_name": "mx1", "service_desc": "queue",
              "state": "CRITICAL", "output": "900 mails wait", "timet": "1795923000"}  # fmt: skip
    assert (await paging.says(nagios))[0] == "opened"
    _, said = await paging.says(nagios | {"notification_type": "ACKNOWLEDGEMENT"})
    assert len(said) == 1


async def test_what_has_ended_hears_nothing(paging: Paging) -> None:
    incident = await ours(paging)
    known = await paging.store.load(incident)
    assert known is not None
    paging.clock.advance_to(at(5))
    number = await paging.store.lease(incident, "w", at(60), at(5))
    assert number is not None
    over = known.evolve(status="resolved", ended_at=at(5), closed=True)
    await paging.store.save(over, at(5), getattr(number, "number", number))
    taken, said = await paging.says(pagerduty("acknowledged", incident, user("Kim Lee")))
    assert (taken, said) == ("ignored", [])
    assert (await paging.says(pagerduty("triggered", incident)))[0] == "ignored", "nor does its page open one"


def test_a_person_is_known_by_name_id_or_mail() -> None:
    people = (
        Person(name="Ann Bell", id="u1"), Person(name="Kim", id="kim@shop.example.org"), Person(name="Sam"),
    )  # fmt: skip
    for said, name in {
        "ann  bell": "Ann Bell", "U1": "Ann Bell", "ann.bell@shop.example.org": "Ann Bell",
        "KIM@shop.example.org": "Kim", "kim": "Kim", "sam@elsewhere.example.org": "Sam",
        "somebody": None, "": None, "@": None, "bell": None,
    }.items():  # fmt: skip
        found = person_known_as(people, said)
        assert (found.name if found else None) == name, said
    twins = (Person(name="sam@one.example.org"), Person(name="sam@two.example.org"))
    assert person_known_as(twins, "sam@three.example.org") is None, "it may be either"
