"""What users feel, in words: an incident's title and the first line of its summary. Pure."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from incidents.catalogue import Catalogue
from incidents.facts import Facts
from incidents.incident import Incident
from incidents.severity import Status
from incidents.value import Moment, Value
from incidents.verification import Reading, SignalKind
from tools.plainly import level, percent, plainly

#: Where nobody says what customers call anything.
NONE = Catalogue()

#: Fewer failures, and answers that are less slow, are not worth a title.
_FAILING, _SLOW = 0.01, 1.5
#: A rule's name before what it says: `HighErrorRate: web: 53% of requests fail`.
_RULE = re.compile(r"^[A-Za-z][A-Za-z0-9_]*(?:[A-Z_][A-Za-z0-9_]*)+:\s+(?=\S)")


class _Share(NamedTuple):
    """From where on a share is called so."""

    least: float
    words: str
    #: Whether it can follow "up to", which most of something cannot.
    upper: bool = True


_SHARES = (
    _Share(0.975, "Nearly all requests", upper=False),
    _Share(0.80, "Most requests", upper=False),
    _Share(0.53, "More than half of the requests", upper=False),
    _Share(0.47, "Half of the requests"),
    _Share(0.37, "Four in ten requests"),
    _Share(0.29, "A third of the requests"),
    _Share(0.22, "A quarter of the requests"),
    _Share(0.15, "A fifth of the requests"),
    _Share(0.08, "A tenth of the requests"),
)


class FeltFigure(Value):
    """One figure of what users notice, with its usual value beside it; `not known` is an answer."""

    name: str
    value: str
    usual: str = ""


def title(incident: Incident, catalogue: Catalogue = NONE) -> str:
    """What users feel of it; without a measurement, what its first alert says.

    Args:
        incident: as it stands.
        catalogue: what customers call its services, where that is known.
    """
    felt = sentence(incident.peak, catalogue)
    if felt and not incident.open:
        return past(felt)
    return felt or without_rule(incident.title)


def without_rule(alert: str) -> str:
    """An alert's title without the name of the rule that fired, if it says more than that."""
    rest = in_a_sentence(alert)
    return rest[:1].upper() + rest[1:] if rest else alert


def in_a_sentence(alert: str) -> str:
    """The same as it stands within a sentence: names keep their letters."""
    return plainly(_RULE.sub("", alert, count=1)).rstrip(".")


def sentence(facts: Facts | None, catalogue: Catalogue = NONE) -> str:
    """What a measurement says that users feel, without a full stop; empty if it is nothing."""
    if facts is None:
        return ""
    down = facts.down
    if down:
        return f"{_listed(_called(down, catalogue))} {'answers' if len(down) == 1 else 'answer'} nothing"
    of = _listed(_called((facts.felt or facts.affected)[:1], catalogue))
    ratio, times = facts.error_ratio or 0.0, facts.latency_times or 0.0
    if ratio >= _FAILING:
        return f"{_share(ratio)} to {of} fail" if of else f"{_share(ratio)} fail"
    if times >= _SLOW:
        return (
            f"{of} takes {_times(times)} as long as usual to answer"
            if of
            else f"Answers take {_times(times)} as long"
        )
    return ""


def in_full(incident: Incident, catalogue: Catalogue = NONE) -> str:
    """The first line of the summary: since when users feel what, and whether they still do."""
    peak, since, over = incident.peak, began(incident), incident.mitigated_at or incident.ended_at
    felt = sentence(peak, catalogue)
    if not felt:
        return _without_measurement(incident)
    slow = _also_slow(peak)
    if over is not None:
        told = (
            f"From {since:%H:%M} to {over:%H:%M} UTC {_within(past(felt))}"
            f"{slow and f', and answers took {slow}'}."
        )
        return told if not incident.open else f"{told} It is as usual again."
    return f"Since {since:%H:%M} UTC {_within(felt)}{slow and f', and answers take {slow}'}."


def began(incident: Incident) -> Moment:
    """Since when it lasts, as far as that is known: the diagnosed onset, else the alert's own start."""
    found = incident.diagnosis
    if found is not None and found.onset is not None:
        return found.onset
    return min((alert.starts_at for alert in incident.alerts), default=incident.opened_at)


