"""The shipped sets of series, and which of them a Prometheus follows. Pure but for reading the file once."""

import string
from collections.abc import Collection
from functools import cache
from importlib import resources

import yaml
from pydantic import TypeAdapter

from incidents.duration import format_duration
from incidents.errors import UnknownName
from incidents.value import Value
from tools.live.metrics.promql_names import in_query
from tools.live.settings import Labels, Prometheus, Series


class _Labels(Value):
    """The labels that a convention fixes; None leaves one to `nexus.yaml`."""

    service: str | None = None
    instance: str | None = None
    peer: str | None = None


class _Row(Value):
    metric: str
    unit: str = ""
    query: str
    service: str = "@{service}"
    peer: str | None = None


class Convention(Value):
    """One set: how it is recognised and what is asked of it."""

    about: str
    recognised_by: tuple[str, ...]
    labels: _Labels = _Labels()
    series: tuple[_Row, ...]


class _Template(string.Template):
    # PromQL and Prometheus' own templates are full of dollar signs.
    delimiter = "@"


@cache
def shipped() -> dict[str, Convention]:
    """The sets by name, in the order in which they are listed."""
    text = resources.files("tools.live.metrics").joinpath("conventions.yaml").read_text(encoding="utf-8")
    return TypeAdapter(dict[str, Convention]).validate_python(yaml.load(text, yaml.CSafeLoader))


def recognise(metrics: Collection[str]) -> tuple[str, ...]:
    """The sets that a Prometheus with these metric names follows."""
    return tuple(name for name, one in shipped().items() if not set(one.recognised_by).isdisjoint(metrics))


def series_of(spec: Prometheus) -> tuple[Series, ...]:
    """Everything that is asked, with complete queries: series of your own first, they win over shipped ones.

    Raises:
        UnknownName: there is no set of that name.
    """
    window = format_duration(spec.rate_window).replace(" ", "")
    own = [one.model_copy(update={"query": _filled(one.query, spec.labels, window)}) for one in spec.series]
    sets = [series for name in spec.conventions for series in _set(name, spec.labels, window)]
    return (*own, *sets)


def _set(name: str, said: Labels, window: str) -> list[Series]:
    convention = shipped().get(name)
    if convention is None:
        raise UnknownName("set of series", name, shipped())
    labels = said.model_copy(update=convention.labels.model_dump(exclude_none=True))
    return [
        Series(
            metric=row.metric,
            unit=row.unit,
            query=_filled(row.query, labels, window),
            service=_label(row.service, labels),
            instance=labels.instance,
            peer=_label(row.peer, labels) if row.peer else None,
        )
        for row in convention.series
    ]


def _filled(text: str, labels: Labels, window: str) -> str:
    names = {part: in_query(name) for part, name in labels.model_dump().items()}
    return _Template(text).safe_substitute(names, window=window)


def _label(text: str, labels: Labels) -> str:
    """A label as answers have it: of a name that PromQL wants in quotes, without them."""
    return _Template(text).safe_substitute(labels.model_dump())
