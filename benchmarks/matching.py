"""Which service public Prometheus rules find, over a made-up system of ten services.

Run from the repository's root, with a folder of rule files (YAML with `groups`, or `PrometheusRule` objects):

    python -m benchmarks.matching FOLDER [--show wrong|unknown]

Each rule becomes one alert with the labels that its expression leaves, filled in as the exporters and
scrapers of its metrics write them; a label that may hold any word holds another service's name. Where each
value comes from is known when it is filled in: an alert is *determined* if one of them can only be of the
service that fails (its pod, its workload, its address, its unit, a machine that it has for itself), and
undetermined if all that is left is a cluster, a node of several services, an exporter, or a product that is
none of the ten. The matcher sees the labels, the catalogue's names and the series of the system, no marks.

On 2026-11-30, over awesome-prometheus-alerts, kube-prometheus and the collected monitoring mixins: of 1921
rules 926 are determined, all right; of the 995 others 982 are unknown and 13 count as wrong: applications of
Argo CD, consumer groups and a check of Consul's whose name is that of a service here by chance alone. The
made-up labels are as kind to the matcher as real ones only in so far as they are plausible.
"""

import argparse
import re
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import yaml

from benchmarks.matching_system import NAMES, SERVICES, Filled, fill, series
from incidents.match import Match
from tools.alerts.matching.learn import learn
from tools.alerts.matching.match import Matcher

NOW = datetime(2026, 11, 29, 3, 45, tzinfo=UTC)
#: What has to be reached.
RIGHT, WRONG = 0.95, 0.01

_LABEL = re.compile(r"\$labels\.(\w+)|\.Labels\.(\w+)")
_GROUPED = re.compile(
    r"\b(?:sum|count|avg|max|min|group|quantile|topk|bottomk|stddev)\s*"
    r"(?:\(\s*|(?P<how>by|without)\s*\((?P<labels>[^)]*)\))"
)
_TRAILING = re.compile(r"\)\s*(by|without)\s*\(([^)]*)\)")
_METRIC = re.compile(r"\b([a-zA-Z_:][\w:]*)\s*(?:\{|\[)|\b([a-z][a-z0-9]*_[\w:]+)\b|\b(up)\b")
_WORDS = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless"})


class Rule(NamedTuple):
    """An alerting rule: where it stands, its name, its expression, the labels that it gives and tells."""

    file: str
    name: str
    expr: str
    own: Mapping[str, str]
    told: frozenset[str]


class Outcome(NamedTuple):
    """One rule's alert: its labels, what was meant and what was found."""

    rule: Rule
    filled: Filled
    match: Match

    @property
    def verdict(self) -> str:
        """Right, wrong or unknown; `unknown` is right for what nothing determines."""
        meant, found = self.filled.service, self.match.service
        if found is None:
            return "right" if meant is None else "unknown"
        return "right" if found == meant else "wrong"


def rules_in(folder: Path) -> Iterator[Rule]:
    """Every alerting rule of every file."""
    for path in sorted(folder.rglob("*.y*ml")):
        try:
            documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
        except yaml.YAMLError:
            continue  # a template
        for document in documents:
            if not isinstance(document, dict):
                continue
            for group in document.get("groups") or (document.get("spec") or {}).get("groups") or ():
                for rule in group.get("rules") or ():
                    if "alert" in rule:
                        yield _rule(str(path.relative_to(folder)), rule)


def _rule(file: str, rule: Mapping[str, object]) -> Rule:
    own = rule.get("labels") or {}
    told = {one or other for one, other in _LABEL.findall(str(rule.get("annotations")))}
    static = {k: str(v) for k, v in own.items() if "{{" not in str(v)} if isinstance(own, dict) else {}
    return Rule(file, str(rule["alert"]), str(rule["expr"]), static, frozenset(told))


def labels_left(rule: Rule) -> tuple[frozenset[str] | None, frozenset[str]]:
    """The labels that an expression leaves (None: all of its series), and those that it drops."""
    expr = re.sub(r"\s+", " ", rule.expr)
    first = _GROUPED.search(expr)
    if first is None:
        return None, frozenset()
    how, names = first["how"], first["labels"]
    if how is None and (trailing := _TRAILING.search(expr)):
        how, names = trailing[1], trailing[2]
    given = frozenset(one.strip() for one in (names or "").split(",") if one.strip())
    if how == "without":
        return None, given
    return (given | (rule.told if expr.startswith("(") else frozenset())), frozenset()


def metric_of(rule: Rule) -> str:
    """The first metric of the expression."""
    for found in _METRIC.finditer(rule.expr):
        name = next(one for one in found.groups() if one)
        if name not in _WORDS:
            return name
    return "vector"


def outcomes(folder: Path) -> list[Outcome]:
    """What every rule's alert finds."""
    matcher = Matcher(NAMES, learn(series(), NAMES, NOW))
    found = []
    for rule in rules_in(folder):
        chosen = SERVICES[zlib.crc32(f"{rule.file}/{rule.name}".encode()) % len(SERVICES)]
        filled = fill(metric_of(rule), rule.expr, labels_left(rule), rule.told, rule.own, chosen)
        found.append(Outcome(rule, filled, matcher.match(filled.labels, "alertmanager")))
    return found


def report(found: list[Outcome], show: str | None) -> bool:
    """Print the shares; true if the goals are reached."""
    determined = [one for one in found if one.filled.service is not None]
    others = [one for one in found if one.filled.service is None]
    _say(f"{len(found)} rules: {len(determined)} determined, {len(others)} not")
    for name, part in (("determined", determined), ("not determined", others)):
        counts = Counter(one.verdict for one in part)
        shares = [f"{verdict} {n} ({n / len(part):.1%})" for verdict, n in counts.most_common()]
        _say(f"  {name}: {', '.join(shares)}")
    for service in sorted({str(one.filled.service) for one in determined}):
        told = Counter(str(one.match.service) for one in determined if one.filled.service == service)
        _say(f"  {service}: {told.total()} alerts told {dict(told)}")
    for one in found:
        if show == one.verdict:
            _say(f"- {one.rule.file} {one.rule.name}: {dict(one.filled.labels)}")
            _say(f"    meant {one.filled.service} by {one.filled.by or 'nothing'}; {one.match.sentence}")
    right = sum(one.verdict == "right" for one in determined) / max(len(determined), 1)
    wrong = sum(one.verdict == "wrong" for one in found) / max(len(found), 1)
    _say(f"right of those determined {right:.1%} (goal {RIGHT:.0%}), wrong {wrong:.1%} (goal {WRONG:.0%})")
    return right >= RIGHT and wrong <= WRONG


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> int:
    """Read the folder's rules and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--show", choices=("right", "wrong", "unknown"))
    asked = parser.parse_args()
    found = outcomes(asked.folder) if asked.folder.is_dir() else []
    if not found:
        _say(f"skipped: there are no alerting rules in {asked.folder}")
        return 0
    return 0 if report(found, asked.show) else 1


if __name__ == "__main__":
    sys.exit(main())
