"""Root-cause ranking on recorded cases: accuracy and seconds per case, beside the published figures.

Run from the repository's root:

    POLARS_MAX_THREADS=1 python benchmarks/rca.py ../shared/cases [FOLDER...] [--cases]
    POLARS_MAX_THREADS=1 python benchmarks/rca.py ../shared/cases evals/cases --cross-validate [--every N]

Every folder with a `case.yaml` below is ranked; its truth is read only after the ranking is done. A rank is
strict: suspects with the same score as the right one count as ahead of it. Times include opening the files
anew for each case; the operating system may hold them in memory. What a process has to make ready once, as
`nexus serve` does before it listens, is timed apart.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.crossed import Rank, cross_validate
from evals.scorers.cause import accepted
from incidents.findings import Window
from nexus.runtime.warmup import warm_analysis
from tools.alerts.formats import parse_alerts
from tools.analysis import Ranking, Symptom, Telemetry, rank_suspects
from tools.recorded import Case, open_case
from tools.recorded.document import Truth, load_document
from tools.telemetry.observe import topology
from tools.telemetry.symptom import symptom_kind

#: Figures on the same sets as their authors or re-runs report them: AC@1/@3/@5, seconds per case.
PUBLISHED = {
    "PetShop latency": (
        "traversal .571; ranked correlation .429; CIRCA .357; RCD .071; BARO .08; first trial 1"
    ),
    "PetShop errors": (
        "traversal .833; ranked correlation .750; RCD .750; CIRCA .417; BARO .08; first trial .833"
    ),
    "OnlineBoutique": "Nezha .958/1/1 (with logs not here); BARO .417/.542/.667; trial .875-.917/.958/.958",
    "TrainTicket": "Nezha .893/1/1 in 16.5 s; BARO 0/.107/.286; trial .857-.964/.964/1 in 0.43 s",
}
_UNRANKED = 10_000


@dataclass(frozen=True)
class Outcome:
    """How one case was ranked: 1 is right at the top; seconds of wall time and of processor time."""

    case: str
    group: str
    rank: int
    category_right: bool | None
    wall: float
    cpu: float
    top: str


@dataclass(frozen=True)
class Loaded:
    """One case in memory: what the ranking reads. Its truth is read when it is asked for, after that."""

    case: Case
    symptom: Symptom
    observed: Telemetry
    baseline: Telemetry | None

    def rank(self) -> Ranking:
        """Its suspects."""
        world = self.case
        return rank_suspects(
            self.observed, self.baseline, topology(world.catalogue), self.symptom, world.recording.changes
        )

    @cached_property
    def truth(self) -> Truth:
        """What was true."""
        return load_document(self.case.folder).truth

    @property
    def right(self) -> frozenset[str]:
        """The services that its truth accepts."""
        return accepted(self.truth)

    @property
    def group(self) -> str:
        """The system that was recorded, or what the case's name begins with."""
        document = load_document(self.case.folder)
        system = (document.system or document.id.replace("-", " ")).split()[0]
        return f"PetShop {self.symptom.kind}" if system.startswith("Pet") else system


def load(folder: Path) -> Loaded:
    """Read one case from its files; a baseline inside of its recording is cut out of it."""
    case = open_case(folder)
    given = case.alerts[0]
    first = parse_alerts(given.body, given.at, given.source, case.catalogue)[0]
    kind = symptom_kind(first)
    symptom = Symptom(service=first.service, at=first.starts_at, kind=kind.value if kind else "unknown")
    whole, apart = case.recording.telemetry, case.baseline
    return Loaded(
        case=case,
        symptom=symptom,
        observed=whole if case.quiet is None else _cut(whole, case.window),
        baseline=apart.telemetry if apart else _cut(whole, case.quiet) if case.quiet else None,
    )


def _cut(whole: Telemetry, window: Window) -> Telemetry:
    inside = pl.col("time").is_between(window.start, window.end, closed="left")
    return Telemetry(
        metrics=whole.metrics.filter(inside),
        logs=whole.logs.filter(inside),
        traces=whole.traces.filter(inside),
    )


