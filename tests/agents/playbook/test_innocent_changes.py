"""Whose trouble it is: a change that its service outlived, a line that passes on another's failure."""

from datetime import timedelta

import polars as pl
import pytest

from agents.grounding.quotes import Text, missing
from incidents.changes import Change, ChangeKind
from incidents.facts import Facts
from incidents.findings import Category
from incidents.severity import Severity
from tests.agents.playbook.test_keywords import COMMANDER, logging
from tests.agents.playbook.test_worlds import CATALOGUE, investigate, levels
from tests.agents.stage import ALERT, NOW, ONSET, START, Levels, Stage, incident, world
from tools.analysis import TRACES_SCHEMA

RELEASED = Change(
    time=ONSET - timedelta(minutes=1), id="deploy-7", service="orders", kind=ChangeKind.DEPLOY,
    version_from="1", version_to="2",
)  # fmt: skip
INVESTIGATORS = ("infrastructure_maintainer", "devops_automator", "backend_architect")


class TestOutlived:
    SLOW_STORE = levels(store_latency_p95=0.4, web_latency_p95=0.5)

    @pytest.mark.parametrize("role", INVESTIGATORS)
    async def test_a_change_of_a_service_that_does_well_is_not_blamed_for_anothers_trouble(
        self, role: str
    ) -> None:
        stage = Stage(world(CATALOGUE, self.SLOW_STORE, changes=(RELEASED,)))
        report = await investigate(stage, incident(), role)
        assert report.hypotheses[0].service == "store"
        (spared,) = [one for one in report.hypotheses if one.change == RELEASED.id]
        assert spared.ruled_out_by is not None
        assert "answers take 50 ms, usually 50 ms" in spared.ruled_out_by
        assert "Of store that is not so: answers take 400 ms, usually 4 ms" in spared.ruled_out_by
        kept = await stage.kept(incident())
        assert not missing(spared.ruled_out_by, [Text(kept[cited].summary) for cited in spared.evidence])

    @pytest.mark.parametrize("role", INVESTIGATORS)
    async def test_it_is_while_it_does_badly_itself(self, role: str) -> None:
        both: Levels = levels(store_latency_p95=0.4, orders_latency_p95=0.6, web_latency_p95=0.7)
        report = await investigate(Stage(world(CATALOGUE, both, changes=(RELEASED,))), incident(), role)
        assert next(one.change for one in report.hypotheses if one.service == "orders") == RELEASED.id

    async def test_a_release_that_is_blamed_is_cleared_and_named(self) -> None:
        stage = Stage(world(CATALOGUE, self.SLOW_STORE, changes=(RELEASED,)))
        report = await investigate(stage, incident("orders"), "devops_automator")
        (spared,) = [one for one in report.hypotheses if one.change == RELEASED.id]
        assert spared.ruled_out_by is not None
        assert spared.ruled_out_by.startswith(
            "since its change orders serves as usual: 0.1 % of its requests "
        )

    @pytest.mark.parametrize(
        ("before", "apart"),
        [(1, "1 min before"), (45, "45 min before"), (61, None), (-1, "1 min after"), (-3, None)],
    )
    async def test_a_change_that_fits_badly_is_named_where_nothing_tells_more(
        self, before: int, apart: str | None
    ) -> None:
        known = {key: level for key, level in self.SLOW_STORE.items() if key[:2] != ("orders", "error_ratio")}
        change = RELEASED.model_copy(update={"time": ONSET - timedelta(minutes=before)})
        stage = Stage(world(CATALOGUE, known, changes=(change,)))
        report = await investigate(stage, incident(), "infrastructure_maintainer")
        named = [one.ruled_out_by or "" for one in report.hypotheses if one.change == RELEASED.id]
        assert len(named) == (1 if apart else 0)
        said = f"{apart} it began at 10:15:00 UTC, but nothing of orders is unlike before"
        assert [text for text in named if not text.endswith(said)] == []

    async def test_it_is_where_only_its_callers_do_badly(self) -> None:
        stage = Stage(world(CATALOGUE, levels(web_error_ratio=0.3), changes=(RELEASED,)))
        report = await investigate(stage, incident("orders"), "devops_automator")
        assert next(one.change for one in report.hypotheses if one.service == "orders") == RELEASED.id

    @pytest.mark.parametrize("role", INVESTIGATORS)
    async def test_it_is_where_nobody_does_badly(self, role: str) -> None:
        stage = Stage(world(CATALOGUE, levels(orders_cpu=0.9), changes=(RELEASED,)))
        report = await investigate(stage, incident("orders"), role)
        assert report.hypotheses[0].change == RELEASED.id

    @pytest.mark.parametrize("fails", [("web",), ("web", "store")])
    async def test_nor_while_single_requests_show_that_it_answers(self, fails: tuple[str, ...]) -> None:
        change = RELEASED.model_copy(update={"service": "store"})
        off = levels(web_error_ratio=0.3)
        stage = Stage(world(CATALOGUE, off, changes=(change,), traces=requests(*fails)))
        report = await investigate(stage, incident("store"), "devops_automator")
        (said,) = [one for one in report.hypotheses if one.change == change.id]
        assert (report.hypotheses[0].change == change.id) is ("store" in fails)
        assert (said.ruled_out_by is None) is ("store" in fails)
        if said.ruled_out_by is not None:
            assert "store answers as ever while requests to web go on failing" in said.ruled_out_by


