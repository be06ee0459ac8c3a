"""What becomes of a delivery: each of its alerts by what was told before, then by which incident it joins."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.alert import Alert
from incidents.changes import Change, is_elsewhere
from incidents.correlate import Placement, correlate
from incidents.disposition import (
    AlertDisposition,
    AlertOutcome,
    LastWord,
    Transition,
    transition,
    with_known_start,
    word_of,
)
from incidents.events import Acknowledged, AlertsArrived
from incidents.incident import Incident
from incidents.join_rules import Rule, searched_keys
from incidents.runbook import Runbook
from incidents.severity import Severity
from incidents.severity_floor import alert_severity
from nexus.config.site import Site
from nexus.service.acknowledgements import elsewhere
from nexus.store.deliveries import Disposition, Filing, IntakeView, Opening
from nexus.store.records import WorldRef
from tools.alerts.meaning import Meaning
from tools.alerts.reading import Notice, Reading

#: What begins, or begins again.
_BEGINS = (Transition.BEGINS, Transition.BEGINS_AGAIN)


@dataclass(frozen=True)
class _Told:
    """One alert with what it tells after the last word of its condition."""

    alert: Alert
    last: LastWord | None
    what: Transition
    why: str

    @property
    def open_incident(self) -> str | None:
        return self.last.incident if self.last is not None and self.last.open else None

    @property
    def begins(self) -> bool:
        return self.what in _BEGINS and not self.alert.heartbeat


@dataclass(frozen=True)
class Dispositions:
    """Decides on deliveries of one live world.

    Args:
        site: its services, and within which time alerts join.
        world: what a new incident is opened with.
        mode: the engine's name, kept with each incident.
        runbook: what severity words mean.
    """

    site: Site
    world: WorldRef
    mode: str
    runbook: Runbook

    def decide(self, reading: Reading, now: datetime, view: IntakeView) -> Filing:
        """What becomes of a delivery that could be read."""
        reading, acknowledged = elsewhere(reading, self.site.people, view, now)
        told = _told(reading.alerts, view)
        changes = tuple((one, view.knows(one)) for one in reading.changes)
        others = (
            *_others(reading, acknowledged),
            *(self._changed(one, known=known) for one, known in changes),
        )
        if all(one.what is Transition.REPEATS for one in told) and not others and told:
            incident = next((one.last.incident for one in told if one.last and one.last.incident), None)
            known = Disposition.KNOWN if incident is not None else Disposition.IGNORED
            outcomes = tuple(map(_repeated, told))
            return Filing(disposition=known, incident=incident, outcomes=outcomes, beats=_beats(told))
        placed = self._placed(told, now, view)
        opens = self._openings(told, placed, now, view)
        incidents = _incidents(told, placed, opens)
        outcomes = tuple(
            _outcome(one, placed.get(id(one)), where) for one, where in zip(told, incidents, strict=True)
        )
        events: tuple[AlertsArrived | Acknowledged, ...] = _events(told, incidents, placed, now)
        events = (*events, *acknowledged.values())
        first = next((one for one in incidents if one is not None), None)
        first = first or next((one.incident for one in events), None)
        return Filing(
            disposition=_disposition(opens, events),
            incident=first or next((one.last.incident for one in told if one.last), None),
            events=events,
            opens=opens,
            words=_words(told, incidents),
            severities=self._severities(told, incidents),
            outcomes=(*outcomes, *others, *self._left_out(reading)),
            beats=_beats(told),
            changes=tuple(one for one, known in changes if not known),
        )

    def _left_out(self, reading: Reading) -> tuple[AlertOutcome, ...]:
        """That its sender left alerts out of the delivery, and what becomes of them."""
        if not reading.truncated:
            return ()
        is_asked = reading.group is not None and self.site.intake.api_of(None, reading.sender) is not None
        fetched = "they are fetched" if is_asked else "`api` of its sender in nexus.yaml would fetch them"
        more = f"{reading.truncated} more alerts of this group were not sent; {fetched}"
        return (AlertOutcome(disposition=AlertDisposition.NOTED, reason=more),)

    def _changed(self, change: Change, *, known: bool) -> AlertOutcome:
        """What becomes of word of a change."""
        what, why = AlertDisposition.CHANGE, "a change of the system, kept as evidence for causes"
        if known:
            what, why = AlertDisposition.REPEATED, "the same change was told before"
        elif is_elsewhere(change, self.site.environment):
            why = f"a change of {change.environment}, not of {self.site.environment}: no evidence here"
        elif self.site.catalogue.find(change.service) is None:
            why = (
                f"a change of {change.service!r}, which is no service here: evidence once somebody says what "
                "that is (`nexus services alias`)"
            )
        return AlertOutcome(
            disposition=what, reason=why, title=change.summary or change.id, service=change.service
        )

    def _placed(self, told: Sequence[_Told], now: datetime, view: IntakeView) -> dict[int, Placement]:
        """Where each alert belongs that begins."""
        placed = {
            id(one): Placement(
                rule=Rule.SAME_ALERT, reason=f"{one.open_incident} has this alert already",
                incident=one.open_incident,
            )
            for one in told
            if one.begins and one.open_incident is not None
        }  # fmt: skip
        free = [one for one in told if one.begins and id(one) not in placed]
        if not free:
            return placed
        alerts = [one.alert for one in free]
        after = now - self.site.intake.join_within
        lessons = view.lessons()
        near = view.candidates(searched_keys(alerts, self.site.catalogue, lessons), after)
        where = correlate(alerts, near, self.site.catalogue, lessons, after, self.site.shadow.covers)
        return placed | {id(one): at for one, at in zip(free, where, strict=True)}

    def _openings(
        self, told: Sequence[_Told], placed: dict[int, Placement], now: datetime, view: IntakeView
    ) -> tuple[Opening, ...]:
        """The new incidents, by the number that placements have; each names the one that it follows."""
        together: dict[int, list[_Told]] = {}
        for one in told:
            if (place := placed.get(id(one))) is not None and place.opens is not None:
                together.setdefault(place.opens, []).append(one)
        return tuple(self._opening(together[number], now, view) for number in sorted(together))

    def _severities(self, told: Sequence[_Told], incidents: Sequence[str | None]) -> dict[str, Severity]:
        """How severe the alerts that begin say that their incidents are."""
        alerts: dict[str, list[Alert]] = {}
        for one, incident in zip(told, incidents, strict=True):
            if incident is not None and one.begins:
                alerts.setdefault(incident, []).append(one.alert)
        said = {incident: alert_severity(theirs, self.runbook) for incident, theirs in alerts.items()}
        return {incident: severity for incident, severity in said.items() if severity is not None}

    def _opening(self, told: Sequence[_Told], now: datetime, view: IntakeView) -> Opening:
        alerts = tuple(one.alert for one in told)
        incident = Incident.opened(
            view.new_id(), alerts, now, self.mode, self.site.thresholds.currency, self.site.language,
            self.site.shadow.of(alerts),
        )  # fmt: skip
        before = next((one.last.incident for one in told if one.last and one.last.incident), None)
        return Opening(incident=incident.evolve(follows=before) if before else incident, world=self.world)


def _told(alerts: Sequence[Alert], view: IntakeView) -> list[_Told]:
    """Each alert after what was told before it, in this delivery or an earlier one."""
    words = view.last_words({alert.fingerprint for alert in alerts})
    told = []
    for alert in alerts:
        last = words.get(alert.fingerprint)
        what, why = transition(alert, last)
        alert = with_known_start(alert, last, what)
        told.append(_Told(alert, last, what, why))
        if what is not Transition.REPEATS:
            word = word_of(alert, last.incident if last else None)
            words[alert.fingerprint] = word.model_copy(update={"open": last.open if last else False})
    return told


def _beats(told: Sequence[_Told]) -> tuple[Alert, ...]:
    """The heartbeats that are heard; one that ends is not."""
    return tuple(one.alert for one in told if one.alert.heartbeat and one.alert.firing)


def _incidents(
    told: Sequence[_Told], placed: dict[int, Placement], opens: Sequence[Opening]
) -> list[str | None]:
    """The incident that each alert is told to, if any; a delivery may hold an end with its beginning."""
    began: dict[str, str | None] = {}
    incidents = []
    for one in told:
        place = placed.get(id(one))
        if place is not None:
            new = opens[place.opens].incident.id if place.opens is not None else None
            began[one.alert.fingerprint] = place.incident or new
            incidents.append(began[one.alert.fingerprint])
        elif one.what is Transition.ENDS:
            incidents.append(one.open_incident or began.get(one.alert.fingerprint))
        else:
            incidents.append(None)
    return incidents


def _outcome(one: _Told, place: Placement | None, incident: str | None) -> AlertOutcome:
    if one.what is Transition.REPEATS:
        return _repeated(one)
    kind, why = AlertDisposition.NOTED, one.why
    if one.alert.heartbeat:
        kind, why = AlertDisposition.HEARTBEAT, "it fires all the time to show that alerts get through"
    elif one.begins and place is not None:
        again = one.what is Transition.BEGINS_AGAIN
        joins = place.incident is not None
        plain = AlertDisposition.JOINED if joins else AlertDisposition.OPENED
        kind = AlertDisposition.REFIRED if again else plain
        by_rule = f"{place.rule}: {place.reason}" if joins else place.reason
        why = f"{one.why}; {by_rule}" if again else by_rule
        if again and not joins and one.last is not None and one.last.incident is not None:
            why = f"{why}; it follows {one.last.incident}, which has ended"
    elif one.what is Transition.ENDS and incident is not None:
        kind = AlertDisposition.RESOLVED
    elif one.what is Transition.ENDS:
        why = f"{one.why}, and no open incident works on it"
    return _as_outcome(one.alert, kind, why, incident or (one.last.incident if one.last else None))


def _repeated(one: _Told) -> AlertOutcome:
    kind = AlertDisposition.HEARTBEAT if one.alert.heartbeat else AlertDisposition.REPEATED
    return _as_outcome(one.alert, kind, one.why, one.last.incident if one.last else None)


def _as_outcome(alert: Alert, kind: AlertDisposition, why: str, incident: str | None) -> AlertOutcome:
    return AlertOutcome(
        disposition=kind, reason=why, title=alert.title, service=alert.service,
        fingerprint=alert.fingerprint, incident=incident,
    )  # fmt: skip


def _others(reading: Reading, acknowledged: Mapping[int, Acknowledged]) -> tuple[AlertOutcome, ...]:
    """What a delivery holds that is neither alert nor change; `acknowledged` by the place of its notice."""
    notices = tuple(
        AlertOutcome(
            disposition=AlertDisposition.SUPPRESSED
            if one.kind is Meaning.SILENCED
            else AlertDisposition.NOTED,
            reason=_why(one, acknowledged.get(place)),
            title=one.text,
            fingerprint=one.fingerprint,
            incident=acknowledged[place].incident if place in acknowledged else None,
        )
        for place, one in enumerate(reading.notices)
    )
    topics = tuple(
        AlertOutcome(
            disposition=AlertDisposition.NOTED, reason=f"a topic waits for confirmation at {one.link}",
            title=one.topic,
        )
        for one in reading.confirmations
    )  # fmt: skip
    return (*notices, *topics)


def _why(notice: Notice, said: Acknowledged | None) -> str:
    if said is not None:
        return f"{said.by} has it, as its sender says: acknowledged"
    return f"its sender says: {notice.kind}"


def _events(
    told: Sequence[_Told], incidents: Sequence[str | None], placed: dict[int, Placement], now: datetime
) -> tuple[AlertsArrived, ...]:
    """What the open incidents are told, one event each; the same again has the same id."""
    news: dict[str, list[tuple[Alert, str]]] = {}
    for one, incident in zip(told, incidents, strict=True):
        place = placed.get(id(one))
        opens_it = place is not None and place.opens is not None
        if incident is not None and not opens_it:
            joins = place is not None and place.rule is not Rule.SAME_ALERT
            news.setdefault(incident, []).append((one.alert, place.reason if place and joins else ""))
    return tuple(
        AlertsArrived(
            id=f"{incident}:alerts:{_digest([alert for alert, _ in told_to])}",
            incident=incident,
            at=now,
            alerts=tuple(alert for alert, _ in told_to),
            reasons=tuple(reason for _, reason in told_to),
        )
        for incident, told_to in news.items()
    )


def _digest(alerts: Sequence[Alert]) -> str:
    told = "".join(sorted("|".join(alert.identity) for alert in alerts))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _disposition(opens: Sequence[Opening], events: Sequence[AlertsArrived | Acknowledged]) -> Disposition:
    if opens:
        return Disposition.OPENED
    return Disposition.JOINED if events else Disposition.IGNORED


def _words(told: Sequence[_Told], incidents: Sequence[str | None]) -> tuple[LastWord, ...]:
    """What is remembered from now on; what has ended keeps its incident, so that a repeat is a repeat."""
    words = {}
    for one, incident in zip(told, incidents, strict=True):
        if one.what is Transition.REPEATS and not one.alert.heartbeat:
            continue
        before = one.last.incident if one.last is not None and not one.begins else None
        words[one.alert.fingerprint] = word_of(one.alert, incident or before)
    return tuple(words.values())
