"""Two published methods on simulated worlds and on recordings: do they order the kinds of faults alike?

Run from the repository's root; BARO needs `pip install fse-baro`, which is not among the dependencies:

    python -m evals.simulate --seed 1 --many 200 --out SIMULATED
    python benchmarks/simulated.py SIMULATED ../shared/cases

Both methods know the onset and the series, and nothing of who calls whom. BARO (Pham et al., FSE 2024;
`fse-baro`) takes the largest robust z-score after it; the other the median absolute one, which one odd sample
does not move. A service's rank is that of its best series.

Measured on the 77 cases of `../shared/cases` and on ten simulated ones of each kind (`--kind`), right at @1:
BARO / median z, recorded (cases), then simulated (ten each). Processors and delays come before exceptions,
wrong answers and nodes in both. Not alike: both methods find recorded delays more often than starved
processors, and simulated ones less often.

    processor            .35 / .38 (26)   .60 / .70
    network delay        .47 / .41 (17)   .30 / .20
    exception            .06 / .06 (16)   .20 / .20
    wrong answer         .07 / .07 (14)   .00 / .00
    node                 .00 / .00  (4)   .00 / .00
    slow code            none             .10 / .50
    overload of a store  none             .60 / .80
"""

import argparse
import importlib
import importlib.util
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from evals.case import find_cases
from tools.recorded import open_case
from tools.recorded.case import read_truth

Method = Callable[[pl.DataFrame, pl.DataFrame], list[str]]

#: Kinds that simulated worlds and recordings share: names of the former, words of the latter's truths.
FAMILIES: dict[str, tuple[frozenset[str], tuple[str, ...]]] = {
    "node": (frozenset({"node_network", "node_processor"}), ("node_",)),
    "processor": (frozenset({"cpu_starvation"}), ("cpu",)),
    "network delay": (frozenset({"delay_at"}), ("network_delay",)),
    "slow code": (frozenset({"bad_release_slow"}), ("latency injected",)),
    "exception": (frozenset({"bad_release_errors", "new_data"}), ("exception", "errors injected")),
    "wrong answer": (frozenset({"bad_release_wrong"}), ("return",)),
    "overload of a store": (frozenset({"database_overload"}), ("request overload",)),
}


@dataclass(frozen=True)
class Asked:
    """One case: whether it is simulated, its family, who is right, and its series, one column each."""

    simulated: bool
    family: str
    right: frozenset[str]
    before: pl.DataFrame
    after: pl.DataFrame


def main() -> None:
    """Print per method and family how often a right service is first, and among the first three."""
    parser = argparse.ArgumentParser(
        description="Two published methods on simulated worlds and on recordings."
    )
    parser.add_argument("folders", nargs="+", type=Path)
    methods: dict[str, Method] = {"median z": median_z}
    if importlib.util.find_spec("baro"):
        methods["BARO"] = baro
    ranks: dict[tuple[str, str, bool], list[int]] = defaultdict(list)
    for case in asked(parser.parse_args().folders):
        for name, method in methods.items():
            order = list(dict.fromkeys(method(case.before, case.after)))
            rank = next((n for n, service in enumerate(order, 1) if service in case.right), len(order) + 1)
            ranks[name, case.family, case.simulated].append(rank)
    for name in methods:
        for family in FAMILIES:
            told = [
                f"{kind} {_share(ranks[name, family, kind == 'simulated'])}"
                for kind in ("recorded", "simulated")
            ]
            sys.stdout.write(f"{name:9} {family:20} {'   '.join(told)}\n")


def _share(ranks: Sequence[int]) -> str:
    if not ranks:
        return "none".ljust(24)
    first, three = (sum(rank <= most for rank in ranks) / len(ranks) for most in (1, 3))
    return f"@1 {first:.2f} @3 {three:.2f} n {len(ranks):3}"


def asked(folders: Sequence[Path]) -> Iterator[Asked]:
    """Every case of a family that has an onset and series on both sides of it."""
    for folder in find_cases(folders):
        truth, made = read_truth(folder), folder / "simulated.yaml"
        kinds = yaml.safe_load(made.read_text(encoding="utf-8"))["kinds"] if made.is_file() else []
        family = next((name for name in FAMILIES if _is(name, kinds, truth.cause.note)), None)
        if family is None or truth.cause.service is None or truth.cause.onset is None:
            continue
        before, after = _halves(folder, truth.cause.onset)
        if before.height >= 3 and after.height:
            right = frozenset({truth.cause.service, *truth.also_accept})
            yield Asked(bool(kinds), family, right, before, after)


def _is(family: str, kinds: Sequence[str], note: str) -> bool:
    simulated, words = FAMILIES[family]
    return len(kinds) == 1 and kinds[0] in simulated if kinds else any(word in note for word in words)


def _halves(folder: Path, onset: datetime) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The series before and after the onset; a baseline that was recorded apart stands before."""
    case = open_case(folder)
    rows = case.recording.telemetry.metrics
    before, after = rows.filter(pl.col("time") < onset), rows.filter(pl.col("time") >= onset)
    if case.baseline is not None:
        before = pl.concat([case.baseline.telemetry.metrics, before])
    return _wide(before), _wide(after)


def _wide(rows: pl.DataFrame) -> pl.DataFrame:
    """A column per series, named by its service first; a gap holds what was there before it."""
    names = pl.concat_str("service", "metric", "instance", "peer", separator="\t").alias("series")
    wide = rows.select("time", names, "value").pivot(
        "series", index="time", values="value", aggregate_function="mean"
    )
    return wide.sort("time").drop("time").fill_null(strategy="forward").fill_null(strategy="backward")


def median_z(before: pl.DataFrame, after: pl.DataFrame) -> list[str]:
    """Services by the median of |value - median| / interquartile range of their best series."""
    scores = []
    for name in before.columns:
        usual, now = before[name].drop_nulls(), after[name].drop_nulls() if name in after.columns else None
        if now is None or not len(now) or not len(usual):
            continue
        spread = float(usual.quantile(0.75) or 0.0) - float(usual.quantile(0.25) or 0.0)
        off = (now - float(usual.median() or 0.0)).abs().median()  # type: ignore[arg-type]
        scores.append((float(off or 0.0) / (spread or 1.0), name.partition("\t")[0]))
    return [service for _, service in sorted(scores, key=lambda each: (-each[0], each[1]))]


def baro(before: pl.DataFrame, after: pl.DataFrame) -> list[str]:
    """Services as BARO's RobustScorer ranks their series."""
    robust_scorer = importlib.import_module("baro.root_cause_analysis").robust_scorer
    columns = [name for name in before.columns if name in after.columns]
    whole = pl.concat([before.select(columns), after.select(columns)]).with_columns(
        pl.Series("time", range(before.height + after.height))
    )
    frame = importlib.import_module("pandas").DataFrame(whole.to_dict(as_series=False))
    found = robust_scorer(frame, inject_time=before.height)["ranks"]
    return [str(series).partition("\t")[0] for series in found]


if __name__ == "__main__":
    main()
