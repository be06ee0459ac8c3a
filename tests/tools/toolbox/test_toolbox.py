"""Every tool on the small case: typed results, answers with units and zones, honest empty answers."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from incidents.action import Action, ActionKind, Arguments, Outcome, Proposal
from incidents.errors import ToolFailed
from incidents.findings import EvidenceStatus, Window
from incidents.health import Probe
from incidents.inventory import FlagState, Inventory
from incidents.value import Value
from incidents.verification import Recovery, SignalKind
from tests.cases import ALERT, END, ONSET, build_case, case_incident, case_sources, case_world, sources_of
from tests.tools.toolbox.sources import OneFile, given
from tools.fence import UNFENCED
from tools.memory import MemoryEvidence
from tools.ports import Shot, World
from tools.telemetry.observe import observe
from tools.toolbox import (
    CHANGES,
    DATABASE,
    DEPENDENCIES,
    DEPLOYMENTS,
    ENDPOINTS,
    LOGS,
    METRICS,
    OVERVIEW,
    PIPELINES,
    PLAN_ACTION,
    RECOVERY,
    SUSPECTS,
    TOOLS,
    TRACES,
    available,
)
from tools.toolbox.arguments import (
    ChangesArgs,
    DeploymentsArgs,
    EndpointsArgs,
    LogsArgs,
    MetricsArgs,
    NoArgs,
    PlanArgs,
    RecoveryArgs,
    ServiceArgs,
    TracesArgs,
)  # fmt: skip
from tools.toolset import Answer, Sources, Toolset
from tools.wording import quantity


class OneEndpoint:
    """The twin of the health port: one endpoint that does not do well."""

    async def probe(self, services: Sequence[str] = ()) -> tuple[Probe, ...]:
        return (
            Probe(
                service="checkout", target="GET /health", at=ALERT, healthy=False, said="503",
                milliseconds=12.0,
            ),
        )  # fmt: skip


class OnePage:
    """A page that opens."""

    pages = ("cart",)

    async def shoot(self, page: str) -> Shot:
        return Shot(
            page=page, service="web", title="Cart", status=200, complete=True, at=ALERT, png=b"\x89PNG"
        )


class TwoFlags:
    """Whatever switches flags tells of those of one service."""

    async def inventory(self, service: str) -> Inventory:
        flags = (FlagState(name="new-till", on=True), FlagState(name="old-till", on=False))
        return Inventory(service=service, instances=3, flags=flags if service == "checkout" else ())


@pytest.fixture
def sources(shop: Path, ledger: Path) -> Sources:
    """A minute after the alert."""
    made = case_sources(shop, ledger, ALERT + timedelta(minutes=1))[0]
    world = replace(
        made.world,
        health=OneEndpoint(),
        screens=OnePage(),
        code=OneFile(),
        patches=OneFile(),
        inventory=TwoFlags(),
    )
    return replace(made, world=world)


def toolset(sources: Sources) -> Toolset:
    return Toolset(sources, MemoryEvidence(), "devops_automator", tuple(TOOLS.values()))


def plain(name: str) -> dict[str, Any]:
    """Arguments that every tool accepts on the small case."""
    fields = TOOLS[name].args.model_fields
    if name == "plan_action":
        return {"kind": "rollback", "service": "checkout", "version": "1.0"}
    service = {"service": "checkout"} if "service" in fields and fields["service"].is_required() else {}
    return service | given(name)


async def asked(sources: Sources, name: str, **given: Any) -> Answer[Value]:
    tool = TOOLS[name]
    return await toolset(sources).ask(tool, tool.args.model_validate(given or plain(name)))


@pytest.mark.parametrize("name", sorted(TOOLS))
async def test_every_tool_answers_in_words_and_is_kept_as_evidence(sources: Sources, name: str) -> None:
    answer = await asked(sources, name)
    assert answer.evidence.status is EvidenceStatus.OK, answer.evidence.summary
    assert answer.evidence.summary
    assert answer.data is not None
    assert type(answer.data).model_validate_json(answer.data.model_dump_json())


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_every_tool_says_what_it_is_for_and_what_its_arguments_mean(name: str) -> None:
    tool = TOOLS[name]
    assert tool.name == name
    assert len(tool.description) > 60
    assert all(field.description for field in tool.args.model_fields.values())


@pytest.mark.parametrize("name", sorted(n for n in TOOLS if "service" in TOOLS[n].args.model_fields))
async def test_a_service_that_does_not_exist_is_told_with_the_nearest_names(
    sources: Sources, name: str
) -> None:
    answer = await asked(sources, name, **plain(name) | {"service": "chekout"})
    assert answer.evidence.status is EvidenceStatus.FAILED
    assert "checkout" in answer.evidence.summary


async def test_overview_has_the_worst_first_with_onset(sources: Sources) -> None:
    view = await OVERVIEW.ask(sources, NoArgs())
    assert [state.service for state in view.services[:2]] == ["checkout", "web"]
    worst = view.services[0]
    assert worst.onset == ONSET
    assert worst.errors is not None
    assert worst.errors.now == pytest.approx(0.4, abs=0.03)
    assert not view.services[2].deviates
    text = OVERVIEW.say(view)
    assert "errors 40 %" in text
    assert "UTC" in text


async def test_metrics_can_be_narrowed_to_a_kind_and_say_what_was_left_out(sources: Sources) -> None:
    latency = await METRICS.ask(sources, MetricsArgs(service="checkout", kind=SignalKind.LATENCY))
    assert {level.kind for level in latency.levels} == {SignalKind.LATENCY}
    one = await METRICS.ask(sources, MetricsArgs(service="checkout", limit=1))
    assert one.levels[0].deviates
    assert one.left_out > 0
    assert f"{one.left_out} more left out" in METRICS.say(one)


async def test_logs_put_new_failures_first(sources: Sources) -> None:
    view = await LOGS.ask(sources, LogsArgs(service="checkout"))
    first = view.templates[0]
    assert first.novel
    assert first.level == "error"
    assert "TypeError" in first.template
    assert first.first >= ONSET
    assert first.trace_id
    errors = await LOGS.ask(sources, LogsArgs(level="error"))
    assert {one.level for one in errors.templates} == {"error"}


async def test_traces_show_the_failing_operation_and_edge(sources: Sources) -> None:
    view = await TRACES.ask(sources, TracesArgs(service="checkout"))
    (operation,) = view.operations
    assert operation.deviates
    assert operation.now is not None
    assert operation.now.error_share == pytest.approx(0.4, abs=0.05)
    deviating = {(edge.caller, edge.callee) for edge in view.edges if edge.deviates}
    assert deviating == {("web", "checkout")}


async def test_one_trace_is_shown_as_a_tree_with_its_log_lines(sources: Sources) -> None:
    (first, *_) = (await TRACES.ask(sources, TracesArgs(service="checkout"))).slowest
    answer = await asked(sources, "traces", service="checkout", trace=first)
    assert answer.evidence.status is EvidenceStatus.OK
    text = answer.evidence.summary
    lines = text.splitlines()
    web = next(n for n, line in enumerate(lines) if line.startswith("- web"))
    assert lines[web + 1].startswith("  - checkout")
    assert "own" in lines[web]
    assert "TypeError" in text
    unknown = await asked(sources, "traces", service="checkout", trace="nobody")
    assert unknown.evidence.status is EvidenceStatus.FAILED
    assert "use an id shown" in unknown.evidence.summary


async def test_deployments_know_the_running_and_the_healthy_version(sources: Sources) -> None:
    view = await DEPLOYMENTS.ask(sources, DeploymentsArgs(service="checkout"))
    assert (view.running, view.running_since, view.previous) == ("2.0", ONSET, "1.0")
    assert view.previous_healthy is True
    assert [one.version for one in view.deployments] == ["2.0", "1.0"]


async def test_nothing_deployed_is_said(sources: Sources) -> None:
    answer = await asked(sources, "deployments", service="payment")
    # The source answered: it has releases of others, so that none of this one is an answer, not a gap.
    assert answer.evidence.status is EvidenceStatus.OK
    assert "No deployment of payment is recorded" in answer.evidence.summary
    assert "3 of other services are" in answer.evidence.summary


async def test_changes_rank_the_guilty_deployment_first(sources: Sources) -> None:
    view = await CHANGES.ask(sources, ChangesArgs())
    assert not view.nothing_changed
    assert view.changes[0].change.id == "c2"
    assert "c2" in CHANGES.say(view)


async def test_suspects_blame_the_broken_service(sources: Sources) -> None:
    ranking = await SUSPECTS.ask(sources, NoArgs())
    assert ranking.suspects[0].service == "checkout"
    assert "1. checkout" in SUSPECTS.say(ranking)


async def test_dependencies_tell_parts_that_do_well(sources: Sources) -> None:
    view = await DEPENDENCIES.ask(sources, ServiceArgs(service="checkout"))
    assert {part.name: part.deviates for part in view.dependencies} == {"payment": False, "orders-db": False}
    assert view.callers == ("web",)
    web = await DEPENDENCIES.ask(sources, ServiceArgs(service="web"))
    assert [part.name for part in web.dependencies if part.deviates] == ["checkout"]


async def test_the_database_is_found_by_its_kind(sources: Sources) -> None:
    view = await DATABASE.ask(sources, NoArgs())
    assert [one.state.service for one in view.databases] == ["orders-db"]
    assert not view.databases[0].state.deviates


async def test_pipelines_admit_that_no_ci_is_recorded(sources: Sources) -> None:
    view = await PIPELINES.ask(sources, NoArgs())
    assert [one.change for one in view.deployments] == ["c2", "c1", "c0"]
    assert view.ci_recorded is False
    assert "No CI data is recorded" in PIPELINES.say(view)


async def test_a_plan_is_a_dry_run(sources: Sources) -> None:
    plan = await PLAN_ACTION.ask(
        sources, PlanArgs(kind=ActionKind.ROLLBACK, service="checkout", version="1.0")
    )
    assert plan.undo is not None
    assert plan.undo.arguments.version == "2.0"
    assert "nothing was changed" in PLAN_ACTION.say(plan)
    with pytest.raises(ValueError, match="needs the argument 'version'"):
        PlanArgs(kind=ActionKind.ROLLBACK, service="checkout")


ROLLBACK = Action(kind=ActionKind.ROLLBACK, service="checkout", arguments=Arguments(version="1.0"))


async def acted(sources: Sources, clock: Any, minutes: float, action: Action = ROLLBACK) -> Sources:
    plan = await sources.world.actions.plan(action)
    outcome: Outcome = await sources.world.actions.execute(action, "k1", UNFENCED)
    proposal = Proposal(
        id="A1", incident="INC-1", plan=plan, digest="d", reason="r", proposed_by="devops_automator",
        engine="playbook", proposed_at=ALERT, expires_at=END, state="done", outcome=outcome,
    )  # fmt: skip
    clock.advance(timedelta(minutes=minutes))
    return sources_of(sources.world, clock, case_incident().evolve(proposals=(proposal,)))


async def test_after_an_action_endpoints_have_three_parts(shop: Path, ledger: Path) -> None:
    before, clock = case_sources(shop, ledger, ALERT + timedelta(minutes=5))
    sources = await acted(before, clock, 8)
    view = await ENDPOINTS.ask(sources, EndpointsArgs())
    orders = next(one for one in view.endpoints if one.operation == "POST /orders")
    assert view.action == "A1"
    assert orders.normal is True
    assert (orders.before is not None, orders.during is not None, orders.after is not None) == (
        True,
        True,
        True,
    )
    assert orders.during is not None
    assert orders.during.error_share == pytest.approx(0.4, abs=0.02)


async def test_before_any_action_endpoints_are_not_normal(sources: Sources) -> None:
    view = await ENDPOINTS.ask(sources, EndpointsArgs())
    assert view.after is None
    orders = next(one for one in view.endpoints if one.operation == "POST /orders")
    assert (orders.normal, orders.before is not None, orders.limits is not None) == (False, True, True)
    assert orders.before is not None
    assert orders.limits is not None
    assert orders.limits.p95_ms >= max(2 * orders.before.p95_ms, orders.before.p95_ms + 50)
    assert orders.limits.error_share == (orders.before.error_share or 0.0) + 0.05
    said = ENDPOINTS.say(view)
    assert f"not normal from p95 {quantity(orders.limits.p95_ms, 'milliseconds')} or errors " in said
    assert "Not normal is a p95 of 2 times the one before and 50 ms above it" in said


async def test_recovery_is_judged_after_the_action(shop: Path, ledger: Path) -> None:
    before, clock = case_sources(shop, ledger, ALERT + timedelta(minutes=5))
    sources = await acted(before, clock, 8)
    found = await RECOVERY.ask(sources, RecoveryArgs())
    assert found.verdict is Recovery.RECOVERED
    assert found.action == "A1"
    assert "usual" in RECOVERY.say(found)


async def test_silence_since_the_action_is_said_as_that(shop: Path, ledger: Path) -> None:
    before, clock = case_sources(shop, ledger, END + timedelta(minutes=10))
    restart = Action(kind=ActionKind.RESTART, service="checkout")
    at = clock.now()
    sources = await acted(before, clock, 5, restart)
    overview = (await asked(sources, "overview")).evidence
    assert overview.status is EvidenceStatus.EMPTY
    assert f"no telemetry from after the last action ({at:%H:%M} UTC)" in overview.summary
    # Nothing is claimed of the time before it.
    assert f"{END:%H:%M}" not in overview.summary.partition("\n")[0]


async def test_windows_say_what_their_rows_cover(sources: Sources) -> None:
    view = await TRACES.ask(sources, TracesArgs(service="checkout"))
    assert view.now.end <= sources.clock.now()
    ends = await ENDPOINTS.ask(sources, EndpointsArgs())
    spans = (await observe(sources)).telemetry.traces["time"]
    assert ends.during.end == spans.max()


class SlowTail:
    """The metrics of another world, whose catalogue has a p99 that leaps at the onset while p95 stays."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def metrics(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        told = await self._world.metrics.metrics(window, services)
        p95 = told.filter((pl.col("service") == "catalogue") & (pl.col("metric") == "latency_p95"))
        leaps = pl.when(pl.col("time") >= ONSET).then(1.0).otherwise(0.03)
        return pl.concat([told, p95.with_columns(metric=pl.lit("latency_p99"), value=leaps)])


