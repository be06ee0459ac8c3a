"""What a metric measures, told from its name and unit by the rules in `conventions.yaml`."""

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import TypeAdapter

from incidents.value import Value

Family = Literal["latency", "errors", "success", "traffic", "saturation", "network", "up", "other"]
Side = Literal["own", "client", "source", "destination", "host"]
Direction = Literal["up", "down", "both"]
Statistic = Literal["mean", "p50", "p75", "p90", "p95", "p99", "other"]

#: From the most faithful statistic of time spent to the least.
STATISTICS: tuple[Statistic, ...] = ("mean", "p50", "p75", "p90", "p95", "p99", "other")
#: What the series of a team's own alert rules are called, before the rule's name: the rule judges them.
OF_A_RULE = "rule:"
#: Names come from outside: what was read of them is kept for so many.
_MOST_KNOWN = 10_000


class Meaning(Value):
    """What a series says: which kind of signal, about whom, and which direction hurts."""

    family: Family
    side: Side = "own"
    bad: Direction = "both"


class _Rule(Meaning):
    match: str


class _StatisticRule(Value):
    match: str
    statistic: Statistic


class _Document(Value):
    rules: tuple[_Rule, ...]
    units: dict[str, Meaning]
    statistics: tuple[_StatisticRule, ...]
    counters: str


@dataclass(frozen=True)
class Conventions:
    """The compiled rules; ask `meaning`, `statistic` and `is_counter` by metric name."""

    rules: tuple[tuple[re.Pattern[str], Meaning], ...]
    units: dict[str, Meaning]
    statistics: tuple[tuple[re.Pattern[str], Statistic], ...]
    counters: re.Pattern[str]
    _known: dict[tuple[str, str], Meaning] = field(default_factory=dict, compare=False, repr=False)

    def meaning(self, metric: str, unit: str = "") -> Meaning:
        """The first rule that matches the name, else the unit's meaning, else `other`."""
        found = self._known.get((metric, unit))
        if found is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            found = self._known[metric, unit] = self._read(metric, unit)
        return found

    def _read(self, metric: str, unit: str) -> Meaning:
        name = normalised(metric)
        for pattern, meaning in self.rules:
            if pattern.search(name):
                return meaning
        return self.units.get(unit, Meaning(family="other"))

    def statistic(self, metric: str) -> Statistic:
        """Which statistic the name holds, `other` where it does not say."""
        name = normalised(metric)
        return next((what for pattern, what in self.statistics if pattern.search(name)), "other")

    def is_counter(self, metric: str) -> bool:
        """Whether the name, as written, is one of an ever-growing count."""
        return self.counters.search(metric) is not None


@lru_cache(maxsize=1024)
def normalised(metric: str) -> str:
    """A name in lower case with `_` for every separator and between camel-case words."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", metric)
    return re.sub(r"[^a-z0-9]+", "_", split.lower()).strip("_")


def parse(text: str) -> Conventions:
    """Compile conventions from YAML text; a malformed rule is refused with its place."""
    document = TypeAdapter(_Document).validate_python(yaml.load(text, yaml.CSafeLoader))
    return Conventions(
        rules=tuple((re.compile(rule.match), _plain(rule)) for rule in document.rules),
        units=document.units,
        statistics=tuple((re.compile(rule.match), rule.statistic) for rule in document.statistics),
        counters=re.compile(document.counters),
    )


@cache
def conventions() -> Conventions:
    """The conventions that ship with the package, read once."""
    return parse((resources.files("tools.analysis") / "conventions.yaml").read_text(encoding="utf-8"))


def _plain(rule: _Rule) -> Meaning:
    return Meaning(family=rule.family, side=rule.side, bad=rule.bad)
