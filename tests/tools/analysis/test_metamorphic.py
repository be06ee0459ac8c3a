"""What must not matter to the ranking does not: names, the hour, how busy it is, who else is well.

A few cases of each public set; `-m long` tries all of them. The recordings lie beside a checkout, or not.
"""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from benchmarks.rca import Loaded, load
from tools.analysis import METRICS_SCHEMA, Node, Ranking, Symptom, Telemetry, Topology, rank_suspects
from tools.analysis.meanings import meanings
from tools.telemetry.observe import topology

CASES = Path(__file__).resolve().parents[4] / "shared" / "cases"
FEW = (
    "cob-ob-perfo-01", "cob-ob-perfo-14", "nz-20220822-0436", "nz-20220822-0501", "nz-20230129-0912",
    "ps-low-test-01", "ps-low-test-14", "ps-temporal1-test-03", "ps-temporal1-test-00-late",
)  # fmt: skip
ALL = sorted(path.parent for path in CASES.rglob("case.yaml"))
EACH = [pytest.param(one, id=one.name, marks=[] if one.name in FEW else pytest.mark.long) for one in ALL] or [
    pytest.param(
        None,
        marks=pytest.mark.skip(reason="the recorded cases (../shared/cases) are not beside this checkout"),
    )
]
#: Far from any hour, day or month that a case was recorded in.
LATER = timedelta(days=133, hours=7, minutes=11)
WELL = 12
HEALTH = (("request_rate", 20.0, "per_second"), ("latency_p50", 0.05, "seconds"))


def ranked(case: Loaded, graph: Topology | None = None) -> Ranking:
    known = graph or topology(case.case.catalogue)
    return rank_suspects(case.observed, case.baseline, known, case.symptom, ())


def first(ranking: Ranking) -> str | None:
    return ranking.suspects[0].service if ranking.suspects else None


def each_frame(case: Loaded, *change: pl.Expr, peers: pl.Expr | None = None) -> Loaded:
    def changed(one: Telemetry) -> Telemetry:
        metrics = one.metrics.with_columns(*change, *([peers] if peers is not None else []))
        return Telemetry(
            metrics=metrics, logs=one.logs.with_columns(*change), traces=one.traces.with_columns(*change)
        )

    baseline = changed(case.baseline) if case.baseline is not None else None
    return replace(case, observed=changed(case.observed), baseline=baseline)


@pytest.mark.parametrize("folder", EACH)
def test_names_in_the_opposite_order_change_nothing(folder: Path) -> None:
    case = load(folder)
    graph = topology(case.case.catalogue)
    frames = [*vars(case.observed).values(), *(vars(case.baseline).values() if case.baseline else ())]
    seen = {name for frame in frames for name in frame["service"].unique()} | graph.names()
    new = {name: f"s-{len(seen) - place:04d}" for place, name in enumerate(sorted(seen))}
    service, peer = (pl.col(name).replace(new) for name in ("service", "peer"))
    nodes = (
        Node(name=new[one.name], kind=one.kind, depends_on=tuple(new[name] for name in one.depends_on))
        for one in graph.nodes
    )
    symptom = case.symptom.model_copy(update={"service": new.get(case.symptom.service or "")})
    renamed = replace(each_frame(case, service, peers=peer), symptom=symptom)
    before = {new[one.service]: round(one.score, 6) for one in ranked(case).suspects}
    after = ranked(renamed, Topology(nodes=tuple(nodes)))
    assert {one.service: round(one.score, 6) for one in after.suspects} == before
    assert first(after) == new.get(first(ranked(case)) or "")


@pytest.mark.parametrize("folder", EACH)
def test_the_hour_changes_nothing(folder: Path) -> None:
    case = load(folder)
    symptom = Symptom(service=case.symptom.service, at=case.symptom.at + LATER, kind=case.symptom.kind)
    later = replace(each_frame(case, pl.col("time") + LATER), symptom=symptom)
    scores = [[(one.service, one.score) for one in ranked(which).suspects] for which in (case, later)]
    assert scores[0] == scores[1]


@pytest.mark.parametrize("folder", EACH)
def test_ten_times_the_traffic_names_the_same(folder: Path) -> None:
    case = load(folder)
    known = meanings(case.observed.metrics)
    busy = known.filter(pl.col("family") == "traffic")["metric"].to_list()
    failures = known.filter((pl.col("family") == "errors") & ~pl.col("unit").is_in(["ratio", "percent"]))
    grown = [*busy, *failures["metric"].to_list()]

    def busier(one: Telemetry) -> Telemetry:
        value = pl.when(pl.col("metric").is_in(grown)).then(pl.col("value") * 10).otherwise("value")
        return replace(one, metrics=one.metrics.with_columns(value=value))

    baseline = busier(case.baseline) if case.baseline is not None else None
    grown_case = replace(case, observed=busier(case.observed), baseline=baseline)
    assert first(ranked(grown_case)) == first(ranked(case))


@pytest.mark.parametrize("folder", EACH)
def test_more_services_that_are_well_name_the_same(folder: Path) -> None:
    case = load(folder)

    def wider(one: Telemetry) -> Telemetry:
        times = one.metrics.select(pl.col("time").unique().sort())
        added = [
            times.with_columns(
                service=pl.lit(f"well-{number:02d}"), instance=pl.lit(""), metric=pl.lit(metric),
                peer=pl.lit(""), value=pl.lit(level), unit=pl.lit(unit),
            ).select(METRICS_SCHEMA.names())
            for number in range(WELL)
            for metric, level, unit in HEALTH
        ]  # fmt: skip
        return replace(one, metrics=pl.concat([one.metrics.select(METRICS_SCHEMA.names()), *added]))

    baseline = wider(case.baseline) if case.baseline is not None else None
    graph = topology(case.case.catalogue)
    more = Topology(nodes=(*graph.nodes, *(Node(name=f"well-{number:02d}") for number in range(WELL))))
    wide = replace(case, observed=wider(case.observed), baseline=baseline)
    assert first(ranked(wide, more)) == first(ranked(case))