async def test_a_slow_tail_is_not_as_usual(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger, ALERT + timedelta(minutes=1))
    sources = sources_of(replace(world, metrics=SlowTail(world)), clock)
    (line,) = [
        line
        for line in OVERVIEW.say(await OVERVIEW.ask(sources, NoArgs())).splitlines()
        if line.startswith("- catalogue")
    ]
    assert line.startswith("- catalogue [deviates")
    assert "also latency_p99 1 s (usual 0.03 s)!" in line


async def test_the_overview_says_what_its_mark_means(sources: Sources) -> None:
    text = OVERVIEW.say(await OVERVIEW.ask(sources, NoArgs()))
    assert "`!` marks what deviates: beyond the usual range by 3 times its spread" in text


async def test_the_rolled_back_version_runs(shop: Path, ledger: Path) -> None:
    before, clock = case_sources(shop, ledger, ALERT + timedelta(minutes=5))
    sources = await acted(before, clock, 0)
    assert (await DEPLOYMENTS.ask(sources, DeploymentsArgs(service="checkout"))).running == "1.0"


async def test_a_world_without_logs_and_traces_says_so(tmp_path: Path, ledger: Path) -> None:
    folder = build_case(tmp_path, "bare", logs=False, traces=False)
    sources, _ = case_sources(folder, ledger, ALERT + timedelta(minutes=1))
    for name, words in (
        ("logs", "No log line"),
        ("traces", "No traces"),
        ("endpoints", "No traced endpoints"),
    ):
        answer = await asked(sources, name, service="checkout")
        assert answer.evidence.status is EvidenceStatus.EMPTY
        assert words in answer.evidence.summary


