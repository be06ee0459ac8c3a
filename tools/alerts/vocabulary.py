"""The words of senders: a file that one may read through, loaded once."""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from importlib import resources

import yaml

from incidents.value import Value

Words = tuple[str, ...]


class Vocabulary(Value):
    """`words.yaml`, its lists split; every word without case and joints."""

    meanings: Mapping[str, Words]
    fields: Mapping[str, Words]
    volatile: frozenset[str]
    pod: frozenset[str]
    heartbeats: frozenset[str]
    lifecycle: frozenset[str]
    alerting: frozenset[str]
    changes: Mapping[str, Words]
    builds: Mapping[str, frozenset[str]]
    levels: frozenset[str]
    pairs: Mapping[str, tuple[Words, Words]]
    times: Mapping[str, frozenset[str]]

    @cached_property
    def paired(self) -> Mapping[str, Words]:
        """Names of two words, for each field that has some."""
        return {
            field: tuple(f"{one}{last}" for one in first for last in second)
            for field, (first, second) in self.pairs.items()
        }


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """All words."""
    text = resources.files("tools.alerts").joinpath("words.yaml").read_text(encoding="utf-8")
    return Vocabulary.model_validate(_split(yaml.load(text, yaml.CSafeLoader)))


def _split(value: object) -> object:
    """Each text as its words."""
    if isinstance(value, dict):
        return {name: _split(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return tuple(map(_split, value))
    return tuple(str(value).split())
