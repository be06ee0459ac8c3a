"""What the word means in which a sender tells how a condition stands. Pure; the words are data."""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

from tools.alerts.body import plain_word
from tools.alerts.vocabulary import vocabulary

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_VERSION = re.compile(r"(?:\.v?\d+\w*)+$", re.IGNORECASE)
#: What a name begins with that then tells what became of it: `errorStateChange`, `problem_closed`.
_NOUNS = frozenset({"error", "problem", "alarm", "fault", "issue"})
#: What people say of a condition.
_SAID = frozenset({"comment", "commented", "note", "annotated"})
#: What begins and ends without saying anything of a condition: `maintenance_started`, `silence.expired`.
_PAUSES = frozenset({"maintenance", "downtime", "silence", "snooze"})
LONGEST_STATE = 6  # words; more are a sentence


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


def meaning_of_words(text: str) -> Meaning | None:
    """What a name of several words says: an end (`ResolvedCritical`), else the last that is known."""
    if (whole := meaning_of(text)) is not None:
        return whole
    words = _WORDS.findall(text)
    if len(words) > LONGEST_STATE:
        return None
    if "to" in (lower := [word.lower() for word in words]):  # `OK_TO_FIRING`: what it has become
        words = words[len(words) - lower[::-1].index("to") :]
    if len(words) > 1 and words[0].lower() in _NOUNS:
        words = words[1:]
    known = [meaning_of(word) for word in words if word.lower() not in {"alert", "incident"}]
    said = {word.lower() for word in words}
    if said & _SAID:
        return Meaning.COMMENT  # `comment_created`: what began is no condition
    if len(words) > 1 and said & _PAUSES:
        return Meaning.SILENCED
    if Meaning.RESOLVED in known:
        return Meaning.RESOLVED
    return next((meaning for meaning in reversed(known) if meaning is not None), None)


def meaning_of_type(kind: str) -> Meaning | None:
    """What the last word of an event's type says (`org.example.disk.resolved.v2`).

    A word of anything's life (`com.example.pull.created`) says so only of what is called an alert.
    """
    name, _, last = _VERSION.sub("", kind).rpartition(".")
    said, happened = vocabulary(), plain_word(last)
    named = {word.lower() for word in _WORDS.findall(f"{name} {last}")}
    if happened in said.lifecycle and not named & said.alerting:
        return None
    return meaning_of_words(last)


def subject_of_type(kind: str) -> str:
    """An event's type without what happened and without its version: what it happened to."""
    return _VERSION.sub("", kind).rpartition(".")[0]


def words(**meant: str) -> Mapping[str, Meaning]:
    """A sender's own words: `words(firing="alarm", no_data="insufficient_data")`."""
    return {
        plain_word(word): Meaning[meaning.upper()]
        for meaning, given in meant.items()
        for word in given.split()
    }
