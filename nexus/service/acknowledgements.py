"""What people said in the tool that pages them: that they have it. Never more is heard of it than that.

An alert of such a tool may be a page that Nexus itself has sent there, known by the id of its incident: it
opens and ends nothing here, or each page would open an incident that pages again.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from incidents.events import Acknowledged
from incidents.value import iso
from nexus.config.people import Person, person_known_as
from nexus.store.deliveries import IntakeView
from tools.alerts.cleaning import clean
from tools.alerts.meaning import Meaning
from tools.alerts.reading import Notice, Reading
from tools.alerts.registry import product_of

_OURS = re.compile(r"INC-\d{4}-\d\d-\d\d-\d{3,9}")
#: Who said it, where the sender does not tell.
SOMEBODY = "somebody"
_LONGEST_NAME = 80


def elsewhere(
    reading: Reading, people: Sequence[Person], view: IntakeView, now: datetime
) -> tuple[Reading, Mapping[int, Acknowledged]]:
    """A delivery without pages of Nexus among its alerts, and what its notices say to open incidents.

    Args:
        reading: the delivery as it was read.
        people: those of the site, whose names count instead of what other tools call them.
        view: what is known.
        now: its receipt.

    Returns:
        The reading, and the acknowledgements by the place of the notice.
    """
    reading = _without_our_pages(reading, view)
    if not reading.notices:
        return reading, {}
    tool, said = product_of(reading.sender), dict[int, Acknowledged]()
    for place, notice in enumerate(reading.notices):
        incident = _incident(notice, view) if notice.takes else None
        if incident is None:
            continue
        by = person_known_as(people, notice.by)
        said[place] = Acknowledged(
            id=f"{incident}:acknowledge:{_digest(reading.sender, notice, now)}",
            incident=incident,
            at=now,
            by=by.name if by is not None else clean(notice.by, _LONGEST_NAME) or SOMEBODY,
            source=tool,
        )
    return reading, said


def _incident(notice: Notice, view: IntakeView) -> str | None:
    """The open incident of which it speaks: by the key of our page, else by the alert that it told."""
    if _is_ours(notice.page, view) is not None:
        return notice.page if view.takes_events(notice.page) else None
    word = view.last_words({notice.fingerprint}).get(notice.fingerprint) if notice.fingerprint else None
    return word.incident if word is not None and word.open else None


def _is_ours(key: str, view: IntakeView) -> bool | None:
    """Whether the incident with this id is open; None: it is none of ours."""
    return view.takes_events(key) if _OURS.fullmatch(key) else None


def _without_our_pages(reading: Reading, view: IntakeView) -> Reading:
    ours = {page.fingerprint: page.key for page in reading.pages if _is_ours(page.key, view) is not None}
    if not ours:
        return reading
    told = tuple(
        Notice(
            kind=Meaning.COMMENT,
            text=f"the page of {ours[one.fingerprint]}: {one.title} is {one.status}",
            fingerprint=one.fingerprint,
        )
        for one in reading.alerts
        if one.fingerprint in ours
    )
    alerts = tuple(one for one in reading.alerts if one.fingerprint not in ours)
    return reading.model_copy(update={"alerts": alerts, "notices": (*reading.notices, *told)})


def _digest(sender: str, notice: Notice, now: datetime) -> str:
    """The same for what a sender sends again; one without a moment of its own is a new word each time."""
    said = (sender, notice.fingerprint, notice.page, notice.by, notice.moment or iso(now))
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]
