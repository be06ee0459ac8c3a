"""What the public status page tells: updates in words that hold nothing of the inside."""

import re
from collections.abc import Iterable
from enum import StrEnum

from pydantic import Field

from incidents.catalogue import Catalogue
from incidents.incident import Incident
from incidents.language import Language
from incidents.severity import PublicStatus
from incidents.texts.forms import SENTENCES
from incidents.value import Moment, Value


class Level(StrEnum):
    """How a component does, as customers feel it; the worst comes last."""

    WORKS = "works"
    RECOVERING = "recovering"
    DISTURBED = "disturbed"
    DOWN = "down"

    @property
    def rank(self) -> int:
        """0 for what works."""
        return list(Level).index(self)


class Wording(StrEnum):
    """Whose words an update has: fixed sentences go out by themselves, free ones need a person."""

    CATALOGUE = "catalogue"
    FREE = "free"


class UpdateState(StrEnum):
    """What became of an update."""

    DRAFT = "draft"
    PUBLISHED = "published"
    DROPPED = "dropped"


class PublicUpdate(Value):
    """One update of the status page.

    Attributes:
        id: tells nothing of the incident, as `thread`, which is the same for all updates of one.
        key: which of the incident's updates it is; said again it is the same.
        components: their public names.
        began_at: since when customers feel it, as far as is known.
        at: when that was so.
        place: its number among all that were published; None while it is not.
        written_by: the role, or the id of the person.
        released_by: the id of the person who released a draft; None: it went out by itself.
        why_held: why it waits for a person.
    """

    id: str
    thread: str
    incident: str
    key: str
    components: tuple[str, ...] = Field(min_length=1)
    level: Level
    status: PublicStatus
    began_at: Moment
    at: Moment
    impact: str
    current_action: str
    next_update: Moment | None = None
    wording: Wording = Wording.CATALOGUE
    state: UpdateState = UpdateState.PUBLISHED
    place: int | None = None
    written_by: str = ""
    released_by: str | None = None
    why_held: str = ""


def public_components(
    incident: Incident, catalogue: Catalogue, before: Iterable[str] = ()
) -> tuple[str, ...]:
    """The public names of what an incident has hit, with those that were told of before."""
    known = {service.name: service.public for service in catalogue.services if service.public}
    hit = {known[name] for name in incident.services if name in known} | set(before)
    return tuple(name for name in dict.fromkeys(known.values()) if name in hit)


def level_of(status: PublicStatus, *, down: bool) -> Level:
    """How the components of an update do."""
    if status is PublicStatus.RESOLVED:
        return Level.WORKS
    if status is PublicStatus.MONITORING:
        return Level.RECOVERING
    return Level.DOWN if down else Level.DISTURBED


def held_because(incident: Incident, language: Language = Language.EN) -> str | None:
    """Why nothing of an incident is published without a person; None if nothing speaks against it."""
    if incident.impact.data_breach_suspected:
        return SENTENCES.said(language, "held.breach")
    return None


#: What never stands on the page, whatever it is called: ids, versions, addresses, names of hosts, flags.
_INSIDE = (
    ("an id of an incident", r"\bINC-\d{4}-\d\d-\d\d-\d+\b"),
    ("an id of an evidence", r"\bE-[0-9a-f]{6,}\b"),
    ("a version", r"\bv?\d+\.\d+(?:\.\d+)+\S*|\bv\d+(?:\.\d+)*\b"),
    ("an address", r"\w+://\S+|\S+@\S+\.\w+|\b[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,}"),
    ("a host", r"\b[\w-]+(?:\.[\w-]+)*\.(?:internal|local|lan|svc|cluster|corp|intra)\b\S*"),
    ("a name of the inside", r"\b\w+_\w+\b|\b\w+(?:-\w+){2,}\b"),
    ("a digest", r"\b(?=[a-f]*\d)[0-9a-f]{7,}\b"),
)


def leaks(text: str, inside: Iterable[str], public: Iterable[str]) -> tuple[str, ...]:
    """What of a free text belongs inside, in words that name it; nothing: it may be released.

    Args:
        text: as somebody wrote it.
        inside: names that customers do not know: services, hosts, people.
        public: names that they do know, which may be the same words.
    """
    told = text
    for name in sorted(public, key=len, reverse=True):
        told = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", told, flags=re.IGNORECASE)
    found = [
        f"{name!r} (a name of the inside)"
        for name in dict.fromkeys(inside)
        if name.strip() and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", told, re.IGNORECASE)
    ]
    for what, pattern in _INSIDE:
        found += [f"{match[0]!r} ({what})" for match in re.finditer(pattern, told, re.IGNORECASE)]
    return tuple(dict.fromkeys(found))
