"""What moving alerts does to an incident: split and join are each other's undoing, whatever was there."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from graph.events import apply_event
from incidents.alert import Alert
from incidents.events import AlertsArrived, AlertsTakenOut
from incidents.incident import Incident
from incidents.policy import ApprovalPolicy
from tests.graph.harness import RUNBOOK, alert, incident
from tests.graph.worlds import ALERT

NOW = ALERT + timedelta(minutes=1)
SERVICES = st.sampled_from(["web", "checkout", "payment", None])


def made(service: str | None, number: int) -> Alert:
    return alert().model_copy(update={"service": service, "fingerprint": f"n{number}", "title": f"t{number}"})


def after(before: Incident, event: AlertsArrived | AlertsTakenOut) -> Incident:
    return apply_event(before, event, ApprovalPolicy(), RUNBOOK, NOW).incident


@given(st.lists(SERVICES, min_size=1, max_size=5))
def test_what_is_joined_and_then_split_off_was_never_there(services: list[str | None]) -> None:
    before = incident()
    joined = tuple(made(service, number) for number, service in enumerate(services))
    arrived = AlertsArrived(id="a", incident=before.id, at=NOW, alerts=joined)
    out = AlertsTakenOut(
        id="o", incident=before.id, at=NOW, by="ana", reason="r", into="INC-2",
        fingerprints=tuple(one.fingerprint for one in joined),
    )  # fmt: skip
    rest = after(after(before, arrived), out)
    told = {"handled_events": before.handled_events, "step_since": before.step_since, "split_into": ()}
    assert rest.evolve(**told) == before
    assert after(rest, out) == rest, "an event handled twice changes nothing"


@given(st.lists(SERVICES, max_size=3))
def test_nothing_is_ever_left_without_an_alert(services: list[str | None]) -> None:
    alerts = (alert(), *(made(service, number) for number, service in enumerate(services)))
    whole = incident().evolve(alerts=alerts)
    everything = AlertsTakenOut(
        id="o", incident=whole.id, at=NOW, by="ana", reason="r", into="INC-2",
        fingerprints=tuple(one.fingerprint for one in alerts),
    )  # fmt: skip
    assert after(whole, everything).alerts == alerts
