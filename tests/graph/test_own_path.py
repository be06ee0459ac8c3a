"""What deviates beside an incident's path is named, and never changed for it; what joins is looked at."""

from dataclasses import replace

import pytest

from incidents.action import Verdict
from incidents.alert import Alert
from incidents.catalogue import Catalogue, Service, ServiceKind
from incidents.events import AlertsArrived
from incidents.heartbeat import Heartbeat, silence_of
from incidents.incident_path import is_beside, path_of, why_beside
from incidents.match import Match
from incidents.reports import Task
from incidents.severity import Status
from tests.graph.harness import Bench, alert, bench, incident
from tests.graph.test_incidents import after, decide

#: The checkout fails as ever and its change looks guilty; the alert is about web, which does not call it.
APART = Catalogue(
    services=(
        Service(name="web", owner="frontend", user_facing=True, depends_on=("payment",)),
        Service(name="checkout", owner="backend"),
        Service(name="payment", owner="backend"),
    )
)


def apart() -> Bench:
    at = bench()
    at.deps = replace(at.deps, world=replace(at.deps.world, catalogue=APART))
    at.people.decides = decide(Verdict.APPROVE)
    return at


async def test_a_change_of_one_service_is_not_made_for_the_alert_of_another() -> None:
    at = apart()
    ended = await at.run(incident())
    assert (ended.proposals, at.world.deeds) == ((), {})
    assert ended.status is Status.HANDED_OVER
    assert (ended.services, ended.nearby) == (("web",), ("checkout",))
    told = await at.told()
    assert any("checkout deviate too, but are not on the path" in text for text in told)
    assert any("checkout neither calls web nor is called by it" in text for text in told)


def joined(service: str | None, severity: str) -> Alert:
    update = {"service": service, "severity": severity, "fingerprint": "f2", "title": f"Slow: {service}"}
    return alert().model_copy(update=update)


@pytest.mark.parametrize(
    ("new", "again"),
    [
        (joined("payment", "warning"), True),
        (joined("web", "critical"), False),
        (joined(None, "critical"), False),
        (joined("web", "P0"), True),
    ],
)
async def test_what_joins_is_triaged_if_it_is_worse_or_of_a_service_nobody_looked_at(
    new: Alert, again: bool
) -> None:
    at = bench()
    arrived = AlertsArrived(
        id="e", incident="INC-1", at=after(1), alerts=(new,), reasons=("web calls payment",)
    )
    at.people.events = [(after(1), lambda _i, _now: arrived)]
    await at.run(incident())
    triaged = [asked for asked in at.engine.asked if asked.task is Task.TRIAGE]
    assert len(triaged) == (2 if again else 1)
    assert any("joined, for web calls payment" in text for text in await at.told())


def test_the_path_is_what_the_alerts_name_with_who_calls_it_and_what_it_calls() -> None:
    assert path_of((alert(),), APART) == frozenset({"web", "payment"})
    assert path_of((joined(None, ""),), APART) is None, "nothing is known of it"
    assert path_of((joined("elsewhere", ""),), APART) is None
    there = Match(place="host n1", services=("payment",), rule="host")
    of_host = joined(None, "").model_copy(update={"matched_by": there})
    assert path_of((of_host,), APART) == frozenset({"web", "payment"}), "what stands on its host"
    assert "neither calls payment" in why_beside("mail", (of_host,))
    assert path_of((of_host, joined("mail", "")), APART) == path_of((joined("mail", ""),), APART)
    assert not is_beside("checkout", (joined("elsewhere", ""),), APART)


def test_a_host_to_which_no_call_is_known_may_carry_anything() -> None:
    host = Service(name="worker-2", kind=ServiceKind.EXTERNAL)
    with_host = Catalogue(services=(*APART.services, host))
    assert not is_beside("worker-2", (alert(),), with_host)
    assert is_beside("checkout", (alert(),), with_host)


def test_that_the_monitoring_is_silent_is_about_no_service() -> None:
    beat = Heartbeat(fingerprint="dog", name="Watchdog", heard_at=after(0))
    silence = silence_of(beat, None, after(9), over=False)
    assert path_of((silence,), APART) == frozenset()
    assert "the monitoring itself is silent" in why_beside("web", (silence,))
    assert path_of((silence, alert()), APART) == path_of((alert(),), APART)
