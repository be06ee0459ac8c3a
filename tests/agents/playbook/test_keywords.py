"""What logs and the record say outright: shortages, broken stores, configurations and flags to take back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from agents.playbook.checks.keywords import keywords, says
from incidents.action import Action, ActionKind, Arguments
from incidents.causes import SignLevel
from incidents.changes import Change, ChangeKind
from incidents.findings import Category, Confidence, Diagnosis
from incidents.health import Probe
from incidents.incident import Incident
from tests.agents.playbook.test_worlds import (
    CATALOGUE,
    INFRASTRUCTURE,
    blamed,
    investigate,
    levels,
    mitigate,
)
from tests.agents.stage import CAUSES, ONSET, START, Levels, Planned, Stage, incident, world

COMMANDER = "infrastructure_maintainer"
FAILING = levels(orders_error_ratio=0.3, web_error_ratio=0.2)
#: The same, with a third more requests than usual at least.
CROWDED: Levels = {**FAILING, ("orders", "request_rate", "per_second", ""): (10.0, 24.0)}


def logging(service: str, text: str) -> list[tuple[datetime, str, str, str]]:
    calm = [(START + n * timedelta(seconds=20), service, "info", "taken") for n in range(80)]
    return sorted([*calm, *((ONSET + n * timedelta(seconds=5), service, "error", text) for n in range(60))])


def diagnosed(service: str, category: Category, change: str | None = None) -> Incident:
    found = Diagnosis(
        service=service, category=category, confidence=Confidence.HIGH, summary="s", change=change,
        evidence=("E-1",),
    )  # fmt: skip
    return incident().evolve(diagnosis=found)


def changed(identity: str, kind: ChangeKind, before: str, after: str) -> Change:
    return Change(
        time=ONSET - timedelta(minutes=1), id=identity, service="orders", kind=kind, version_from=before,
        version_to=after,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "card"),
    [
        ("statement failed: database is locked", "lock_held"),
        ("no free worker within 2 s, request refused", "workers_busy"),
        ("FATAL: too many connections for role", "connections_exhausted"),
        ("cannot start: file is not a database", "failed_primary"),
    ],
)
def test_a_line_that_names_what_ran_out_settles_the_cause(line: str, card: str) -> None:
    sign = CAUSES.of_line(line)
    assert sign is not None
    assert (sign.category, sign.level) == (Category.INFRASTRUCTURE, SignLevel.DECISIVE)
    assert sign.card.id == card


def test_an_unusual_export_is_a_sign_of_a_breach() -> None:
    assert says(keywords().breach, "UnusualCustomerExport: an account takes page after page")
    assert not says(keywords().breach, "the nightly export failed")


class TestShortages:
    async def test_refusals_under_more_traffic_ask_for_as_many_more_instances(self) -> None:
        lines = logging("orders", "no free worker within 2 s, request refused")
        stage = Stage(world(CATALOGUE, CROWDED, lines, actions=Planned(replicas={"orders": 2})))
        case = await blamed(stage, incident(), COMMANDER)
        assert case.diagnosis is not None
        assert (case.diagnosis.service, case.diagnosis.category) == ("orders", Category.INFRASTRUCTURE)
        report = await mitigate(stage, case, COMMANDER, INFRASTRUCTURE)
        scaled = Action(kind=ActionKind.SCALE, service="orders", arguments=Arguments(replicas=5))
        assert report.proposals[0].action == scaled
        assert {one.action.kind for one in report.proposals} == {ActionKind.SCALE}

    async def test_a_lock_that_somebody_holds_is_ended_by_a_restart(self) -> None:
        lines = logging("store", "statement failed: database is locked")
        stage = Stage(world(CATALOGUE, FAILING, lines))
        report = await mitigate(stage, diagnosed("store", Category.INFRASTRUCTURE), COMMANDER, INFRASTRUCTURE)
        assert report.proposals[0].action == Action(kind=ActionKind.RESTART, service="store")

    async def test_a_store_whose_file_is_broken_is_failed_over_and_never_restarted(self) -> None:
        stage = Stage(world(CATALOGUE, FAILING, logging("store", "cannot start: file is not a database")))
        report = await mitigate(stage, diagnosed("store", Category.INFRASTRUCTURE), COMMANDER, INFRASTRUCTURE)
        assert [one.action.kind for one in report.proposals] == [ActionKind.FAILOVER]

    async def test_without_a_named_shortage_nothing_is_interrupted(self) -> None:
        stage = Stage(world(CATALOGUE, FAILING))
        report = await mitigate(
            stage, diagnosed("orders", Category.INFRASTRUCTURE), COMMANDER, INFRASTRUCTURE
        )
        assert report.proposals == ()
        assert "nothing is known that orders is short of" in report.summary

    async def test_what_nobody_feels_is_not_interrupted(self) -> None:
        stage = Stage(world(CATALOGUE, levels(orders_memory=1.9e9)))
        report = await mitigate(
            stage, diagnosed("orders", Category.INFRASTRUCTURE), COMMANDER, INFRASTRUCTURE
        )
        assert report.proposals == ()
        assert "nothing that users touch is hit" in report.summary


class TestTakingBack:
    async def test_a_configuration_with_versions_is_rolled_back(self) -> None:
        change = changed("config-7", ChangeKind.CONFIG, "2026.9.2", "2026.9.3")
        stage = Stage(world(CATALOGUE, FAILING, changes=(change,)))
        case = diagnosed("orders", Category.DEPLOYMENT, "config-7")
        report = await mitigate(stage, case, "devops_automator", (ActionKind.ROLLBACK,))
        (proposed,) = report.proposals
        assert proposed.action.arguments.version == "2026.9.2"

    async def test_a_configuration_without_versions_is_not(self) -> None:
        stage = Stage(world(CATALOGUE, FAILING, changes=(changed("c", ChangeKind.CONFIG, "", ""),)))
        case = diagnosed("orders", Category.DEPLOYMENT, "c")
        report = await mitigate(stage, case, "devops_automator", (ActionKind.ROLLBACK,))
        assert report.proposals == ()

    @pytest.mark.parametrize(
        ("identity", "to", "flags", "named"),
        [
            ("strict-3", "on", ("strict", "str"), "strict"),
            ("ld:prod/new-search:42", "on", ("search", "new-search"), "new-search"),
            ("a7f1", "new_cart=on", ("new_cart", "cart"), "new_cart"),
            ("audit", "on", None, "audit"),
        ],
    )
    async def test_which_flag_a_change_switched_is_asked_of_what_switches_it(
        self, identity: str, to: str, flags: tuple[str, ...] | None, named: str
    ) -> None:
        change = changed(identity, ChangeKind.FLAG, "off", to)
        hands = Planned(flags={"orders": flags} if flags is not None else {})
        stage = Stage(world(CATALOGUE, FAILING, changes=(change,), actions=hands))
        case = diagnosed("orders", Category.DEPLOYMENT, identity)
        report = await mitigate(stage, case, "devops_automator", (ActionKind.FEATURE_FLAG,))
        (proposed,) = report.proposals
        assert proposed.action.arguments == Arguments(flag=named, enabled=False)

    async def test_a_flag_that_the_service_does_not_have_is_not_guessed(self) -> None:
        change = changed("night-mode", ChangeKind.FLAG, "off", "on")
        stage = Stage(
            world(CATALOGUE, FAILING, changes=(change,), actions=Planned(flags={"orders": ("strict",)}))
        )
        case = diagnosed("orders", Category.DEPLOYMENT, "night-mode")
        report = await mitigate(stage, case, "devops_automator", (ActionKind.FEATURE_FLAG,))
        assert report.proposals == ()
        assert "orders has strict" in report.summary


class _Vendor:
    """The health port: one vendor's status page, that admits to be down."""

    async def probe(self, services: Sequence[str] = ()) -> tuple[Probe, ...]:
        down = Probe(
            service="bank", target="status page", at=ONSET, healthy=False, said="major outage",
            milliseconds=3,
        )  # fmt: skip
        return (down,) if not services or "bank" in services else ()


async def test_a_vendor_that_says_it_is_down_is_believed() -> None:
    stage = Stage(replace(world(CATALOGUE, FAILING), health=_Vendor()))
    report = await investigate(stage, incident(), COMMANDER)
    assert any(
        (one.service, one.category) == ("bank", Category.DEPENDENCY) and "major outage" in one.summary
        for one in report.hypotheses
    )
