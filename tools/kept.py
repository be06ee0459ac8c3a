"""Answers that are kept for as long as what they are about."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import finalize

S = TypeVar("S")
R = TypeVar("R")


def kept(made: Callable[[S], R]) -> Callable[[S], R]:
    """A pure function of one object that nobody changes, such as a frame, which need not be hashable.

    Asked again about the same object, it gives the same answer; what was kept goes with the object.
    """
    answers: dict[int, R] = {}

    @wraps(made)
    def ask(about: S) -> R:
        identity = id(about)
        if identity not in answers:
            answers[identity] = made(about)
            finalize(about, answers.pop, identity, None).atexit = False
        return answers[identity]

    return ask
