"""Texts with the channels of gpt-oss, which some servers hand on as they are."""

import re
from typing import NamedTuple

_SEGMENT = re.compile(
    r"(?:<\|start\|>(?P<role>[^<]*))?<\|channel\|>(?P<channel>[^<]*)(?:<\|constrain\|>[^<]*)?<\|message\|>"
    r"(?P<body>.*?)(?=<\|(?:end|call|return|start|channel)\|>|\Z)",
    re.DOTALL,
)
_TO = re.compile(r"\bto=([\w.:/-]+)")


class Channels(NamedTuple):
    """What stood in each channel; calls as text with their names before them."""

    said: str
    thought: str


def parted(text: str) -> Channels | None:
    """The channels of a text, or None if it has none."""
    said, thought = list[str](), list[str]()
    for found in _SEGMENT.finditer(text):
        to = _TO.search(f"{found['role'] or ''} {found['channel']}")
        if to:
            said.append(f"to={to[1]} {found['body']}")
        elif found["channel"].strip().startswith("analysis"):
            thought.append(found["body"])
        else:
            said.append(found["body"])
    return Channels("\n".join(said).strip(), "\n".join(thought).strip()) if said or thought else None
