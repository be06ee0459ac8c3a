"""Bad days of a backtest: a retention that ends, a catalogue that has changed, a model that goes down."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from evals.backtest.occurrence import occurrences
from evals.backtest.sources import PROMETHEUS, of_firings, read
from evals.batch import Job, run_all
from evals.run import Run
from incidents.catalogue import Catalogue, Service
from nexus.config.settings import Settings
from tests.evals.backtest.test_occurrence import JOIN, firing
from tests.nexus.command_line import Terminal
from tests.tools.live.fakes.server import Answer, Asked, serving, told
from tools.alerts.formats import parse_alerts

KEPT = timedelta(days=5)


def prometheus(asked: Asked) -> Answer:
    """One that scrapes and keeps five days; nothing has fired in them."""
    begins = (datetime.now(UTC) - KEPT).timestamp()
    start, end, step = (float(asked.one(name)) for name in ("start", "end", "step"))
    times = [start + number * step for number in range(int((end - start) / step) + 1)]
    up = [[at, "1"] for at in times if at >= begins and "group(up)" in asked.one("query")]
    series = [{"metric": {}, "values": up}] if up else []
    return told({"status": "success", "data": {"resultType": "matrix", "result": series}})


@pytest.mark.parametrize(("since", "ends"), [("14d", True), ("3d", False)])
def test_a_retention_that_ends_inside_the_range_is_said(
    nexus: Terminal, tmp_path: Path, since: str, ends: bool
) -> None:
    file = tmp_path / "nexus.yaml"
    with serving(prometheus) as server:
        backend = {"kind": "prometheus", "url": server.url, "series": []}
        content = {"services": [{"name": "web"}], "backends": {"metrics": backend}}
        file.write_text(yaml.safe_dump(content))
        words = ("backtest", "--config", file, "--since", since, "--out", tmp_path / "out", "--json")
        typed = nexus(*words)
    assert typed.code == 0, typed.err
    notes = json.loads(typed.out)["notes"]
    assert [one.startswith("Prometheus knows nothing of before") for one in notes] == ([True] if ends else [])


def test_a_service_that_was_renamed_is_found_by_its_former_name_and_one_that_is_gone_is_told_by_it() -> None:
    catalogue = Catalogue(services=(Service(name="checkout", aliases=("till",)), Service(name="web")))
    unread: list[str] = []
    sent = of_firings([firing("till", 0), firing("carts", 120)])
    renamed, gone = occurrences(read(sent, PROMETHEUS, catalogue, unread), catalogue, JOIN)
    assert (renamed.services, gone.services, unread) == (("checkout",), ("carts",), [])
    began = renamed.deliveries[0]
    (replayed,) = parse_alerts(began.body, began.at, began.source, catalogue)
    assert (replayed.service, replayed.starts_at) == ("checkout", began.at)


def test_what_a_model_answered_before_it_went_down_is_kept_and_the_rest_is_played_again(
    tmp_path: Path,
) -> None:
    settings = Settings(home=tmp_path / "home")
    jobs = [Job(folder=tmp_path / name, mode="llm", epoch=1, settings=settings, key=name) for name in "abc"]
    asked: list[str] = []
    down = {"b", "c"}

    def runner(left: Sequence[Job]) -> Iterator[tuple[Job, Run]]:
        for job in left:
            asked.append(job.key)
            why = "THE MODEL DID NOT ANSWER; call again" if job.key in down else None
            yield job, Run(case=job.key, group="g", engine="llm", epoch=1, seconds=1.0, error=why)

    def quiet(run: Run, done: int, total: int) -> None:
        """Tell nobody."""

    first = run_all(jobs, tmp_path / "out", runner, quiet)
    assert [one.error is None for one in first] == [True, False, False]
    down.clear()
    again = run_all(jobs, tmp_path / "out", runner, quiet)
    assert [one.error for one in again] == [None, None, None]
    assert asked == ["a", "b", "c", "b", "c"], "what was answered is not asked again"
