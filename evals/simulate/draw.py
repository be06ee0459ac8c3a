"""Chance: one stream of numbers per purpose, so that what is drawn for one thing never moves another."""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from random import Random
from typing import Any, TypeVar

import yaml

T = TypeVar("T")
Range = Sequence[float]


def stream(seed: int, purpose: str) -> Random:
    """The numbers of one purpose in one world; the same on every machine."""
    return Random(f"{seed}/{purpose}")  # noqa: S311 - worlds, not secrets


def between(rng: Random, span: Range) -> float:
    """A number of a range, evenly."""
    return rng.uniform(span[0], span[1])


def scaled(rng: Random, span: Range) -> float:
    """A number of a range, evenly in its logarithm."""
    return math.exp(rng.uniform(math.log(span[0]), math.log(span[1])))


def count(rng: Random, span: Range) -> int:
    """A whole number of a range, both ends included."""
    return rng.randint(int(span[0]), int(span[1]))


def some(rng: Random, items: Sequence[T], number: int) -> list[T]:
    """Different items, fewer where there are fewer."""
    return rng.sample(items, min(number, len(items)))


@lru_cache
def table(name: str) -> Mapping[str, Any]:
    """A YAML file of this package."""
    text = (resources.files("evals.simulate") / f"{name}.yaml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = yaml.safe_load(text)
    return found


def parameters(section: str) -> Mapping[str, Any]:
    """What worlds are drawn from: a section of `parameters.yaml`."""
    found: Mapping[str, Any] = table("parameters")[section]
    return found
