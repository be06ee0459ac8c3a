"""The rules by which one alert joins one open incident, each with its reason in words. Pure.

What the rules compare are keys, so that a store finds the few incidents that may be meant by an index and
reads none of them whole: an incident is filed under the keys of its alerts (`incident_keys`), and looked up
by those that a new alert may share (`searched_keys`).
"""

import hashlib
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Self

from incidents.alert import Alert
from incidents.lessons import Lesson, Lessons, subject_of
from incidents.shadow import SHADOW
from incidents.topology import around, deepest, path_between
from incidents.value import Moment, Value

if TYPE_CHECKING:
    from incidents.catalogue import Catalogue
    from incidents.incident import Incident

#: What an incident is filed under while it has an alert of which nobody knows the service.
UNASSIGNED = "unassigned"
#: An alert with more labels is not compared label by label.
MOST_LABELS = 40


class Rule(StrEnum):
    """Why an alert was placed where it is; the stronger ones come first."""

    SAME_ALERT = "same alert"
    LESSON = "lesson"
    SERVICE = "service"
    CAUSE = "cause"
    PATH = "path"
    PLACE = "place"
    GROUP = "group"
    LABELS = "labels"
    NOTHING_SHARED = "nothing shared"
    ENDED = "ended"
    HEARTBEAT = "heartbeat"

    @property
    def rank(self) -> int:
        """0 is the strongest."""
        return tuple(Rule).index(self)


class Candidate(Value):
    """What the rules need to know of an open incident: when it was opened, and its keys."""

    id: str
    opened_at: Moment
    keys: frozenset[str]

    @classmethod
    def of(cls, incident: "Incident", unread: Iterable[Alert] = ()) -> Self:
        """An open incident, with the alerts that wait in its inbox."""
        return cls(id=incident.id, opened_at=incident.opened_at, keys=incident_keys(incident, unread))

    def with_alert(self, alert: Alert) -> Self:
        """The same with one more alert."""
        return self.model_copy(update={"keys": self.keys | keys_of(alert)})

    def named(self, prefix: str) -> frozenset[str]:
        """What its keys of one sort name."""
        return frozenset(key.removeprefix(prefix) for key in self.keys if key.startswith(prefix))

    @property
    def services(self) -> frozenset[str]:
        """The services that its alerts name."""
        return self.named("service:")

    def failing(self, catalogue: "Catalogue") -> frozenset[str]:
        """Where it fails as far as is known: what the diagnosis names, else the deepest of its services."""
        return self.named("cause:") or deepest(self.services, catalogue)


class Match(NamedTuple):
    """How an alert and an incident fit; `far` counts the calls between them."""

    rule: Rule
    reason: str
    far: int = 0

    @property
    def rank(self) -> tuple[int, int]:
        """The lowest fits best."""
        return (self.rule.rank, self.far)


def keys_of(alert: Alert) -> frozenset[str]:
    """What an incident with this alert is filed under."""
    keys = {f"alert:{alert.fingerprint}", subject_of(alert)}
    if alert.condition:
        keys.add(f"condition:{alert.condition}")
    if alert.unassigned:
        keys.add(UNASSIGNED)
    # Alertmanager's group of everything has no labels: it bundles nothing.
    if alert.group and not alert.group.endswith("{}"):
        keys.add(f"group:{alert.source}:{alert.group}")
    return frozenset(keys | _place_keys(alert) | _label_keys(alert))


def incident_keys(incident: "Incident", unread: Iterable[Alert] = ()) -> frozenset[str]:
    """What an incident is filed under: its alerts' keys, what its diagnosis names, whether it is a shadow."""
    found = incident.diagnosis
    cause = {f"cause:{found.service}"} if found is not None and found.known else set()
    shadow = {SHADOW} if incident.shadow.whole else set()
    return frozenset(cause.union(shadow, *(keys_of(alert) for alert in (*incident.alerts, *unread))))


def searched_keys(alerts: Iterable[Alert], catalogue: "Catalogue", lessons: Lessons) -> frozenset[str]:
    """The keys of which one at least stands with every incident that one of the alerts may join."""
    alerts = tuple(alerts)
    near = connected(alerts, catalogue).union(*(_on_host(alert) for alert in alerts))
    own = (keys_of(alert) - {UNASSIGNED} | lessons.partners(subject_of(alert)) for alert in alerts)
    hosts = {f"on:{alert.service}" for alert in alerts if alert.service}
    return frozenset({f"{kind}:{name}" for kind in ("service", "cause") for name in near}.union(hosts, *own))


def connected(alerts: Iterable[Alert], catalogue: "Catalogue") -> frozenset[str]:
    """The services of alerts, all that these need and all that need them, over any number of calls."""
    return around((alert.service for alert in alerts if alert.service), catalogue)


