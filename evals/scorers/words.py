"""What was written: is it complete, does it stand on evidence, do its figures exist?"""

import re
from collections.abc import Iterator

from agents.grounding.quotes import Text, missing
from evals.run import Record
from evals.scorers.base import Score, yes_no
from incidents.findings import Claim
from incidents.incident import Incident
from incidents.milestones import milestones, over_at
from incidents.reports import PostMortemReport
from incidents.severity import Severity, Status, Step
from incidents.timeline import EntryKind
from incidents.value import Value, by_minute
from tools.felt import sentence
from tools.recorded.document import Truth

#: Sections that state facts; what should be done (prevention) may name figures of its own.
_FACTS = (
    "summary",
    "what_failed",
    "why_it_failed",
    "why_not_caught",
    "whys",
    "users_affected",
    "revenue_impact",
    "reputation_impact",
    "data_impact",
)
#: What code adds, whoever writes the rest.
_BY_CODE = frozenset({"title", "change", "went_well", "went_badly", "lucky"})
#: The field that holds the sentence of a value that cites evidence.
_SENTENCES = ("text", "summary", "finding", "reason", "answer")
_FIGURE = re.compile(r"(\d+(?:\.\d+)?)(%|s|ms|min|h|x)?")
_EXPONENT = re.compile(r"\d+(?:\.\d+)?e\+\d+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_MARKS = ".,;:!?()[]{}\"'“”„*`~<>="


def post_mortem_complete(record: Record, truth: Truth) -> Score | None:
    """The share of the post-mortem's sections that are filled (an honest "unknown" is)."""
    incident = record.incident
    if incident.status is not Status.RESOLVED or incident.severity is Severity.P3:
        return None
    report = incident.post_mortem_report
    if report is None:
        return yes_no(False, "there is no post-mortem")
    asked = [name for name in PostMortemReport.model_fields if name not in _BY_CODE]
    empty = [name for name in asked if not _filled(getattr(report, name))]
    note = f"empty: {', '.join(empty)}" if empty else ""
    return Score(value=1 - len(empty) / len(asked), note=note)


def post_mortem_true(record: Record, truth: Truth) -> Score | None:
    """The share of the figures in the post-mortem's facts that stand in the timeline or the evidence."""
    report = record.incident.post_mortem_report
    if report is None:
        return None
    stated = [figure for name in _FACTS for text in _texts(getattr(report, name)) for figure in figures(text)]
    if not stated:
        return None
    known = _known_numbers(record)
    lost = [figure for figure in stated if not stands(figure, known)]
    note = f"not found: {', '.join(dict.fromkeys(lost))}" if lost else f"{len(stated)} figures"
    return Score(value=1 - len(lost) / len(stated), note=note)


def grounding(record: Record, truth: Truth) -> Score | None:
    """The share of claims whose evidence exists and holds what they quote: figures, versions, times.

    What the alerts say and plain arithmetic on what is quoted may be quoted as well.
    """
    have = {one.id: Text(f"{one.query}\n{one.summary}", _body(record, one.id)) for one in record.evidence}
    alerts = [
        Text(f"{one.title} {one.description} {one.starts_at.isoformat()}") for one in record.incident.alerts
    ]
    # What is routed quotes the runbook's rule ("ten times its baseline"), which no evidence has to hold.
    told = (one for one in record.entries if one.evidence and one.kind is not EntryKind.ROUTING)
    own = [*alerts, _records(record)]
    claims = [
        *((text, cited, alerts) for text, cited in _claims(record.incident)),
        *((one.text, one.evidence, own if one.step == Step.POST_MORTEM else alerts) for one in told),
    ]
    if not claims:
        return None
    lost = [what for text, cited, besides in claims if (what := _unsupported(text, cited, have, besides))]
    note = f"does not stand: {', '.join(dict.fromkeys(lost))}" if lost else f"{len(claims)} claims"
    return Score(value=1 - len(lost) / len(claims), note=note)


def _records(record: Record) -> Text:
    """What code has on record of the incident: its times, how long it took, how slow it was."""
    incident, spans = record.incident, _spans(record.incident)
    over, peak = over_at(incident), incident.peak
    slow = sentence(peak)
    if peak is not None and peak.latency_times is not None:
        slow += f"; {peak.latency_times:.0f} times"
    told = [f"{one:.0f} seconds; {one / 60:.0f} minutes" for one in spans]
    return Text("; ".join([*told, slow, f"{by_minute(over):%H:%M}" if over is not None else ""]))


def _spans(incident: Incident) -> list[float]:
    """How long what took, in seconds, as a post-mortem tells it."""
    times, over = milestones(incident), over_at(incident)
    moments = (times.acknowledged, times.taken, times.mitigated, times.resolved)
    later = [one for one in moments if one is not None]
    later += [one.outcome.at for one in incident.proposals if one.outcome is not None]
    later += [one.at for one in incident.outside_changes]
    spans = [(at - times.detected).total_seconds() for at in later]
    if times.introduced is not None:
        spans.append(abs((times.detected - times.introduced).total_seconds()))
    if over is not None and incident.ended_at is not None:
        spans.append((incident.ended_at - over).total_seconds())
    return spans if times.impact_seconds is None else [*spans, times.impact_seconds]


def _unsupported(text: str, cited: tuple[str, ...], have: dict[str, Text], alerts: list[Text]) -> str:
    """The evidence that does not exist, or else what the text quotes that its evidence does not hold."""
    absent = [one for one in cited if one not in have]
    return ", ".join(absent or missing(text, [*(have[one] for one in cited), *alerts]))


def _body(record: Record, identity: str) -> bytes:
    return record.bodies.get(identity, "").encode()


def figures(text: str) -> tuple[str, ...]:
    """The figures that a text states: numbers with a unit, a fraction or several digits.

    Parts of names and times, and small counts (`5 whys`), are no figures.
    """
    found = []
    for word in text.split():
        match = _FIGURE.fullmatch(word.strip(_MARKS))
        if match and (match[2] or "." in match[1] or len(match[1]) > 1):
            found.append(match[0])
    return tuple(found)


def stands(figure: str, known: frozenset[float]) -> bool:
    """Whether a figure is one of the known numbers, rounded as it is written; a ratio may be a percentage."""
    match = _NUMBER.match(figure)
    if match is None:
        return False
    stated, places = float(match[0]), len(match[0].partition(".")[2])
    slack = 0.5 * 10**-places + 1e-9
    return any(abs(one - stated) <= slack or abs(100 * one - stated) <= slack for one in known)


def _known_numbers(record: Record) -> frozenset[float]:
    incident = record.incident
    texts = [entry.text for entry in record.entries] + [one.summary for one in record.evidence]
    texts += [one.text for one in incident.updates] + [incident.summary, incident.impact.users_affected]
    texts += [text for alert in incident.alerts for text in (alert.title, alert.description)]
    texts += [text for suspect in incident.suspects for text in (r.text for r in suspect.reasons)]
    seconds = _spans(incident)
    counted = [float(number) for text in texts for number in _NUMBER.findall(text)]
    # Bytes are told in millions to people, and with an exponent to the ranking.
    counted += [float(number) / 1e6 for text in texts for number in _EXPONENT.findall(text)]
    counted += [incident.revenue_impact] if incident.revenue_impact is not None else []
    return frozenset([*counted, *seconds, *(one / 60 for one in seconds)])


def _texts(held: object) -> Iterator[str]:
    if isinstance(held, str):
        yield held
    elif isinstance(held, Claim):
        yield held.text
    elif isinstance(held, Value):
        for name, part in held:
            if name != "evidence":
                yield from _texts(part)
    elif isinstance(held, tuple):
        for part in held:
            yield from _texts(part)


def _filled(held: object) -> bool:
    texts = list(_texts(held))
    return bool(texts) and all(text.strip() for text in texts)


def _claims(held: object) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every sentence that cites evidence, at any depth, with what it cites."""
    if isinstance(held, Value):
        cited = getattr(held, "evidence", ())
        said = next((text for name in _SENTENCES if isinstance(text := getattr(held, name, None), str)), "")
        if cited and isinstance(cited, tuple):
            yield said, cited
        for _, part in held:
            yield from _claims(part)
    elif isinstance(held, tuple):
        for part in held:
            yield from _claims(part)