def strict_rank(ranking: Ranking, right: Iterable[str]) -> int:
    """The place of the best right service, behind all wrong ones of the same score."""
    accepted = set(right)
    scores = [one.score for one in ranking.suspects if one.service in accepted]
    if not scores:
        return _UNRANKED
    best = max(scores)
    return 1 + sum(one.score >= best for one in ranking.suspects if one.service not in accepted)


def evaluate(folder: Path) -> Outcome:
    """Rank one case and compare with its truth."""
    wall, cpu = time.perf_counter(), time.process_time()
    loaded = load(folder)
    ranking = loaded.rank()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    category = loaded.truth.cause.category
    top = ranking.suspects[0] if ranking.suspects else None
    judged = category is not None and top is not None and top.service in loaded.right
    return Outcome(
        case=loaded.case.id,
        group=loaded.group,
        rank=strict_rank(ranking, loaded.right),
        category_right=top.category is category if judged and top else None,
        wall=wall,
        cpu=cpu,
        top=top.service if top else "nothing stands out",
    )


def _share(values: list[bool]) -> str:
    return f"{sum(values) / len(values):.3f}" if values else "-"


def report(outcomes: list[Outcome], each: bool) -> Iterator[str]:
    """The lines of the report."""
    machine = f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"
    yield f"{machine}, polars {pl.__version__} on {pl.thread_pool_size()} thread(s)"
    yield ""
    numbers = f"{'@1':>7}{'@3':>7}{'@5':>7}{'category':>10}{'s mean':>8}{'s max':>7}{'cpu s':>7}"
    yield f"{'set':<17}{'cases':>6}{numbers}"
    for name in sorted({one.group for one in outcomes}):
        some = [one for one in outcomes if one.group == name]
        at = "".join(f"{_share([one.rank <= n for one in some]):>7}" for n in (1, 3, 5))
        category = _share([one.category_right for one in some if one.category_right is not None])
        mean, cpu = (
            sum(values) / len(some) for values in ([one.wall for one in some], [one.cpu for one in some])
        )
        worst = max(one.wall for one in some)
        yield f"{name:<17}{len(some):>6}{at}{category:>10}{mean:>8.3f}{worst:>7.3f}{cpu:>7.3f}"
        yield f"    published: {PUBLISHED.get(name, '-')}"
    for one in outcomes:
        if each or one.rank > 1:
            rank = "unranked" if one.rank == _UNRANKED else f"rank {one.rank}"
            yield f"{one.case}: {rank}, {one.wall:.3f} s, top: {one.top}"


def _crossed(folders: list[Path], every: int) -> Iterator[str]:
    """The lines of the cross-validation over every n-th case of each set."""
    sets: dict[str, list[Path]] = {}
    for folder in folders:
        sets.setdefault(load(folder).group.split()[0], []).append(folder)
    yield f"Every {every}. case of each set, in the order of their names." if every > 1 else "All cases."
    yield from cross_validate(
        {name: [_again(load(one)) for one in some[::every]] for name, some in sets.items()}
    )


def _again(case: Loaded) -> Rank:
    return lambda: strict_rank(case.rank(), case.right)


def main() -> int:
    """Score every case below the given folders."""
    parser = argparse.ArgumentParser(description="Score the root-cause ranking on recorded cases.")
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--cases", action="store_true", help="list every case, not only the missed ones")
    parser.add_argument("--cross-validate", action="store_true", help="vary each constant of the analysis")
    parser.add_argument("--every", type=int, default=3, help="cross-validate on every n-th case of a set")
    chosen = parser.parse_args()
    folders = sorted(path.parent for root in chosen.folders for path in root.rglob("case.yaml"))
    if not folders:
        sys.stderr.write(f"no case.yaml below {', '.join(map(str, chosen.folders))}\n")
        return 2
    if chosen.cross_validate:
        for line in _crossed(folders, max(chosen.every, 1)):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
        return 0
    began = time.perf_counter()
    warm_analysis()
    sys.stdout.write(f"made ready in {time.perf_counter() - began:.3f} s, once\n")
    outcomes = [evaluate(folder) for folder in folders]
    sys.stdout.write("\n".join(report(outcomes, chosen.cases)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