def match(alert: Alert, one: Candidate, catalogue: "Catalogue", lessons: Lessons) -> Match | None:
    """The strongest rule by which an alert joins an incident; None without one, or if people said so."""
    lesson = lesson_on(alert, one, lessons)
    if lesson is not None:
        return Match(Rule.LESSON, lesson.sentence) if lesson.together else None
    if has_fingerprint(one, alert) or has_condition(one, alert):
        return Match(Rule.SAME_ALERT, same_alert(one, alert))
    if alert.service is not None and (one.services or one.named("cause:")):
        return _by_service(alert.service, one, catalogue)
    return _by_place(alert, one, catalogue) or _by_group(alert, one) or _by_labels(alert, one)


def lesson_on(alert: Alert, one: Candidate, lessons: Lessons) -> Lesson | None:
    """What people taught of an alert and what an incident has; nothing where it has the same."""
    subject = subject_of(alert)
    return lessons.about(subject, one.keys) if subject not in one.keys else None


def has_fingerprint(one: Candidate, alert: Alert) -> bool:
    """Whether the incident was told of it before by its sender's identity."""
    return f"alert:{alert.fingerprint}" in one.keys


def has_condition(one: Candidate, alert: Alert) -> bool:
    """Whether a firing alert tells of a condition that the incident knows of another replica."""
    return alert.firing and bool(alert.condition) and f"condition:{alert.condition}" in one.keys


def same_alert(one: Candidate, alert: Alert) -> str:
    """The reason in words: it is known itself, or as that of another replica."""
    if has_fingerprint(one, alert):
        return f"{one.id} has this alert already"
    return f"{one.id} has the same condition, told of another replica or value"


def _by_service(service: str, one: Candidate, catalogue: "Catalogue") -> Match | None:
    if service in one.services:
        return Match(Rule.SERVICE, f"{one.id} is about {service} too")
    if service in one.named("cause:"):
        return Match(Rule.CAUSE, f"{service} is what the diagnosis of {one.id} names")
    ways = (path_between(service, name, catalogue) for name in sorted(one.failing(catalogue)))
    nearest = min((chain for chain in ways if chain), key=len, default=None)
    if nearest is None:
        return None
    text = f"{service} is on the path of what fails in {one.id}: {' calls '.join(nearest)}"
    return Match(Rule.PATH, text, len(nearest) - 1)


def _by_place(alert: Alert, one: Candidate, catalogue: "Catalogue") -> Match | None:
    """An alert about a host and an incident of what stands there, or an incident about the host alone."""
    if alert.service is not None:
        hosts = ", ".join(sorted(one.named("place:")))
        there = f"{alert.service} stands on {hosts}, which {one.id} is about"
        return Match(Rule.PLACE, there, 1) if f"on:{alert.service}" in one.keys else None
    if alert.matched_by is None:
        return None
    if _place_keys(alert) & {key for key in one.keys if key.startswith("place:")}:
        return Match(Rule.PLACE, f"{one.id} is about {alert.matched_by.place} too")
    failing = sorted(_on_host(alert) & one.failing(catalogue))
    if not failing:
        return None
    return Match(Rule.PLACE, f"{failing[0]}, which fails in {one.id}, stands on {alert.matched_by.place}", 1)


def _place_keys(alert: Alert) -> frozenset[str]:
    """Of an alert about a place: the place, and of a host what stands on it.

    Whatever stands in a cluster or a zone is too much to belong to each of its alerts, and a namespace is a
    name more than a place.
    """
    found = alert.matched_by
    if alert.service is not None or found is None or not found.place or found.place.startswith("namespace"):
        return frozenset()
    return frozenset({f"place:{found.place}", *(f"on:{name}" for name in _on_host(alert))})


def _on_host(alert: Alert) -> frozenset[str]:
    """The services on the host that an alert without a service is about."""
    found = alert.matched_by
    is_of_host = alert.service is None and found is not None and found.place.startswith("host ")
    return frozenset(found.services) if is_of_host and found is not None else frozenset()


def _by_group(alert: Alert, one: Candidate) -> Match | None:
    shared = next((key for key in sorted(keys_of(alert) & one.keys) if key.startswith("group:")), None)
    if shared is None:
        return None
    return Match(Rule.GROUP, f"its sender bundles it with alerts of {one.id} ({alert.group})")


def _by_labels(alert: Alert, one: Candidate) -> Match | None:
    shared = sorted(_label_keys(alert) & one.keys)
    if not shared:
        return None
    label = shared[0].removeprefix("labels:").rpartition(":")[0]
    return Match(Rule.LABELS, f"it differs from an alert of {one.id} in the label {label} alone")


def _label_keys(alert: Alert) -> frozenset[str]:
    """Of an alert without a service one key per label: a digest of all the others, and of its name.

    Two alerts that differ in the value of one label alone share the key of that label. They have to share a
    label beside name and severity: these alone say too little.
    """
    labels = {label.name: label.value for label in alert.labels}
    name = labels.pop("alertname", alert.title)
    telling = labels.keys() - {"severity"}
    if alert.service is not None or len(telling) < 2 or len(labels) > MOST_LABELS:
        return frozenset()
    shared = {without: sorted(labels.items() - {(without, labels[without])}) for without in telling}
    return frozenset(
        f"labels:{without}:{_digest(alert.source, name, rest)}" for without, rest in shared.items()
    )


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode(errors="replace")).hexdigest()[:32]
