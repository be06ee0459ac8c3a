"""Whether a sentence is understood only with the one before it: it goes where that goes. Pure."""

from collections.abc import Iterable

from agents.grounding.rows import mentioned
from agents.grounding.signs import has


def leans(sentence: str, services: Iterable[str]) -> bool:
    """Whether a sentence names no service and speaks of "it", "this" or "them".

    Args:
        sentence: as it was written, after another one.
        services: the catalogue's names.
    """
    return not mentioned(sentence, services) and has("leaning", sentence) and not has("unknown", sentence)
