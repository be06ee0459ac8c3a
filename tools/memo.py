"""Memoized answers, kept for as long as the object that they are about."""

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar
from weakref import ref

S = TypeVar("S")
P = ParamSpec("P")
R = TypeVar("R")


def memoize_by_identity(made: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """A pure function of one object that nobody changes, such as a frame, which need not be hashable.

    Asked again about the same object, with equal further arguments (which have to be hashable), it gives the
    same answer; what was kept goes with the object.
    """
    answers: dict[int, tuple[dict[Hashable, R], ref[S]]] = {}

    @wraps(made)
    def ask(about: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        identity = id(about)
        held = answers.get(identity)
        if held is None:
            held = answers[identity] = ({}, ref(about, lambda _: answers.pop(identity, None)))
        known, more = held[0], (args, tuple(kwargs.items()))
        if more not in known:
            known[more] = made(about, *args, **kwargs)
        return known[more]

    return ask