def figures(incident: Incident, money: str | None) -> tuple[FeltFigure, ...]:
    """What users notice in figures, at its worst; what is not measured is said to be not known.

    Args:
        incident: as it stands.
        money: what was lost so far, in words; None: not measured.
    """
    peak, readings = incident.peak, incident.verification.readings if incident.verification else ()
    down = peak is not None and bool(peak.down)
    slow = peak.latency_times if peak is not None else None
    users = incident.impact.customers_affected
    return (
        FeltFigure(
            name="Requests that fail",
            value=_failing(peak),
            usual=_usual(readings, SignalKind.ERRORS),
        ),
        FeltFigure(
            name="Time to answer",
            value="no answers" if down else _slowness(slow, readings),
            usual=_usual(readings, SignalKind.LATENCY),
        ),
        FeltFigure(
            name="Customers",
            value={True: "notice it", False: "do not notice it", None: "not known"}[users],
        ),
        FeltFigure(name="Money lost so far", value=money or "not measured"),
    )


#: How sentences of this module begin that can stand in the middle of another one.
_LEADING = {"nearly", "most", "more", "half", "four", "a", "up", "answering"}


def _share(ratio: float) -> str:
    return next((one.words for one in _SHARES if ratio >= one.least), f"{percent(ratio)} of the requests")


def _times(times: float) -> str:
    return f"{times:.0f} times" if times >= 2 else "half as long again" if times < _SLOW else "1.5 times"


def _failing(peak: Facts | None) -> str:
    """The share of failed requests; what answers nothing fails none that could be counted."""
    if peak is None or (peak.error_ratio is None and not peak.down):
        return "not known"
    return "nothing is answered" if peak.down else percent(peak.error_ratio or 0.0)


def _slowness(times: float | None, readings: Sequence[Reading]) -> str:
    if times is None:
        return "not known"
    usual = _baseline(readings, SignalKind.LATENCY)
    if usual is not None and usual.baseline is not None:
        return level(usual.baseline * times, usual.signal)
    return f"{_times(times)} as long as usual" if times >= _SLOW else "as usual"


def _also_slow(peak: Facts | None) -> str:
    """How slow answers are beside the failures of which a sentence tells."""
    if peak is None or peak.down or (peak.error_ratio or 0.0) < _FAILING:
        return ""
    times = peak.latency_times or 0.0
    return f"{_times(times)} as long as usual" if times >= _SLOW else ""


def _within(felt: str) -> str:
    """As it stands within a sentence; a name keeps its letters."""
    return felt[0].lower() + felt[1:] if felt.split(" ", 1)[0].casefold() in _LEADING else felt


def past(felt: str) -> str:
    """A sentence of this module as it is said afterwards: a share is that of the worst minutes."""
    if felt[:1].isdigit() or felt.startswith(tuple(one.words for one in _SHARES if one.upper)):
        felt = f"Up to {felt[0].lower()}{felt[1:]}"
    for now, then in (
        (" fail", " failed"),
        (" answers nothing", " answered nothing"),
        (" answer nothing", " answered nothing"),
        (" takes ", " took "),
    ):
        if now in felt:
            return felt.replace(now, then, 1)
    return felt


def _without_measurement(incident: Incident) -> str:
    since = began(incident)
    if incident.status is Status.FALSE_ALARM:
        return f"It was a false alarm: {without_rule(incident.title)}."
    if incident.facts is not None and incident.facts.quiet:
        return f"An alert of {since:%H:%M} UTC says: {without_rule(incident.title)}. Nothing else deviates."
    return f"Since {since:%H:%M} UTC: {without_rule(incident.title)}. What users notice is not measured yet."


def _usual(readings: Sequence[Reading], kind: SignalKind) -> str:
    found = _baseline(readings, kind)
    return level(found.baseline, found.signal) if found is not None else ""


def _baseline(readings: Sequence[Reading], kind: SignalKind) -> Reading | None:
    return next((one for one in readings if one.signal.kind is kind and one.baseline is not None), None)


def _called(services: Sequence[str], catalogue: Catalogue) -> list[str]:
    """What customers call them, in the place of names that only those know who run them."""
    known = (catalogue.find(one) for one in services)
    return [(found.public if found else None) or one for found, one in zip(known, services, strict=True)]


def _listed(named: Sequence[str]) -> str:
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}" if named else ""