def requests(*failing: str) -> pl.DataFrame:
    """A request a second to web and store; since the onset every third fails of those that are named."""
    rows = [
        (at, 1000, f"t{n}", f"{name}{n}", "", name, "GET /", "error" if bad and name in failing else "ok")
        for n in range(int((NOW - START).total_seconds()))
        for at in [START + timedelta(seconds=n)]
        for bad in [at >= ONSET and n % 3 == 0]
        for name in ("web", "store")
    ]
    return pl.DataFrame(rows, schema=TRACES_SCHEMA, orient="row")


class TestPassedOn:
    """Lines in which a caller tells what a part that it calls answered."""

    async def test_what_a_caller_logs_of_a_part_outside_is_that_parts_failure(self) -> None:
        failing = levels(bank_error_ratio=0.4, orders_error_ratio=0.3, web_error_ratio=0.3)
        logs = logging("orders", "POST /orders failed: bank answered 503: no such exception")
        stage = Stage(world(CATALOGUE, failing, logs=logs))
        report = await investigate(stage, incident("orders"), COMMANDER)
        about = [one for one in report.hypotheses if "orders logs" in one.summary]
        assert {(one.service, one.category) for one in about} == {("bank", Category.DEPENDENCY)}

    async def test_what_ran_out_ran_out_where_the_line_says(self) -> None:
        logs = logging("web", "GET / failed: orders answered 503: no free worker")
        failing = levels(orders_error_ratio=0.3, web_error_ratio=0.3)
        report = await investigate(Stage(world(CATALOGUE, failing, logs=logs)), incident(), COMMANDER)
        short = {one.service for one in report.hypotheses if "no free worker" in one.summary}
        assert short == {"orders"}


async def test_an_alert_that_came_later_and_is_more_severe_raises_the_severity() -> None:
    case = incident(severity="ticket").evolve(severity=Severity.P2)
    (opened,) = case.alerts
    paged = opened.model_copy(update={"severity": "page", "fingerprint": "f2", "starts_at": ALERT})
    stage = Stage(world(CATALOGUE, levels(orders_error_ratio=0.3)))
    assert (await investigate(stage, case, "relevant_developer")).severity is None
    report = await investigate(stage, case.evolve(alerts=(opened, paged)), "relevant_developer")
    assert report.severity is Severity.P1
    by_hand = case.evolve(alerts=(opened, paged), severity_by="dana")
    assert (await investigate(stage, by_hand, "relevant_developer")).severity is None


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("statement refused: no free connection within 0.2 s", None),
        ("theme winter.css is missing", Severity.P3),
    ],
)
async def test_a_change_with_which_something_ran_short_is_never_minor(
    line: str, severity: Severity | None
) -> None:
    stage = Stage(world(CATALOGUE, levels(), logs=logging("orders", line), changes=(RELEASED,)))
    facts = Facts(at=NOW, error_ratio=0.001, latency_times=1.0, quiet=True)
    case = incident("orders").evolve(severity=Severity.P2, facts=facts)
    report = await investigate(stage, case, "relevant_developer")
    assert report.hypotheses[0].category is Category.DEPLOYMENT
    assert report.severity is severity
