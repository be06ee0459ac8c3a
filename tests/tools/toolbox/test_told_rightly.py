"""Answers that would mislead: refusals told as outages, samples told as counts, one answer told as two."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from incidents.changes import Change, ChangeKind
from incidents.errors import Declined
from incidents.findings import EvidenceStatus, Window
from incidents.value import Value, iso
from tests.cases import ALERT, build_case, case_incident, case_sources, case_world, sources_of
from tests.tools.toolbox.test_toolbox import TwoFlags, acted
from tools.analysis.model import OwnChange, RankedChange, Ranking
from tools.memory import MemoryEvidence
from tools.ports import World
from tools.telemetry.own_changes import made_here
from tools.telemetry.sampling import Sampling
from tools.toolbox import TOOLS, available
from tools.toolbox.arguments import ServiceArgs
from tools.toolbox.dependencies import DEPENDENCIES
from tools.toolbox.views import ChangesView, DependenciesView
from tools.toolset import Answer, Sources, Toolset
from tools.wording import clock_time

REASON = "Prometheus at http://m refused the credentials (403); check `auth`; it says: tenant shop is closed"


def toolset(sources: Sources, *names: str) -> Toolset:
    return Toolset(sources, MemoryEvidence(), "infrastructure_maintainer", [TOOLS[name] for name in names])


async def asked(belt: Toolset, name: str, **given: object) -> Answer[Value]:
    tool = TOOLS[name]
    return await belt.ask(tool, tool.args.model_validate(given))


class Closed:
    """A backend that answers and does not tell."""

    async def metrics(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        raise Declined(REASON)

    logs = spans = metrics

    async def changes(self, window: Window) -> tuple[Change, ...]:
        raise Declined(REASON)


def closed(world: World, part: str) -> World:
    return replace(world, **{part: Closed()}, baseline=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("part", "tool", "given"),
    [
        ("metrics", "metrics", {"service": "web"}),
        ("logs", "logs", {}),
        ("traces", "traces", {"service": "web"}),
        ("traces", "endpoints", {}),
        ("changes", "changes", {}),
        ("changes", "deployments", {"service": "web"}),
    ],
)
async def test_a_refusal_is_told_as_one_with_its_reason_and_as_no_outage(
    part: str, tool: str, given: dict[str, object], shop: Path, ledger: Path
) -> None:
    world, clock = case_world(shop, ledger, ALERT)
    answer = await asked(toolset(sources_of(closed(world, part), clock), tool), tool, **given)
    said = answer.evidence.summary
    assert (answer.evidence.status, answer.refused) == (EvidenceStatus.FAILED, True)
    assert "was refused" in said
    assert "no outage" in said
    assert "tenant shop is closed" in said
    assert "did not answer" not in said


async def test_where_the_metrics_are_refused_no_service_is_called_silent_or_down(
    shop: Path, ledger: Path
) -> None:
    world, clock = case_world(shop, ledger, ALERT)
    belt = toolset(sources_of(closed(world, "metrics"), clock), "overview")
    said = (await asked(belt, "overview")).evidence.summary
    assert "no outage" in said
    for words in ("DOWN", "No data now from", "reports nothing", "did not answer"):
        assert words not in said


async def test_an_answer_is_one_evidence_however_it_was_asked_for(shop: Path, ledger: Path) -> None:
    sources, _ = case_sources(shop, ledger, ALERT + timedelta(minutes=1))
    belt = toolset(sources, "logs", "metrics")
    plain = await asked(belt, "logs", service="checkout")
    again = [
        await asked(belt, "logs", service="checkout", limit=50),
        await asked(belt, "logs", service="checkout", offset=0),
    ]
    assert {one.id for one in again} == {plain.id}
    assert belt.asked == (plain.id,)
    other = await asked(belt, "logs", service="web")
    assert other.id != plain.id
    assert len(await belt.store.evidence(sources.incident.id)) == 2


async def test_a_filter_that_no_series_fits_is_named_with_what_there_is(shop: Path, ledger: Path) -> None:
    sources, _ = case_sources(shop, ledger, ALERT + timedelta(minutes=1))
    belt = toolset(sources, "metrics")
    whole = (await asked(belt, "metrics", service="checkout", limit=200)).data
    answer = await asked(belt, "metrics", service="checkout", metric="kafka_lag", kind="errors")
    said = answer.evidence.summary
    assert answer.evidence.status is EvidenceStatus.EMPTY
    assert "of kind errors with 'kafka_lag' in the name" in said
    names = {level.metric for level in getattr(whole, "levels", ())}
    assert names
    assert f"without that filter there are {len(names)}: " in said
    assert all(name in said for name in names)


async def test_the_flags_of_a_service_can_be_listed(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger, ALERT)
    belt = toolset(sources_of(replace(world, inventory=TwoFlags()), clock), "inventory")
    said = (await asked(belt, "inventory", service="checkout")).evidence.summary
    assert "new-till on, old-till off" in said
    assert "Flags: none" in (await asked(belt, "inventory", service="web")).evidence.summary


async def test_flags_that_a_recording_names_are_listed_too(tmp_path: Path, ledger: Path) -> None:
    folder = build_case(tmp_path, "flagged")
    with (folder / "telemetry" / "changes.jsonl").open("a") as file:
        flag = Change(
            id="flag-late-fees", time=ALERT - timedelta(minutes=5), service="payment", kind=ChangeKind.FLAG,
            version_to="late-fees=on",
        )  # fmt: skip
        file.write(flag.model_dump_json(exclude_defaults=True) + "\n")
    world, clock = case_world(folder, ledger, ALERT)
    belt = toolset(sources_of(world, clock), "inventory")
    assert "late-fees on" in (await asked(belt, "inventory", service="payment")).evidence.summary


def test_a_role_is_offered_only_what_its_world_can_answer(shop: Path, ledger: Path, tmp_path: Path) -> None:
    world, _ = case_world(shop, ledger, ALERT)
    names = (
        "overview", "metrics", "logs", "traces", "endpoints", "deployments", "database", "inventory",
        "plan_action", "read_file", "probes",
    )  # fmt: skip
    bare = replace(
        world, lacks=frozenset({"traces", "changes", "actions"}), inventory=None, code=None, health=None,
        catalogue=world.catalogue.model_copy(
            update={"services": tuple(s for s in world.catalogue.services if s.kind != "database")}
        ),
    )  # fmt: skip
    assert [tool.name for tool in available(names, bare)] == ["overview", "metrics", "logs"]
    assert {"traces", "endpoints", "database", "inventory"} <= {t.name for t in available(names, world)}
    folder = build_case(tmp_path, "no-traces", traces=False)
    recorded, _ = case_world(folder, ledger, ALERT)
    assert "traces" not in [tool.name for tool in available(names, recorded)]


@pytest.mark.parametrize(
    ("traced", "about", "sampled"),
    [(40, 400, True), (390, 400, False), (400, 390, False), (4, 10, False), (0, 50, True), (40, None, None)],
)
def test_when_traces_count_as_a_sample(traced: int, about: int | None, sampled: bool | None) -> None:
    assert Sampling(traced=traced, about=about).sampled is sampled


async def test_traces_that_hold_a_part_of_the_calls_say_how_many(tmp_path: Path, ledger: Path) -> None:
    folder = build_case(tmp_path, "sampled")
    whole = await _traces(folder, ledger)
    spans = pl.read_parquet(folder / "telemetry" / "traces.parquet")
    kept = spans["trace_id"].unique(maintain_order=True).gather_every(5).to_list()
    spans.filter(pl.col("trace_id").is_in(kept)).write_parquet(folder / "telemetry" / "traces.parquet")
    told = await _traces(folder, ledger)
    found = getattr(told.data, "sampling", None)
    assert isinstance(found, Sampling)
    before = getattr(whole.data, "sampling", None)
    assert isinstance(before, Sampling)
    assert found.traced < before.traced / 3
    assert (found.about or 0) >= 0.9 * before.traced
    assert f"sampled: {found.traced} of about {found.about} calls" in told.evidence.summary


async def test_traces_that_nothing_can_be_compared_with_may_be_sampled(tmp_path: Path, ledger: Path) -> None:
    folder = build_case(tmp_path, "uncounted")
    metrics = pl.read_parquet(folder / "telemetry" / "metrics.parquet")
    metrics.filter(pl.col("unit") != "per_second").write_parquet(folder / "telemetry" / "metrics.parquet")
    assert "may be sampled" in (await _traces(folder, ledger)).evidence.summary


async def _traces(folder: Path, ledger: Path) -> Answer[Value]:
    sources, _ = case_sources(folder, ledger, ALERT + timedelta(minutes=2))
    return await asked(toolset(sources, "traces"), "traces", service="checkout")


async def test_a_long_line_can_be_read_whole_by_a_search_for_its_words(tmp_path: Path, ledger: Path) -> None:
    folder = build_case(tmp_path, "long")
    logs = pl.read_parquet(folder / "telemetry" / "logs.parquet")
    long = f"settling day 7 failed: {'row ' * 300}key=quince {'col ' * 200}end of it"
    last = logs.sort("time").tail(1).with_columns(message=pl.lit(long), level=pl.lit("error"))
    rest = logs.filter(pl.col("time") <= ALERT)
    last = last.with_columns(time=pl.lit(ALERT, dtype=logs.schema["time"]), service=pl.lit("checkout"))
    pl.concat([rest, last]).sort("time").write_parquet(folder / "telemetry" / "logs.parquet")
    sources, _ = case_sources(folder, ledger, ALERT + timedelta(minutes=1))
    belt = toolset(sources, "logs")
    cut = (await asked(belt, "logs", service="checkout")).evidence.summary
    assert "settling day" in cut
    assert "key=quince" not in cut
    assert "end of it" in cut
    assert f"{len(long)} characters, cut" in cut
    assert "key=quince" in (await asked(belt, "logs", service="checkout", contains="quince")).evidence.summary


async def test_all_tools_of_one_look_tell_the_same_times_in_the_same_line(shop: Path, ledger: Path) -> None:
    sources, _ = case_sources(shop, ledger, ALERT + timedelta(minutes=2))
    names = ("overview", "metrics", "dependencies", "traces", "database")
    belt = toolset(sources, *names)
    told = [
        (await asked(belt, name, **({} if name in {"overview", "database"} else {"service": "checkout"})))
        for name in names
    ]
    looked = {line for one in told for line in one.evidence.summary.splitlines() if "Looked: " in line}
    assert len(looked) == 1
    assert all("Looked: now is" in one.evidence.summary for one in told)


async def test_the_ranking_says_of_when_its_figures_are_and_whom_the_overview_calls_usual(
    shop: Path, ledger: Path
) -> None:
    sources, _ = case_sources(shop, ledger, ALERT + timedelta(minutes=2))
    belt = toolset(sources, "suspects", "overview")
    ranked = await asked(belt, "suspects")
    assert "2 min before the alert to 2 min after it" in ranked.evidence.summary
    usual = {
        one.service
        for one in getattr((await asked(belt, "overview")).data, "services", ())
        if not one.deviates
    }
    suspects = [one.service for one in getattr(ranked.data, "suspects", ())]
    assert set(getattr(ranked.data, "calm", ())) == usual & set(suspects)


async def test_changes_are_measured_from_a_sign_and_not_from_the_change_that_is_blamed(
    tmp_path: Path, ledger: Path
) -> None:
    folder = build_case(tmp_path, "earlier")
    kept = folder / "telemetry" / "changes.jsonl"
    rows = [json.loads(row) for row in kept.read_text().splitlines()]
    moved = [
        {
            **row,
            "time": iso(datetime.fromisoformat(row["time"]) - timedelta(seconds=40 * (row["id"] == "c2"))),
        }
        for row in rows
    ]
    kept.write_text("\n".join(map(json.dumps, moved)))
    sources, _ = case_sources(folder, ledger, ALERT + timedelta(minutes=2))
    belt = toolset(sources, "suspects", "changes")
    ranking = await asked(belt, "suspects")
    assert isinstance(ranking.data, Ranking)
    first = ranking.data.suspects[0]
    told = await asked(belt, "changes")
    assert isinstance(told.data, ChangesView)
    signs = [one.onset for one in first.reasons if one.channel != "changes" and one.onset is not None]
    assert (told.data.of, told.data.onset) == (first.service, min(signs))
    best = told.data.changes[0]
    assert best.change.id == first.change
    assert best.change.time < told.data.onset
    since = f"{clock_time(told.data.onset)}, first sign of {first.service}"
    assert f"Changes near the onset ({since})" in told.evidence.summary
    assert "40 s before the onset" in told.evidence.summary
    assert f"strongest sign since {clock_time(first.onset)}" in ranking.evidence.summary


async def test_what_nexus_changed_itself_is_told_as_its_own(shop: Path, ledger: Path) -> None:
    before, clock = case_sources(shop, ledger, ALERT + timedelta(minutes=5))
    sources = await acted(before, clock, 1)
    own = sources.incident.proposals[0]
    assert own.outcome is not None
    theirs = Change(
        time=own.outcome.at, id="r9", service="checkout", kind=ChangeKind.DEPLOY, version_from="2.0",
        version_to="1.0",
    )  # fmt: skip
    others = [
        theirs.model_copy(update={"id": "r8", "version_to": "3.0"}),
        theirs.model_copy(update={"id": "r7", "service": "web"}),
        theirs.model_copy(update={"id": "r6", "time": ALERT - timedelta(minutes=9)}),
    ]
    about = case_incident().evolve(proposals=(own,))
    assert made_here(about, [*others, theirs]) == (OwnChange(change="r9", action="A1"),)
    assert made_here(case_incident(), [theirs]) == ()
    view = (await asked(toolset(sources, "changes"), "changes")).data
    assert isinstance(view, ChangesView)
    (recorded,) = view.ours
    back = theirs.model_copy(update={"id": recorded.change})
    ranked = RankedChange(change=back, score=0.9, text="back to 1.0")
    said = "(made by Nexus as A1, after the incident had begun): back to 1.0"
    assert said in TOOLS["changes"].say(view.model_copy(update={"changes": (ranked,)}))
    ranking = (await asked(toolset(sources, "suspects"), "suspects")).data
    assert isinstance(ranking, Ranking)
    blamed = ranking.suspects[0].model_copy(update={"change": recorded.change})
    told = ranking.model_copy(update={"suspects": (blamed,), "ours": view.ours})
    assert f"fits change {recorded.change} (made by Nexus as A1" in TOOLS["suspects"].say(told)


async def test_lines_after_a_change_are_said_to_be_the_newest_since_it(shop: Path, ledger: Path) -> None:
    before, clock = case_sources(shop, ledger, ALERT + timedelta(minutes=2))
    sources = await acted(before, clock, 5)
    said = " UTC (2 min), the newest since A1; usual is"
    assert said in (await asked(toolset(sources, "logs"), "logs")).evidence.summary
    assert "since A1" not in (await asked(toolset(before, "logs"), "logs")).evidence.summary


async def test_a_part_that_its_caller_sees_otherwise_than_it_says_is_told_with_the_reason(
    shop: Path, ledger: Path
) -> None:
    sources, _ = case_sources(shop, ledger, ALERT + timedelta(minutes=2))
    view = await DEPENDENCIES.ask(sources, ServiceArgs(service="web"))
    assert isinstance(view, DependenciesView)
    (part, *_) = [one for one in view.dependencies if one.edge is not None and one.state is not None]
    for series, calls in ((True, False), (False, True), (True, True)):
        state = part.state.model_copy(update={"deviates": series}) if part.state else None
        edge = part.edge.model_copy(update={"deviates": calls}) if part.edge else None
        one = part.model_copy(update={"state": state, "edge": edge})
        told = DEPENDENCIES.say(view.model_copy(update={"dependencies": (one,)}))
        assert ("the two differ" in told) is (series is not calls)
