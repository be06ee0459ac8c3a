"""Whether names of metrics are read in the direction that public alert rules say hurts.

    python -m benchmarks.directions FOLDER-OR-FILE ... [--half even|odd] [--whole] [--list]

Takes files of Prometheus alert rules (`groups`, also inside a PrometheusRule; YAML). The direction of a
metric is told by the operator that its rules compare it with (`tools/live/metrics/rule_expressions.py`);
metrics that rules watch in both directions are left out. Prints how many names the conventions read right,
inverted, or not at all. `--half` keeps the half of the names with an even or odd checksum, so that
words can be chosen while looking at one half only, and measured on the other. `--whole` leaves out metrics of
which rules watch only a part that a label picks (requests whose `code` is 5xx: more requests hurt nobody).
"""

import argparse
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tools.analysis.conventions import conventions
from tools.live.metrics.rule_expressions import watched


def expressions(path: Path) -> Iterator[str]:
    """The expressions of all alerts in a file or in the YAML files below a folder."""
    files = sorted(path.rglob("*.y*ml")) if path.is_dir() else [path]
    for file in files:
        try:
            documents = list(yaml.load_all(file.read_text(encoding="utf-8"), yaml.CSafeLoader))
        except yaml.YAMLError:
            continue
        for document in documents:
            yield from _alerts(document)


def _alerts(document: Any) -> Iterator[str]:
    if not isinstance(document, dict):
        return
    groups = document.get("groups") or (document.get("spec") or {}).get("groups") or ()
    for group in groups:
        yield from (str(rule["expr"]) for rule in group.get("rules") or () if "alert" in rule)


def directions(paths: list[Path], *, whole: bool = False) -> dict[str, str]:
    """The direction of every metric that the rules agree on; `whole`: not of a part that a label picks."""
    told: defaultdict[str, set[str]] = defaultdict(set)
    for path in paths:
        for expression in expressions(path):
            try:
                found = watched(expression)
            except ValueError:
                continue
            for one in found:
                if whole and one.part:
                    continue
                told[one.metric].add(one.direction)
    return {metric: way for metric, (way, *others) in told.items() if not others}


def main() -> None:
    """Print the three counts, and with `--list` the names that are not right."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--half", choices=("even", "odd"))
    parser.add_argument("--whole", action="store_true", help="leave out what is watched in part only")
    parser.add_argument("--list", action="store_true")
    asked = parser.parse_args()
    truth = directions(asked.paths, whole=asked.whole)
    if asked.half:
        truth = {
            name: way for name, way in truth.items() if zlib.crc32(name.encode()) % 2 == (asked.half == "odd")
        }
    known = conventions()
    wrong: defaultdict[str, list[str]] = defaultdict(list)
    for metric, way in sorted(truth.items()):
        bad = known.meaning(metric).bad
        if bad != way:
            wrong["not judged" if bad == "both" else "inverted"].append(f"{metric} ({way})")
    right = len(truth) - sum(map(len, wrong.values()))
    sys.stdout.write(f"{len(truth)} metrics: {right} right ({right / max(len(truth), 1):.1%}), "
          f"{len(wrong['inverted'])} inverted, {len(wrong['not judged'])} not judged\n")  # fmt: skip
    for name in ("inverted", "not judged") if asked.list else ():
        sys.stdout.write("\n  ".join([f"\n{name}:", *wrong[name]]) + "\n")


if __name__ == "__main__":
    main()
