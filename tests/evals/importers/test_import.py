"""`nexus import` on small data in the layouts that the projects publish."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from evals.case import open_eval_case
from evals.importers import Imported, Kind, import_all, kind_of
from evals.importers.nezha import quiet_hour
from incidents.errors import UnknownName, UsageError
from tests.cases import case_sources
from tests.evals.importers import published
from tests.evals.importers.published import CART, ONSET
from tests.nexus.command_line import Terminal
from tools.alerts.formats import parse_alerts
from tools.recorded import Case, open_case

SHARED = Path(__file__).parents[4] / "shared" / "cases"


def imported(kind: Kind, root: Path) -> dict[str, Imported]:
    """Make the data and import it into `root/cases`."""
    make: Callable[[Path], Path] = getattr(published, kind)
    return {one.case: one for one in import_all(kind, make(root / "source"), root / "cases")}


def opened(root: Path, name: str) -> Case:
    """An imported case, read as a whole."""
    case = open_case(root / "cases" / name)
    case.check()
    return case


def test_rcaeval_with_one_table(tmp_path: Path) -> None:
    done = imported(Kind.RCAEVAL, tmp_path)
    one = done["rcaeval-RE1-OB-cartservice-cpu-1"]
    assert one.left_out == (
        "5 samples that are no number",
        "1/logs.csv is not there",
        "1/traces.csv is not there",
    )
    case = opened(tmp_path, one.case)
    metrics = case.recording.telemetry.metrics
    assert metrics.select("service", "metric", "unit").unique().sort("metric").rows() == [
        ("cartservice", "cpu", ""),
        ("frontend", "latency", "seconds"),
        ("frontend", "load", "per_second"),
        ("cartservice", "mem", "bytes"),
    ]
    assert metrics["time"].min() == ONSET - timedelta(minutes=12)
    assert not case.recording.has("logs")
    (alert,) = parse_alerts(case.alerts[0].body, case.alerts[0].at, case.alerts[0].source, case.catalogue)
    assert alert.service == "frontend"
    truth = open_eval_case(case.folder).truth
    assert (truth.cause.service, truth.cause.category, truth.cause.metric) == (
        "cartservice",
        "infrastructure",
        "cpu",
    )
    assert truth.cause.onset == ONSET


def test_rcaeval_with_logs_and_traces(tmp_path: Path) -> None:
    done = imported(Kind.RCAEVAL, tmp_path)
    assert len(done) == 2  # the example beside the incidents is none
    case = opened(tmp_path, "rcaeval-RE2-OB-checkoutservice-f1-2")
    seen = case.recording.telemetry
    assert seen.metrics["service"].unique().sort().to_list() == ["checkoutservice", "frontend"]
    assert seen.logs.height == 289  # one line of 290 has no time
    assert seen.logs["level"].unique().to_list() == ["warn"]
    assert seen.logs["message"][0].startswith("order, ")
    assert set(seen.traces["status"].unique()) == {"ok", "error", "unset"}
    assert case.catalogue.names == ("checkoutservice", "frontend")  # spans call it frontendservice
    assert case.catalogue.get("frontend").depends_on == ("checkoutservice",)
    assert case.catalogue.user_facing == ("frontend",)
    assert open_eval_case(case.folder).truth.cause.category == "code"


def test_petshop(tmp_path: Path) -> None:
    done = imported(Kind.PETSHOP, tmp_path)
    assert list(done) == ["petshop-low_traffic-test-03", "petshop-low_traffic-train-00"]
    case = opened(tmp_path, "petshop-low_traffic-test-03")
    metrics = case.recording.telemetry.metrics
    assert set(metrics.select("metric", "unit").unique().iter_rows()) == {
        ("latency.Average", "seconds"), ("latency.p90", "seconds"),
        ("requests.Sum", "count"), ("availability.Average", "percent"),
    }  # fmt: skip
    assert metrics.filter(service="sqs_AWS::SQS::Queue")["metric"].unique().len() == 2  # blanks are gaps
    assert case.window.end - case.window.start == timedelta(minutes=25)
    assert case.baseline is not None
    assert case.baseline.telemetry.metrics["time"].n_unique() == 40
    assert case.catalogue.get("PetSite").depends_on == ("pay_AWS::ECS::Container", "sqs_AWS::SQS::Queue")
    assert case.catalogue.get("sqs_AWS::SQS::Queue").kind == "queue"
    assert open_eval_case(case.folder).truth.cause.service == "pay_AWS::ECS::Container"


def test_nezha(tmp_path: Path) -> None:
    done = imported(Kind.NEZHA, tmp_path)
    assert list(done) == ["nezha-20220822-0436"]
    case = opened(tmp_path, "nezha-20220822-0436")
    seen = case.recording.telemetry
    assert (case.window.start, case.window.end) == (
        ONSET - timedelta(minutes=15),
        ONSET + timedelta(minutes=5),
    )
    late = seen.metrics.filter(pl.col("time") >= case.window.end)
    assert late.is_empty()  # `TimeStamp` lies years ahead, `Time` is right
    assert seen.metrics.filter(pl.col("peer") != "").select("service", "peer").unique().rows() == [
        ("frontend", "cartservice")
    ]
    assert seen.metrics.filter(service="cartservice", peer="")["instance"].unique().to_list() == [CART]
    assert seen.logs.select("service", "level", "message", "span_id").rows() == [
        ("cartservice", "error", "c.CartImpl#3 [get][no cart]", "s2"),
        ("frontend", "warn", "slow", "s1"),
    ]
    assert seen.traces.select("service", "parent_id", "duration_us", "status").rows() == [
        ("frontend", "", 9000, "unset"),
        ("cartservice", "s1", 7000, "unset"),
    ]
    assert case.baseline is not None
    assert case.baseline.telemetry.traces.height == 2
    assert case.catalogue.names == ("cartservice", "frontend")
    truth = open_eval_case(case.folder).truth
    assert (truth.cause.service, truth.cause.category, truth.cause.note) == (
        "cartservice", "infrastructure", "cpu_contention",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "given", "made"),
    [
        (Kind.PETSHOP, "petshop/ps-low-test-03", "petshop-low_traffic-test-03"),
        (Kind.NEZHA, "nezha/nz-20220822-0436", "nezha-20220822-0436"),
    ],
)
def test_names_and_units_are_those_of_the_cases_that_exist(
    kind: Kind, given: str, made: str, tmp_path: Path
) -> None:
    if not (SHARED / given).is_dir():
        pytest.skip("the recorded public cases are not beside this checkout")
    imported(kind, tmp_path)
    names = ["metric", "unit"]
    ours = set(opened(tmp_path, made).recording.telemetry.metrics.select(names).unique().iter_rows())
    theirs = set(open_case(SHARED / given).recording.telemetry.metrics.select(names).unique().iter_rows())
    assert ours <= theirs
    assert len(ours) > len(theirs) / 2


async def test_an_imported_case_is_a_world(tmp_path: Path) -> None:
    imported(Kind.NEZHA, tmp_path)
    case = opened(tmp_path, "nezha-20220822-0436")
    sources, _ = case_sources(case.folder, tmp_path / "ledger.jsonl", case.alerts[0].at)
    assert sources.world.baseline is not None


def rewrite(root: Path, file: str, old: str, new: str) -> None:
    """Change one file of a source."""
    path = next(root.rglob(file))
    path.write_text(path.read_text().replace(old, new))


def become(root: Path, file: str, text: str) -> None:
    """Make one file of a source hold something else."""
    next(root.rglob(file)).write_text(text)


Spoil = Callable[[Path], object]

INJECTED = "cartservice_cpu/1/inject_time.txt"

#: What is broken in one incident of a source, and what is said of it.
SPOILT: dict[str, tuple[Kind, Spoil, str]] = {
    "no moment": (Kind.RCAEVAL, lambda r: rewrite(r, INJECTED, "16", "soon"), "inject_time.txt"),
    "elsewhere": (Kind.RCAEVAL, lambda r: become(r, INJECTED, "1"), "not inside"),
    "no metrics": (Kind.RCAEVAL, lambda r: next(r.rglob("data.csv")).unlink(), "has none of"),
    "no time": (Kind.RCAEVAL, lambda r: rewrite(r, "data.csv", "time,", "when,"), "column 'time'"),
    "no header": (Kind.PETSHOP, lambda r: rewrite(r, "train/*/metrics.csv", "statistic", "x"), "'statistic'"),
    "no target": (Kind.PETSHOP, lambda r: become(r, "train/*/target.json", "{}"), "'target' is missing"),
    "no object": (Kind.PETSHOP, lambda r: become(r, "train/*/target.json", "["), "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILT)
def test_one_that_is_broken_is_told_and_the_others_are_made(name: str, tmp_path: Path) -> None:
    kind, spoil, told = SPOILT[name]
    make: Callable[[Path], Path] = getattr(published, kind)
    spoil(make(tmp_path / "source"))
    done = list(import_all(kind, tmp_path / "source", tmp_path / "cases"))
    (failed,) = [one for one in done if one.error]
    assert told in str(failed.error)
    (fine,) = [one for one in done if not one.error]
    opened(tmp_path, fine.case)
    assert not (tmp_path / "cases" / failed.case).exists()


def test_the_longest_time_without_an_injection_is_quiet() -> None:
    first, last = ONSET - timedelta(hours=1), ONSET + timedelta(hours=5)
    found = quiet_hour([ONSET], first, last)
    assert found.end - found.start == timedelta(hours=1)
    assert found.start > ONSET + timedelta(hours=1)
    assert quiet_hour([], first, first + timedelta(minutes=5)).minutes == 5


def test_what_cannot_be_imported_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="did you mean petshop"):
        kind_of("petshp")
    with pytest.raises(UsageError, match="no folder"):
        list(import_all(Kind.NEZHA, tmp_path / "nowhere", tmp_path / "cases"))
    with pytest.raises(UsageError, match="holds no incident"):
        list(import_all(Kind.NEZHA, tmp_path, tmp_path / "cases"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(UsageError, match="not empty"):
        list(import_all(Kind.PETSHOP, published.petshop(tmp_path / "source"), tmp_path / "full"))


def test_the_verb_tells_each_case(nexus: Terminal, tmp_path: Path) -> None:
    source = published.petshop(tmp_path / "source")
    typed = nexus("import", "petshop", source, tmp_path / "cases")
    assert typed.code == 0
    assert "petshop-low_traffic-test-03: 50 samples, no log lines" in typed.out
    assert "left out: 10 blank samples" in typed.out
    (source / "dataset" / "low_traffic" / "test" / "issue_3" / "metrics.csv").write_text("")
    typed = nexus("import", "petshop", source, tmp_path / "again", "--json")
    assert typed.code == 1
    assert "1 of 2" in typed.err
    assert [bool(one["error"]) for one in json.loads(typed.out)] == [True, False]
