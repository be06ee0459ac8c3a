"""The conventions of labels: a file that one may read through, loaded once."""

import re
from collections.abc import Mapping
from enum import StrEnum
from fnmatch import translate
from functools import cached_property, lru_cache
from importlib import resources
from typing import Annotated, NamedTuple

import yaml
from pydantic import BeforeValidator

from incidents.value import Value
from tools.alerts.body import plain_word


def _split(value: object) -> object:
    return tuple(value.split()) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_split)]


_PREFIX = re.compile(r"([^._/]+)([._/])(.+)")


class Form(StrEnum):
    """How a label writes what it names."""

    NAME = "name"
    OTEL = "otel"
    ROUTE = "route"
    WORKLOAD = "workload"
    POD = "pod"
    CLAIM = "claim"
    CONTAINER = "container"
    COMPOSED = "composed"
    STACKED = "stacked"
    UNIT = "unit"
    JOB = "job"
    TARGET = "target"
    STORE = "store"
    HOST = "host"


class LabelRule(Value):
    """Labels that tell of one kind of thing, the most telling first."""

    rule: str
    form: Form
    labels: Words


class PlaceRule(Value):
    """Labels that name what several services stand on."""

    place: str
    labels: Words


class Exporters(Value):
    """Who tells about others: patterns of names, by what its instance is."""

    host: Words
    targets: Words
    aggregators: Words


class ExporterKind(StrEnum):
    """What the instance of an exporter is."""

    HOST = "host"  # the machine that it tells about
    TARGETS = "targets"  # what it tells about, or beside it
    AGGREGATORS = "aggregators"  # itself, whatever it tells about


class _Place(NamedTuple):
    """Where a rule asks for a label: which rule, and where among its labels."""

    rule: int
    among: int


class Conventions(Value):
    """`conventions.yaml`."""

    prefixes: Words
    dotted_prefixes: Words
    exporters: Exporters
    container_jobs: Words
    cluster_jobs: Words
    rules: tuple[LabelRule, ...]
    namespaces: Words
    gateway_namespaces: Words
    places: tuple[PlaceRule, ...]
    suffixes: Words
    beginnings: Words
    volume_words: Words

    @cached_property
    def exporter_names(self) -> tuple[tuple[ExporterKind, re.Pattern[str]], ...]:
        """What their names look like; the first that fits counts."""
        listed = self.exporters
        return (
            (ExporterKind.HOST, _any_of(listed.host)),
            (ExporterKind.AGGREGATORS, _any_of(listed.aggregators)),
            (ExporterKind.TARGETS, _any_of(listed.targets)),
        )

    def places_of(self, label: str) -> tuple[_Place, ...]:
        """The rules that ask for a label, in order."""
        return self._places.get(label, ())

    @cached_property
    def _places(self) -> Mapping[str, tuple[_Place, ...]]:
        places: dict[str, tuple[_Place, ...]] = {}
        for number, rule in enumerate(self.rules):
            for among, label in enumerate(rule.labels):
                places[label] = (*places.get(label, ()), _Place(number, among))
        return places

    @cached_property
    def asked(self) -> frozenset[str]:
        """The plain names of all labels that some rule asks."""
        lists = (*(rule.labels for rule in self.rules), *(rule.labels for rule in self.places))
        return frozenset(label for labels in lists for label in labels)

    @cached_property
    def _of_containers(self) -> re.Pattern[str]:
        return _any_of(self.container_jobs)

    def tells_of_containers(self, job: str) -> bool:
        """Whether what is scraped under this name calls a container `name`."""
        return self._of_containers.fullmatch(_bare(job)) is not None

    def is_cluster_job(self, name: str) -> bool:
        """Whether what is scraped under this name belongs to the cluster itself."""
        return _bare(name) in self.cluster_jobs

    def plain_labels(self, labels: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        """Labels as they were sent, by their plain names; of two that are one the shorter counts."""
        longest_first = sorted(labels, key=lambda name: (-len(name), name))
        return {_plain_label(name): (name, labels[name]) for name in longest_first if labels[name]}


@lru_cache(maxsize=1)
def conventions() -> Conventions:
    """All conventions."""
    text = resources.files("tools.alerts.matching").joinpath("conventions.yaml").read_text(encoding="utf-8")
    return Conventions.model_validate(yaml.load(text, yaml.CSafeLoader))


@lru_cache(maxsize=4096)
def exporter_kind(name: str) -> ExporterKind | None:
    """What kind of exporter is scraped under this name; None if it tells about itself."""
    bare = _bare(name)
    return next((kind for kind, names in conventions().exporter_names if names.fullmatch(bare)), None)


@lru_cache(maxsize=4096)
def _plain_label(name: str) -> str:
    known, found = conventions(), _PREFIX.fullmatch(name)
    if found is not None:
        head, joint, rest = plain_word(found[1]), found[2], found[3]
        if head in known.prefixes or (joint != "_" and head in known.dotted_prefixes):
            name = rest
    return plain_word(name)


def _bare(name: str) -> str:
    """Behind a namespace, with `-` for `_`."""
    return name.casefold().rsplit("/", 1)[-1].replace("_", "-")


def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(translate(one) for one in patterns))
