"""Cards of an incident: agents at work, services around it, what was told and is owed, its alerts."""

from datetime import datetime

from incidents.catalogue import Catalogue, Service
from incidents.disposition import AlertDisposition, ToldOutcome
from incidents.findings import Evidence
from incidents.incident import Incident
from incidents.severity import Severity, Step
from incidents.timeline import Entry, EntryKind
from incidents.usage import Usage, UsageLine
from nexus.config.runbook import load_runbook
from nexus.service.pages.alerts import alerts
from nexus.service.pages.at_work import at_work
from nexus.service.pages.cited import cited, link
from nexus.service.pages.deadlines import deadlines
from nexus.service.pages.now import headline, row_of
from nexus.service.pages.service_map import Health, SeenOverview, service_map
from nexus.service.pages.told import ToldKind, told
from nexus.service.pages.worlds import WorldFacts
from nexus.store.records import Message, MessageKind
from tests.graph.harness import RUNBOOK
from tests.nexus import sample
from tests.nexus.sample import ID, at

MINE = "0003-backend_architect-investigate"
CATALOGUE = Catalogue(
    services=(
        Service(name="web", user_facing=True, depends_on=("checkout",)),
        Service(name="checkout", depends_on=("payment", "database")),
        Service(name="payment"),
        Service(name="database"),
        Service(name="mail"),
    )
)


def work(part: str, minutes: float, kind: EntryKind = EntryKind.WORK, text: str = "investigate") -> Entry:
    return sample.entry(
        f"0003:{MINE}:{part}", minutes, kind, "Backend Architect", text, step="investigation", engine="llm"
    )


def investigating(**changes: object) -> Incident:
    return sample.opened().evolve(step=Step.INVESTIGATION, severity=Severity.P1, **changes)


def asked(number: int, minutes: float) -> Evidence:
    return sample.evidence(number).model_copy(update={"at": at(minutes)})


def test_who_is_at_work_is_told_with_what_they_asked_so_far() -> None:
    evidence = [asked(1, 5.5), asked(0, 3)]  # the older one is of an earlier piece of work
    (one,) = at_work(investigating(), [work("start", 5)], evidence, (), at(6))
    assert (one.role, one.does, one.under_way, one.seconds) == (
        "Backend Architect",
        "investigate",
        True,
        60.0,
    )
    assert [(link.label, link.answer) for link in one.asked] == [
        ("log templates of checkout", "new since 02:56:15: KeyError: <*> in checkout, 1204 lines")
    ]


def test_what_is_done_is_told_with_its_report_engine_and_cost() -> None:
    spent = UsageLine(
        assignment=MINE, role="backend_architect", task="investigate", step="investigation", engine="llm",
        model="large-1", asked=(sample.EVIDENCE[0], sample.EVIDENCE[1]), usage=Usage(seconds=41),
    )  # fmt: skip
    entries = [work("done", 5.5, EntryKind.FINDING, "checkout fails"), work("start", 5)]
    (one,) = at_work(investigating(usage_lines=(spent,)), entries, [asked(1, 5.2), asked(0, 5.1)], (), at(9))
    assert (one.under_way, one.engine, one.report, one.answers) == (False, "large-1", "checkout fails", 2)
    assert one.seconds == 41


def test_who_gave_no_report_is_not_at_work_and_neither_is_who_an_older_turn_left() -> None:
    failed = [work("problem", 6, EntryKind.GAP, "no report within 60 s"), work("start", 5)]
    (one,) = at_work(investigating(), failed, (), (), at(7))
    assert (one.under_way, one.failed) == (False, "no report within 60 s")
    later = sample.entry("0004:to:mitigation", 6, EntryKind.ROUTING, "", "", step="mitigation")
    assert at_work(investigating(), [later, work("start", 5)], (), (), at(7)) == ()