class CountedLogs:
    """The logs of another world: counts how often they are read, and can be down."""

    def __init__(self, world: World, down: bool = False) -> None:
        self.reads = 0
        self._world = world
        self._down = down

    async def logs(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        self.reads += 1
        await asyncio.sleep(0)
        if self._down:
            raise ToolFailed("connection refused")
        return await self._world.logs.logs(window, services)


def with_logs(world: World, logs: CountedLogs) -> World:
    return World(
        catalogue=world.catalogue, metrics=world.metrics, logs=logs, traces=world.traces,
        changes=world.changes, actions=world.actions, quiet=world.quiet,
    )  # fmt: skip


async def test_roles_that_ask_at_the_same_time_read_the_backend_once(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger, ALERT)
    logs = CountedLogs(world)
    sources = sources_of(with_logs(world, logs), clock)
    await asyncio.gather(*(asked(sources, name) for name in ("overview", "logs", "suspects", "traces") * 3))
    assert logs.reads == 2  # the window and the quiet time
    clock.advance(timedelta(minutes=1))
    await asked(sources, "logs")
    assert logs.reads == 3


async def test_a_backend_that_is_down_leaves_a_gap_and_the_rest_goes_on(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger, ALERT)
    sources = sources_of(with_logs(world, CountedLogs(world, down=True)), clock)
    overview = await asked(sources, "overview")
    assert overview.evidence.status is EvidenceStatus.OK
    assert "logs backend did not answer: connection refused" in overview.evidence.summary
    failed = await asked(sources, "logs")
    assert failed.evidence.status is EvidenceStatus.FAILED
    assert "connection refused" in failed.evidence.summary


async def test_the_future_is_never_seen(shop: Path, ledger: Path) -> None:
    early = ONSET - timedelta(minutes=1)
    world, clock = case_world(shop, ledger, early)
    incident = case_incident(early, case_incident().alerts[0].model_copy(update={"starts_at": early}))
    sources = sources_of(world, clock, incident)
    overview = await OVERVIEW.ask(sources, NoArgs())
    assert not any(state.deviates for state in overview.services)
    assert (await DEPLOYMENTS.ask(sources, DeploymentsArgs(service="checkout"))).running == "1.0"


async def test_old_telemetry_is_called_old(shop: Path, ledger: Path) -> None:
    sources, _ = case_sources(shop, ledger, END + timedelta(minutes=10))
    assert "10 min old" in (await asked(sources, "overview")).evidence.summary


async def test_what_was_asked_directly_names_the_unhealthy(sources: Sources) -> None:
    answer = await asked(sources, "probes")
    assert "checkout GET /health [NOT healthy]: 503; 12 ms" in answer.evidence.summary


def test_a_recording_offers_no_direct_questions(sources: Sources) -> None:
    recorded = replace(sources.world, health=None)
    assert [tool.name for tool in available(("probes", "logs"), recorded)] == ["logs"]
