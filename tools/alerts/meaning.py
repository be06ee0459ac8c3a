"""What the word means in which a sender tells how a condition stands. Pure; the words are data."""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

from tools.alerts.body import plain_word
from tools.alerts.vocabulary import vocabulary


class Meaning(StrEnum):
    """What a delivery says about its condition."""

    FIRING = "firing"
    RESOLVED = "resolved"
    ACKNOWLEDGED = "acknowledged"  # another tool's people took it over
    COMMENT = "comment"  # a note, an assignment, a change of priority: the condition is as it was
    NO_DATA = "no data"  # the rule cannot tell
    PENDING = "pending"  # seen, not yet long enough
    SILENCED = "silenced"  # a maintenance window, a downtime, a snooze, a paused rule
    TEST = "test"  # a ping that shows that deliveries arrive


@lru_cache(maxsize=1)
def _by_word() -> Mapping[str, Meaning]:
    meanings = vocabulary().meanings.items()
    return {word: Meaning[name.upper()] for name, words in meanings for word in words}


def meaning_of(word: str, own: Mapping[str, Meaning] | None = None) -> Meaning | None:
    """What a word says; None if it is not known.

    Args:
        word: as it was sent.
        own: what this sender means by its words, in the table's spelling; it goes before the general table.
    """
    plain = plain_word(word)
    if own is not None and plain in own:
        return own[plain]
    return _by_word().get(plain)


def words(**meant: str) -> Mapping[str, Meaning]:
    """A sender's own words: `words(firing="alarm", no_data="insufficient_data")`."""
    return {
        plain_word(word): Meaning[meaning.upper()]
        for meaning, given in meant.items()
        for word in given.split()
    }