def test_a_map_shows_what_deviates_its_neighbours_and_nothing_else() -> None:
    overview = SeenOverview.from_stored(
        {
            "services": [
                {"service": "web", "down": True, "errors": None, "unknown_key": 1},
                {
                    "service": "checkout", "deviates": True,
                    "errors": {"metric": "error_ratio", "unit": "ratio", "baseline": 0.0, "now": 0.6},
                },
                {"service": "payment", "latency": {"metric": "p95", "unit": "seconds", "now": 0.074}},
            ],
            "silent": ["database"],
        }
    )  # fmt: skip
    nodes = service_map(sample.waiting(), CATALOGUE, overview)
    assert [(one.service, one.health) for one in nodes] == [
        ("web", Health.DOWN),
        ("checkout", Health.DEVIATES),
        ("database", Health.SILENT),
        ("payment", Health.USUAL),
    ]
    assert [one.cause for one in nodes] == [False, True, False, False]
    assert nodes[3].figures == ("answers in 74 ms",)
    assert nodes[1].calls == ("database", "payment")


def test_a_circle_of_calls_is_drawn_too() -> None:
    circle = Catalogue(
        services=(
            Service(name="checkout", depends_on=("web",)),
            Service(name="web", depends_on=("checkout",)),
        )
    )
    assert {one.service for one in service_map(sample.waiting(), circle, None)} == {"checkout", "web"}


def test_what_was_told_comes_newest_first_with_calls_to_people() -> None:
    page = Message(
        incident=ID,
        kind=MessageKind.PAGE,
        key="k",
        at=at(12),
        title="x",
        text="A1 since 2026-11-23T03:09:10Z",
    )
    found = told(sample.resolved(), (page,))
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)
    calls = [one for one in found if one.kind is ToldKind.CALL]
    assert [(one.head, one.text) for one in calls] == [("People on call", "A1 since 03:09:10")]
    assert [one.text for one in found if one.kind is ToldKind.BRIEF] == [
        "SITUATION: checkout is degraded affecting 38% of buyers"
    ]


def due(incident: Incident, now: datetime) -> list[tuple[str, bool]]:
    return [(one.what, one.overdue) for one in deadlines(incident, RUNBOOK, None, now)]


def test_what_is_owed_next_is_told_with_what_is_late() -> None:
    waiting = sample.waiting().evolve(severity=Severity.P1)
    assert ("A1 expires", False) in due(waiting, at(20))
    assert ("A1 expires", True) in due(waiting, at(42))
    assert any(what.startswith("escalates to") for what, _ in due(waiting, at(20)))


def test_an_alert_says_why_it_is_here_and_how_often_it_was_told() -> None:
    outcome = ToldOutcome(
        disposition=AlertDisposition.OPENED, reason="no young incident", fingerprint="a1b2c3d4", delivery=1,
        times=3,
    )  # fmt: skip
    (one,) = alerts(sample.waiting(), (outcome,))
    assert (one.firing, one.reason, one.times) == (True, "no young incident", 3)
    (over,) = alerts(sample.resolved(), ())
    assert not over.firing


def test_evidence_that_is_not_known_is_told_by_its_id() -> None:
    found = cited(("E-11111111", sample.EVIDENCE[0], sample.EVIDENCE[0]), {sample.EVIDENCE[0]: asked(0, 1)})
    assert [one.label for one in found] == ["E-11111111", "error rates of checkout"]
    assert link(asked(0, 1)).role == "Backend Architect"


def test_the_first_page_counts_in_words() -> None:
    runbook = load_runbook(None, RUNBOOK.roles_named())
    row = row_of(sample.waiting(), runbook, WorldFacts(Catalogue(), None), at(20), None)
    assert (row.doing, row.step_number, row.next and row.next.what) == (
        "a change is proposed",
        3,
        "A1 expires",
    )
    assert headline((), 0) == "All is quiet"
    assert headline((row,), 1) == "One open, one waits for people"
    assert headline((row, row), 14) == "14 open, two wait for people"
