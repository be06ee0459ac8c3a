"""Past incidents that look like one: what was done then, whether it held, what people said of it. Pure.

It is said beside a diagnosis and never goes into one: what looks alike may have another cause.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from pydantic import Field

from incidents.action import ActionState
from incidents.action_items import ActionItem, ItemState, as_they_stand, of_task
from incidents.alert import Alert
from incidents.findings import Category
from incidents.incident import Incident
from incidents.value import Moment, Value
from incidents.verdicts import DiagnosisVerdict, Judgement, key_of
from incidents.verification import Recovery

#: So many are offered.
MOST = 3
#: What is said with every one of them.
CAUTION = "Looking alike is not having the same cause."
#: Less in common than this is not told: a service alone is no likeness.
_LEAST = 3.0
_SAME_ALERT, _SAME_CAUSE, _SAME_SIGNAL, _SAME_SERVICE = 4.0, 2.0, 1.5, 1.0
#: What two titles have in common counts from here on, and at most this much.
_ALIKE, _TITLE = 0.5, 2.0
_WORD = re.compile(r"[^\W_]{2,}")
#: The ends that Kubernetes makes at random for the names of pods.
_RANDOM = re.compile(r"(?:-[bcdfghjklmnpqrstvwxz2456789]{6,10})?-[bcdfghjklmnpqrstvwxz2456789]{5}\b")
#: So many titles and services are looked for.
_TITLES, _SERVICES = 4, 3
#: So many action items of one incident are named, the others counted.
_NAMED = 2


class Record(Value):
    """One incident of before with what was said of it afterwards."""

    incident: Incident
    verdicts: tuple[DiagnosisVerdict, ...] = ()
    changed_items: tuple[ActionItem, ...] = ()


class DoneThen(Value):
    """A change that was carried out then.

    Attributes:
        text: `checkout was rolled back to 2026.11.1`.
        held: whether the watch after it saw recovery, and it was not reopened; None: nobody can say.
    """

    text: str
    held: bool | None


class PastIncident(Value):
    """An incident of before that looks alike: evidence of its own kind, which is no cause.

    Attributes:
        score: higher is more alike; only an order.
        reasons: what both have in common, in words.
        cause: what was diagnosed; None: nothing was, or people judged it wrong, so that it is not repeated.
        judgement: the last word of people on that diagnosis; None: nobody has said.
        actual: what they say that it was instead, such as `configuration in cart`; None: they did not say.
        done: the changes that were carried out, oldest first.
        prevention: of one with the same alert what was to be done that it does not happen again.
    """

    incident: str
    title: str
    ended_at: Moment
    score: float = Field(ge=0)
    reasons: tuple[str, ...]
    cause: str | None
    judgement: Judgement | None
    actual: str | None
    done: tuple[DoneThen, ...]
    prevention: tuple[ActionItem, ...]

    @property
    def caution(self) -> str:
        """What is said with every one of them."""
        return CAUTION

    @property
    def line(self) -> str:
        """All of it in a few sentences: `Seen before: INC-… on 12 Oct 2026, “…” (…). … People judged …`."""
        return f"Seen before: {self.story}"

    @property
    def story(self) -> str:
        """The same where a heading says that it was seen before."""
        return f"{self.incident} on {self.day}, “{self.title}” ({self.alike}). {self.told}"

    @property
    def day(self) -> str:
        """When it ended: `12 Oct 2026`."""
        return _day(self.ended_at)

    @property
    def alike(self) -> str:
        """What both have in common."""
        return "; ".join(self.reasons)

    @property
    def told(self) -> str:
        """What was done, whether it held, and what people judged."""
        done = [_done(one) for one in self.done] or ["No change was carried out then."]
        return " ".join((*done, self._said))

    @property
    def _said(self) -> str:
        if self.judgement is Judgement.WRONG:
            said = f"they say it was {self.actual}" if self.actual else "it is not repeated here"
            return f"People judged the cause that was named then wrong: {said}."
        if self.cause is None:
            return "No cause was found then."
        told = {
            Judgement.RIGHT: "People judged the cause right",
            Judgement.PARTLY: "People judged the cause partly right",
        }.get(self.judgement) if self.judgement else None  # fmt: skip
        more = f" They say it was {self.actual}." if self.actual else ""
        return f"{told or 'Nobody has judged the cause that was named'}: {self.cause.rstrip('.')}.{more}"

    @property
    def prevented(self) -> tuple[str, ...]:
        """What was meant to prevent this, a sentence each: what is to be done first, the rest counted."""
        order = list(ItemState)
        items = sorted(self.prevention, key=lambda one: (order.index(one.state), one.by is None, one.due))
        told = tuple(self._meant(one) for one in items[:_NAMED])
        more = len(items) - _NAMED
        return (*told, f"So were {more} more action items.") if more > 0 else told

    def _meant(self, item: ActionItem) -> str:
        state = {
            ItemState.OPEN: f"open since {self.day}" if item.by is None else "still open",
            ItemState.DOING: "under way",
            ItemState.DONE: f"done{f' on {_day(item.at)}' if item.at else ''}, and it came again",
        }[item.state]
        return f"“{item.action.rstrip('.')}” (due {_day(item.due)}) was meant to prevent this: {state}."


def phrases(incident: Incident) -> tuple[str, ...]:
    """What to look for among the texts of others, the most telling first: titles of alerts, then services.

    Figures and the random ends of names are left out: they differ each time.
    """
    titles = dict.fromkeys(" ".join(_words(alert.title)[:8]) for alert in incident.alerts)
    services = (*incident.services, incident.diagnosis.service if incident.diagnosis else None)
    named = dict.fromkeys(name for name in services if name)
    return (*[one for one in titles if one][:_TITLES], *list(named)[:_SERVICES])


def similar(incident: Incident, records: Iterable[Record], as_of: datetime) -> tuple[PastIncident, ...]:
    """Those that look like an incident, the most alike first, then the latest.

    Args:
        incident: as it stands.
        records: incidents of before, in any order.
        as_of: nothing that ended, was judged or was changed later is known here. Of an action item whose last
            change came later it is known only what it was when it was written down.
    """
    found = (
        _compared(incident, one, as_of)
        for one in records
        if one.incident.id != incident.id and one.incident.opened_at <= incident.opened_at
    )
    alike = {one.incident: one for one in found if one is not None}
    ranked = sorted(alike.values(), key=lambda one: (-one.score, -one.ended_at.timestamp(), one.incident))
    return tuple(ranked[:MOST])


def _compared(mine: Incident, record: Record, as_of: datetime) -> PastIncident | None:
    then = record.incident
    if then.ended_at is None or then.open or then.ended_at > as_of or then.merged_into is not None:
        return None
    said = _judged(then, record.verdicts, as_of)
    judgement = said.judgement if said is not None else None
    # What was not the cause then is nothing that both have in common.
    causes = _causes(mine, then) if judgement is not Judgement.WRONG else []
    common = [*_alerts(mine, then), *causes, *_signals(mine, then), *_services(mine, then)]
    score = sum(weight for weight, _ in common)
    if score < _LEAST:
        return None
    known = then.diagnosis is not None and then.diagnosis.known and judgement is not Judgement.WRONG
    same_alert = any(weight == _SAME_ALERT for weight, _ in common)
    return PastIncident(
        incident=then.id, title=then.title, ended_at=then.ended_at, score=score,
        reasons=tuple(text for _, text in common),
        cause=then.diagnosis.summary if known and then.diagnosis is not None else None,
        judgement=judgement, actual=_actual(said), done=_carried_out(then),
        prevention=_items(record, as_of) if same_alert else (),
    )  # fmt: skip


_Common = list[tuple[float, str]]


def _alerts(mine: Incident, then: Incident) -> _Common:
    before = {key for one in then.alerts for key in _keys(one)}
    if any(not before.isdisjoint(_keys(one)) for one in mine.alerts):
        return [(_SAME_ALERT, "the same alert")]
    here, there = set(_words(mine.title)), set(_words(then.title))
    share = len(here & there) / len(here | there) if here | there else 0.0
    if share < _ALIKE:
        return []
    words = " ".join(one for one in _words(mine.title) if one in there)
    return [(_TITLE * share, f"alerts in like words: {words}")]


def _causes(mine: Incident, then: Incident) -> _Common:
    one, other = mine.diagnosis, then.diagnosis
    if one is None or other is None or not (one.known and other.known) or one.service != other.service:
        return []
    if one.mechanism and one.mechanism == other.mechanism:
        return [(_SAME_CAUSE, f"both diagnoses see {one.mechanism.replace('_', ' ')} in {one.service}")]
    if one.category is other.category is not Category.UNKNOWN:
        return [(_SAME_CAUSE, f"both diagnoses name a cause of the kind {one.category} in {one.service}")]
    return []


def _signals(mine: Incident, then: Incident) -> _Common:
    def off(incident: Incident) -> set[str]:
        return {f"{one.metric} of {one.service}" for one in incident.signals if one.must_recover}

    same = sorted(off(mine) & off(then))
    return [(_SAME_SIGNAL, f"the same signals are off: {', '.join(same[:2])}")] if same else []


def _services(mine: Incident, then: Incident) -> _Common:
    same = [name for name in mine.services if name in then.services]
    what = "service" if len(same) == 1 else "services"
    return [(_SAME_SERVICE, f"the same {what}, {', '.join(same[:3])}")] if same else []


def _keys(alert: Alert) -> Iterator[tuple[str, ...]]:
    """What is the same each time it comes, also with other figures and under another fingerprint."""
    if alert.condition:
        yield ("condition", alert.condition)
    yield ("title", " ".join(_words(alert.title)) or alert.title.casefold(), alert.service or "")


def _words(text: str) -> list[str]:
    """The words of a title that are no figures; those with a figure within them name something."""
    found = _WORD.findall(_RANDOM.sub("", text).lower())
    return list(dict.fromkeys(one for one in found if not one[0].isdigit()))


def _judged(then: Incident, said: Sequence[DiagnosisVerdict], as_of: datetime) -> DiagnosisVerdict | None:
    """The latest word of those who know on the diagnosis with which it ended."""
    key = key_of(then.diagnosis) if then.diagnosis is not None else None
    about = [
        one
        for one in said
        if one.key == key and one.at <= as_of and one.judgement is not Judgement.DO_NOT_KNOW
    ]
    return max(about, key=lambda one: (one.at, one.person), default=None)


def _actual(said: DiagnosisVerdict | None) -> str | None:
    """What people say that it was, where they say more than that it was not what was named."""
    if said is None or said.judgement is Judgement.RIGHT:
        return None
    if said.actual_category is None:
        return f"in {said.actual_service}" if said.actual_service else None
    where = f" in {said.actual_service}" if said.actual_service else ""
    return f"a cause of the kind {said.actual_category}{where}"


def _carried_out(then: Incident) -> tuple[DoneThen, ...]:
    undone = {one.undo_of for one in then.proposals if one.state is ActionState.DONE}
    return tuple(
        DoneThen(text=one.action.done, held=False if one.id in undone else _held(then, one.id))
        for one in then.proposals
        if one.state is ActionState.DONE
    )


def _held(then: Incident, proposal: str) -> bool | None:
    seen = then.verification
    if seen is None or seen.action != proposal or seen.verdict is Recovery.UNKNOWN:
        return None
    return seen.verdict is Recovery.RECOVERED and not then.reopened


def _items(record: Record, as_of: datetime) -> tuple[ActionItem, ...]:
    """What was meant to prevent it; what people dropped was not."""
    then = record.incident
    tasks = tuple(of_task(then.id, one) for one in then.backlog)
    known = tuple(one for one in record.changed_items if one.at is not None and one.at <= as_of)
    return tuple(one for one in as_they_stand(tasks, known) if one.state is not ItemState.DROPPED)


def _done(one: DoneThen) -> str:
    after = {
        True: "and recovery held",
        False: "and it did not hold",
        None: "and whether it held is not known",
    }
    return f"{one.text[:1].upper()}{one.text[1:]}, {after[one.held]}."


def _day(when: date) -> str:
    return f"{when.day} {when:%b %Y}"
