"""A storm of alerts is one incident, two faults are two, and what people taught counts."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.alert import Alert, AlertStatus, Label
from incidents.catalogue import Catalogue, Service
from incidents.correlate import Placement, correlate
from incidents.findings import Category, Confidence, Diagnosis
from incidents.incident import Incident
from incidents.join_rules import Candidate, Rule, connected, keys_of, searched_keys
from incidents.lessons import Lesson, Lessons, lessons_between, subject_of
from incidents.match import Match

NOW = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(minutes=15)
CATALOGUE = Catalogue(
    services=(
        Service(name="web", depends_on=("checkout", "search")),
        Service(name="checkout", depends_on=("payment", "database")),
        Service(name="payment"),
        Service(name="search", depends_on=("database",)),
        Service(name="database"),
        Service(name="mail"),
    )
)
NAMES = st.sampled_from(CATALOGUE.names)


def alert(
    service: str | None, fingerprint: str = "", *, group: str = "", condition: str = "",
    heartbeat: bool = False, status: AlertStatus = AlertStatus.FIRING, **labels: str,
) -> Alert:  # fmt: skip
    return Alert(
        source="alertmanager", title="t", service=service, starts_at=NOW, received_at=NOW, status=status,
        fingerprint=fingerprint or f"f:{service}", group=group, condition=condition, heartbeat=heartbeat,
        labels=tuple(Label(name=name, value=value) for name, value in labels.items()),
    )  # fmt: skip


def at_host(*services: str, host: str = "n1", place: str = "host", fingerprint: str = "node") -> Alert:
    """An alert about a place on which services stand."""
    found = Match(place=f"{place} {host}", services=services, rule=place)
    return alert(None, f"{fingerprint}:{place}:{host}").model_copy(update={"matched_by": found})


def incident(name: str, *alerts: Alert, opened_at: datetime = NOW) -> Candidate:
    return Candidate.of(Incident.opened(name, alerts, opened_at, "playbook", None))


def placed(
    alerts: Sequence[Alert], *candidates: Candidate, taught: tuple[Lesson, ...] = ()
) -> tuple[Placement, ...]:
    return correlate(alerts, candidates, CATALOGUE, Lessons(taught=taught), LONG_AGO)


def one(new: Alert, *candidates: Candidate, taught: tuple[Lesson, ...] = ()) -> Placement:
    return placed([new], *candidates, taught=taught)[0]


def said(*, together: bool, at: datetime = NOW) -> Lesson:
    return Lesson(one="", other="", together=together, by="ana", at=at, reason="two teams", incident="INC-9")


@pytest.mark.parametrize(
    ("failing", "service", "rule", "words"),
    [
        ("checkout", "checkout", Rule.SERVICE, "INC-1 is about checkout too"),
        ("checkout", "database", Rule.PATH, "checkout calls database"),
        ("database", "web", Rule.PATH, "web calls checkout calls database"),
        ("search", "checkout", Rule.NOTHING_SHARED, "checkout is not on the path of search"),
        ("payment", "database", Rule.NOTHING_SHARED, "database is not on the path of payment"),
        ("checkout", "mail", Rule.NOTHING_SHARED, "mail is not on the path of checkout"),
        ("checkout", "of another site", Rule.NOTHING_SHARED, "is not on the path of checkout"),
    ],
)
def test_an_alert_joins_what_its_service_calls_or_is_called_by(
    failing: str, service: str, rule: Rule, words: str
) -> None:
    there = one(alert(service, "new"), incident("INC-1", alert(failing)))
    assert (there.rule, words in there.reason) == (rule, True), there
    assert there.incident == (None if rule is Rule.NOTHING_SHARED else "INC-1")


def test_of_several_services_the_deepest_fails_and_its_siblings_are_not_on_the_path() -> None:
    storm = incident("INC-1", alert("web"), alert("checkout"), alert("payment"))
    assert one(alert("search"), storm).opens == 0
    assert one(alert("checkout", "another"), storm).rule is Rule.SERVICE


def test_what_the_diagnosis_names_is_where_it_fails() -> None:
    found = Diagnosis(
        service="database",
        category=Category.CODE,
        confidence=Confidence.MEDIUM,
        summary="s",
        evidence=("E1",),
    )
    opened = Incident.opened("INC-1", (alert("checkout"),), NOW, "playbook", None)
    known = Candidate.of(opened.evolve(diagnosis=found))
    assert one(alert("database"), known).rule is Rule.CAUSE
    assert one(alert("search"), known).rule is Rule.PATH, "it calls the database"
    assert one(alert("payment"), known).opens == 0, "the checkout calls it, the database does not"


def test_of_several_incidents_the_nearest_counts_and_then_the_youngest() -> None:
    far, near = incident("INC-1", alert("database")), incident("INC-2", alert("checkout"))
    assert one(alert("web"), far, near).incident == "INC-2"
    older = incident("INC-3", alert("checkout"), opened_at=NOW - timedelta(minutes=1))
    assert one(alert("web"), older, near).incident == "INC-2"


def test_an_old_incident_is_joined_by_the_same_alert_alone() -> None:
    old = incident("INC-1", alert("checkout", "pod-a", condition="c"), opened_at=LONG_AGO)
    assert one(alert("checkout", "other"), old).opens == 0
    for same in (alert("checkout", "pod-a"), alert("checkout", "pod-b", condition="c")):
        there = one(same, old)
        assert (there.rule, there.incident) == (Rule.SAME_ALERT, "INC-1")


def test_an_alert_without_a_service_joins_by_its_group_and_never_by_arrival() -> None:
    there = incident("INC-1", alert("checkout", group='{}:{team="red"}'))
    assert one(alert(None, "x"), there).opens == 0
    assert one(alert(None, "x", group='{}:{team="blue"}'), there).opens == 0
    assert one(alert(None, "x", group='{}:{team="red"}'), there).rule is Rule.GROUP
    everything = incident("INC-1", alert("checkout", group="{}:{}"))
    assert one(alert(None, "x", group="{}:{}"), everything).opens == 0, "a group of all says nothing"


def test_a_group_of_two_unrelated_services_is_two_incidents() -> None:
    both = [alert("mail", group="g"), alert("checkout", group="g"), alert("payment", group="g")]
    mail, checkout, payment = placed(both)
    assert (mail.opens, checkout.opens, payment.opens) == (0, 1, 1)
    assert "checkout calls payment" in checkout.reason


def test_alerts_that_differ_in_one_label_are_one_incident() -> None:
    there = incident("INC-1", alert(None, "1", alertname="QueueRank", team="red", rank="1"))
    other = alert(None, "2", alertname="QueueRank", team="red", rank="2")
    assert one(other, there).reason.endswith("in the label rank alone")
    assert one(alert(None, "2", alertname="QueueRank", team="blue", rank="2"), there).opens == 0
    severe = incident("INC-1", alert(None, "1", alertname="HostDown", severity="page", instance="a"))
    assert one(alert(None, "2", alertname="HostDown", severity="page", instance="b"), severe).opens == 0


def test_an_alert_of_a_host_joins_the_one_incident_of_what_stands_there() -> None:
    storm = incident("INC-1", alert("web"), alert("checkout"))
    there = one(at_host("checkout", "mail"), storm)
    assert (there.rule, there.incident) == (Rule.PLACE, "INC-1")
    assert there.reason == "checkout, which fails in INC-1, stands on host n1"
    assert one(at_host("web", "mail"), storm).opens == 0, "web only suffers"
    assert one(at_host("mail"), storm).opens == 0
    broad = one(at_host("checkout", "mail", place="zone"), storm)
    assert broad.opens == 0, "too much stands in a zone"


def test_a_host_on_which_several_incidents_fail_is_one_of_its_own_and_says_so() -> None:
    both = incident("INC-1", alert("checkout")), incident("INC-2", alert("mail"))
    there = one(at_host("checkout", "mail"), *both)
    assert (there.incident, there.opens) == (None, 0)
    for name, service in (("INC-1", "checkout"), ("INC-2", "mail")):
        assert f"not with {name} alone: {service}, which fails in {name}, stands on host n1" in there.reason


def test_what_stands_on_a_host_joins_the_incident_that_is_about_the_host_alone() -> None:
    down = incident("INC-1", at_host("checkout", "mail"))
    there = one(alert("mail"), down)
    assert (there.rule, there.incident) == (Rule.PLACE, "INC-1")
    assert there.reason == "mail stands on host n1, which INC-1 is about"
    assert one(alert("search"), down).opens == 0
    assert one(alert("mail"), incident("INC-1", at_host("mail", place="cluster"))).opens == 0
    mixed = incident("INC-1", at_host("checkout", "mail"), alert("checkout"))
    assert one(alert("mail"), mixed).opens == 0, "it is known to be about checkout"


def test_one_place_is_one_incident_and_a_namespace_is_none() -> None:
    for place in ("host", "zone", "cluster"):
        first = incident("INC-1", at_host("mail", place=place))
        assert one(at_host("mail", place=place, fingerprint="other"), first).rule is Rule.PLACE
        assert one(at_host("mail", place=place, host="n2"), first).opens == 0
    first = incident("INC-1", at_host("mail", place="namespace"))
    assert one(at_host("mail", place="namespace", fingerprint="other"), first).opens == 0


def test_an_end_and_a_heartbeat_open_nothing() -> None:
    over = one(alert("mail", status=AlertStatus.RESOLVED))
    assert (over.rule, over.opens, over.incident) == (Rule.ENDED, None, None)
    beat = one(alert("mail", heartbeat=True), incident("INC-1", alert("mail")))
    assert (beat.rule, beat.opens, beat.incident) == (Rule.HEARTBEAT, None, None)


def test_what_people_separated_stays_apart_and_what_they_joined_comes_together() -> None:
    there, new = incident("INC-1", alert("checkout")), alert("database")
    apart = lessons_between([new], [alert("checkout")], said(together=False))
    assert one(new, there, taught=apart).reason == (
        "not with INC-1: ana separated them on 2026-03-12 in INC-9: two teams"
    )
    again = lessons_between([alert("checkout")], [new], said(together=True, at=NOW + timedelta(days=1)))
    assert one(new, there, taught=(*apart, *again)).rule is Rule.LESSON, "the latest word counts"
    mail = lessons_between([alert("mail")], [alert("checkout")], said(together=True))
    assert one(alert("mail"), there, taught=mail).incident == "INC-1"
    assert one(alert("checkout", "x"), there, taught=apart).rule is Rule.SERVICE


ALERTS = st.builds(
    alert, st.one_of(st.none(), NAMES), st.sampled_from("abcdefgh"), group=st.sampled_from(["", "g", "h"])
) | st.builds(
    at_host, NAMES, NAMES, host=st.sampled_from(["n1", "n2"]), fingerprint=st.sampled_from("ij"),
    place=st.sampled_from(["host", "zone", "namespace"]),
)  # fmt: skip


@given(st.lists(ALERTS, max_size=6, unique_by=lambda a: a.fingerprint), st.randoms())
def test_the_order_within_a_delivery_does_not_matter(alerts: list[Alert], random: object) -> None:
    shuffled = list(alerts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    there = incident("INC-1", alert("search"))
    first = dict(zip((a.fingerprint for a in alerts), placed(alerts, there), strict=True))
    second = dict(zip((a.fingerprint for a in shuffled), placed(shuffled, there), strict=True))
    assert first == second


def _arrive(alerts: Sequence[Alert]) -> set[frozenset[str]]:
    """The incidents after alerts arrived one by one, as sets of fingerprints."""
    opened: list[list[Alert]] = []
    for number, new in enumerate(alerts):
        there = one(new, *(incident(f"INC-{n}", *them) for n, them in enumerate(opened)))
        if there.incident is None:
            opened.append([new])
        else:
            opened[int(there.incident.removeprefix("INC-"))].append(new)
        assert number < 99
    return {frozenset(a.fingerprint for a in them) for them in opened}


@given(st.lists(st.sampled_from(["mail", "payment", "search", "of another site"]), max_size=6), st.randoms())
def test_the_order_in_which_unrelated_alerts_arrive_does_not_matter(names: list[str], random: object) -> None:
    alerts = [alert(name, f"{name}:{number}") for number, name in enumerate(names)]
    shuffled = list(alerts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert _arrive(alerts) == _arrive(shuffled)
    assert len(_arrive(alerts)) == len(set(names))


@given(ALERTS, st.lists(ALERTS, min_size=1, max_size=4))
def test_who_is_looked_for_includes_everybody_who_is_joined(new: Alert, known: list[Alert]) -> None:
    there = incident("INC-1", *known)
    if one(new, there).incident is not None:
        assert searched_keys([new], CATALOGUE, Lessons()) & there.keys


@given(ALERTS, ALERTS)
def test_a_separated_pair_never_joins_and_a_joined_one_always_does(new: Alert, known: Alert) -> None:
    there = incident("INC-1", known)
    for together in (True, False):
        taught = lessons_between([new], [known], said(together=together))
        if subject_of(new) == subject_of(known):
            assert taught == ()
        elif new.fingerprint != known.fingerprint:
            assert (one(new, there, taught=taught).incident == "INC-1") is together


@pytest.mark.parametrize(
    ("service", "reached"),
    [
        ("web", {"web", "checkout", "payment", "search", "database"}),
        ("database", {"database", "checkout", "search", "web"}),
        ("search", {"search", "database", "web"}),  # the checkout only needs the same
        ("mail", {"mail"}),
        ("of another site", {"of another site"}),
        (None, set()),
    ],
)
def test_connected_is_what_an_alert_needs_and_what_needs_it(service: str | None, reached: set[str]) -> None:
    assert connected([alert(service)], CATALOGUE) == reached


def test_keys_of_unlike_alerts_are_disjoint() -> None:
    assert not keys_of(alert("mail", "a", group="g")) & keys_of(alert("web", "b", group="h"))
