"""What makes two deliveries one condition. Pure.

The sender's key counts. Where it has none the identity is made of the sender, the title without its figures
and without the states in it, and the labels without those that change while the condition stays: values,
times, severities, replicas and the random part of a pod's name.
"""

import hashlib
import re
from collections.abc import Mapping

from tools.alerts.body import plain_word
from tools.alerts.cleaning import clean
from tools.alerts.vocabulary import vocabulary

#: What Kubernetes makes the ends of names of, without vowels and digits that look like letters.
_RANDOM = "[bcdfghjklmnpqrstvwxz2456789]"
_POD_END = re.compile(
    rf"-(?:{_RANDOM}{{6,10}}-{_RANDOM}{{5}}|{_RANDOM}{{8,10}}|\d{{6,}}-{_RANDOM}{{5}}|{_RANDOM}{{5}}|\d+)$"
)
#: Figures as they are measured: with a fraction, a percent sign or a unit.
_FIGURE = re.compile(
    r"[+-]?\d+[.,]\d+\s?(?:%|[a-zA-Z]{1,3}\b)?|[+-]?\d+\s?(?:%|(?:[kmgt]i?b|ms|s|min|h)\b)", re.IGNORECASE
)
#: States before a title: `[FIRING:1] CRITICAL - `, `RECOVERY: `, `✅ Resolved | `.
_STATE = (
    "firing|triggered|alerting|alert|problem|open(?:ed)?|down|new|ongoing|critical|error|warning|info"
    "|resolved|recover(?:ed|y)|ok|up|cleared|closed|normal|no ?data"
)
#: `Resolved in 5m 2s: mails wait`.
_LASTED = r"(?: (?:in|after) [\d dhms]+)?"
_BEFORE = re.compile(
    rf"^(?:[^\w\[(]*(?:[\[(](?:{_STATE})(?:[\s:]*\d+)?[\])]|(?:{_STATE}){_LASTED}\W*(?:[:|]|\s[-\u2013\u2014]\s)))+\W*(?=\w)",
    re.IGNORECASE,
)
#: The same in capitals, as a word alone: `CRITICAL mails wait`.
_SHOUTED = re.compile(
    r"^\W*(?:FIRING|PROBLEM|CRITICAL|WARNING|DOWN|RESOLVED|RECOVERY|RECOVERED|OK|UP)\W*\s(?=\w)"
)
#: And within it: `mx1 is DOWN`, `mx1 has recovered`.
_WITHIN = re.compile(rf"\b(?:is|has|was)(?: now| back| been)* (?:{_STATE})\b", re.IGNORECASE)
#: A key that is no more than a number says too little without its sender.
_SHORT_NUMBER = re.compile(r"\d{1,10}")
#: What a title tells of one occasion: a moment, a UUID, how long it has lasted, the random end of a pod.
_OCCASION = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?|\b\d\d:\d\d(?::\d\d)?\b"
    r"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(?:\d+ ?[dhms] ?){2,}(?![\w%])|(?<==)\d+\b"
    rf"|-{_RANDOM}{{6,10}}-{_RANDOM}{{5}}\b",
    re.IGNORECASE,
)
LONGEST_KEY = 200


def workload_of(pod: str) -> str:
    """The name of a pod without what is made at random, so that its next replica has the same."""
    return _POD_END.sub("", pod)


def without_state(title: str) -> str:
    """What a title is about, firing or over: `[RESOLVED] mails wait` and `PROBLEM: mails wait` are one."""
    return _WITHIN.sub("", _SHOUTED.sub("", _BEFORE.sub("", title))).strip()


def stable_labels(labels: Mapping[str, str]) -> list[tuple[str, str]]:
    """The labels that stay while the condition does, in order."""
    stable, known = [], vocabulary()
    for name, value in labels.items():
        plain = plain_word(name)
        if plain in known.pod:
            stable.append((name, workload_of(value)))
        elif plain not in known.volatile:
            stable.append((name, value))
    return sorted(stable)


def condition_of(source: str, title: str, service: str, labels: Mapping[str, str]) -> str:
    """The condition whichever replica, value or severity it was told with: a digest of 32 digits."""
    name = labels.get("alertname") or without_state(title)
    name = _FIGURE.sub("#", _OCCASION.sub("#", name)).casefold()
    return _digest(f"{source}\n{name}\n{service}\n{stable_labels(labels)}")


def fingerprint_of(source: str, key: str, condition: str) -> str:
    """The identity of a condition: the sender's key, named after the sender where it is a mere number.

    A key that is too long to be kept, or holds what may not be, is kept as a digest.
    """
    if not key:
        return condition
    if _SHORT_NUMBER.fullmatch(key):
        return f"{source}:{key}"
    return key if clean(key, LONGEST_KEY) == key else f"{source}:{_digest(key)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]
