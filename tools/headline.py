"""The title of what is written afterwards: what brought it, what users felt, for how long. Pure."""

from datetime import timedelta

from incidents.catalogue import Catalogue
from incidents.changes import Change, ChangeKind
from incidents.incident import Incident
from incidents.milestones import milestones
from tools.felt import NONE, in_a_sentence, past, sentence
from tools.looking_back import lasting
from tools.wording import capital

_BROUGHT = {
    ChangeKind.DEPLOY: "{service} release {to}",
    ChangeKind.CONFIG: "{service} configuration {to}",
    ChangeKind.FLAG: "A flag of {service}",
    ChangeKind.SCALE: "{service} at another size",
    ChangeKind.INFRA: "What {service} runs on",
}


def headline(incident: Incident, change: Change | None = None, catalogue: Catalogue = NONE) -> str:
    """`Checkout release 2026.11.2: more than half of the requests failed for seven minutes`.

    Args:
        incident: as it stands.
        change: the change that its diagnosis names, where it is on record.
        catalogue: what customers call its services, where that is known.
    """
    felt = sentence(incident.peak, catalogue)
    said = past(felt) if felt else in_a_sentence(incident.title)
    seconds = milestones(incident).impact_seconds
    if felt and seconds:
        said = f"{said} for {lasting_of(seconds)}"
    brought = _brought(incident, change)
    return f"{brought}: {lowered(said)}" if brought else capital(said)


def lasting_of(seconds: float) -> str:
    """A span in words: `eight minutes`, `40 seconds`."""
    return _in_words(lasting(timedelta(seconds=seconds)))


def lowered(said: str) -> str:
    """A sentence as it stands after a colon; a name keeps its letters."""
    first = said.split(" ", 1)[0]
    return said[:1].lower() + said[1:] if first in _OPENING else said


_OPENING = {"Nearly", "Most", "More", "Half", "Four", "A", "Up", "Answers", "Answering", "Nothing", "All"}
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def _in_words(span: str) -> str:
    number, what = span.split(" ", 1)
    small = number.isdecimal() and int(number) < len(_WORDS)
    return f"{_WORDS[int(number)] if small else number} {what}"


def _brought(incident: Incident, change: Change | None) -> str:
    found = incident.diagnosis
    if change is not None:
        said = _BROUGHT[change.kind].format(service=change.service, to=change.version_to)
    else:
        said = found.service if found is not None and found.known and found.service is not None else ""
    return capital(said.strip())
