"""What a request asked for, as far as reading its answer needs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Asked:
    """The tools that were offered with their schemas, and how far the conversation was."""

    model: str
    tools: Mapping[str, Mapping[str, Any]]
    turn: int


def asked_of(body: Mapping[str, Any]) -> Asked:
    """What a request's body asks for."""
    functions = [tool.get("function", {}) for tool in body.get("tools") or []]
    return Asked(
        model=str(body.get("model", "")),
        tools={str(one.get("name")): one.get("parameters") or {} for one in functions},
        turn=len(body.get("messages") or []),
    )
