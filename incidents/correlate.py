"""Which incident an alert belongs to: a storm of alerts out of one fault is one incident, two faults are two.

Pure. An alert joins an open incident by the first of these rules that holds, and says which:

1. *same alert*: the incident knows its fingerprint, or its condition under the label of another replica;
2. *lesson*: people joined them before; what people separated is not joined by any rule below;
3. *service*: the incident has an alert of the same service;
4. *cause*: its service is what the diagnosis of the incident names;
5. *path*: its service calls, or is called by, the one that fails in the incident, over any number of calls.
   What merely needs the same (a sibling) is not on the path;
6. *place*: it is about the host on which the failing service of that one incident stands, or both are about
   one host, zone or cluster; or the incident is about a host alone, and its service stands there;
7. *group*: one of them names no service, and their sender bundled both under one key;
8. *labels*: neither names a service, and they differ in the value of one label alone.

All but the first hold for an incident that is younger than `join_within`. What is not in shadow joins no
incident that is, unless that has its very fingerprint: people would not hear of it. An alert that joins
nothing opens an incident, with those of its delivery that belong to it by the same rules. An end joins only
the firing that it ends, and opens nothing. A heartbeat belongs to no incident: that it fires is what is
expected.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from incidents.alert import Alert
from incidents.catalogue import Catalogue
from incidents.join_rules import (
    Candidate,
    Match,
    Rule,
    has_condition,
    has_fingerprint,
    keys_of,
    lesson_on,
    match,
    same_alert,
)
from incidents.lessons import Lessons
from incidents.shadow import SHADOW
from incidents.topology import reached
from incidents.value import Value

#: Of so many incidents nearby it is said why an alert did not join them.
MOST_NAMED = 3
#: What a reason calls an incident that the delivery itself opens.
SAME_DELIVERY = "this delivery"


class Placement(Value):
    """Where an alert belongs, and why in words.

    `incident` is the open one that it joins, `opens` the number of the new one (0, 1, ...) among those that
    its delivery opens. With neither it belongs to no incident.
    """

    rule: Rule
    reason: str
    incident: str | None = None
    opens: int | None = None


def correlate(
    alerts: Sequence[Alert],
    candidates: Iterable[Candidate],
    catalogue: Catalogue,
    lessons: Lessons,
    opened_after: datetime,
    is_shadowed: Callable[[str | None], bool] = lambda service: False,
) -> tuple[Placement, ...]:
    """Where each alert of a delivery belongs; the order of alerts and candidates does not matter.

    Args:
        alerts: as they were read, with known starts.
        candidates: the open incidents of the site that may be meant (`searched_keys` says how to find them).
        catalogue: who calls whom.
        lessons: what people taught.
        opened_after: only the same alert joins an incident that is older.
        is_shadowed: whether what is about a service (None: nobody knows which) is in shadow.

    Returns:
        One placement for each alert, in the order of the alerts.
    """
    older = sorted(candidates, key=lambda one: (one.opened_at, one.id), reverse=True)
    opened: list[Candidate] = []
    placed: dict[int, Placement] = {}
    for number in sorted(range(len(alerts)), key=lambda n: _order(alerts[n], catalogue)):
        alert = alerts[number]
        told = is_shadowed(alert.service)
        heard = [one for one in older if told or SHADOW not in one.keys or has_fingerprint(one, alert)]
        placed[number] = there = _placed(alert, heard, opened, catalogue, lessons, opened_after)
        if there.opens == len(opened):
            opened.append(Candidate(id=SAME_DELIVERY, opened_at=alert.received_at, keys=keys_of(alert)))
        elif there.opens is not None:
            opened[there.opens] = opened[there.opens].with_alert(alert)
        elif there.incident is not None:
            older = [one.with_alert(alert) if one.id == there.incident else one for one in older]
    return tuple(placed[number] for number in range(len(alerts)))


def _order(alert: Alert, catalogue: Catalogue) -> tuple[object, ...]:
    """The deepest service first, so that what calls it finds it there; what names none comes last."""
    below = len(reached({alert.service}, catalogue.needs)) if alert.service else 0
    return (alert.service is None, below, alert.service or "", alert.starts_at, alert.fingerprint)


def _placed(
    alert: Alert, older: Sequence[Candidate], opened: Sequence[Candidate], catalogue: Catalogue,
    lessons: Lessons, opened_after: datetime,
) -> Placement:  # fmt: skip
    if alert.heartbeat:
        return Placement(rule=Rule.HEARTBEAT, reason="it always fires: only its absence means anything")
    if (same := _same_alert(alert, older)) is not None:
        return Placement(rule=Rule.SAME_ALERT, reason=same_alert(same, alert), incident=same.id)
    if not alert.firing:
        return Placement(rule=Rule.ENDED, reason="it ends what nobody works on")
    young = [one for one in older if one.opened_at > opened_after]
    if (found := _best(alert, young, catalogue, lessons)) is not None:
        return Placement(rule=found[1].rule, reason=found[1].reason, incident=young[found[0]].id)
    if (found := _best(alert, opened, catalogue, lessons)) is not None:
        return Placement(rule=found[1].rule, reason=found[1].reason, opens=found[0])
    apart = _apart(alert, (*young, *opened), catalogue, lessons)
    return Placement(rule=Rule.NOTHING_SHARED, reason=apart, opens=len(opened))


def _same_alert(alert: Alert, older: Sequence[Candidate]) -> Candidate | None:
    """The youngest that has this very alert, else the youngest that has its condition."""
    exact = (one for one in older if has_fingerprint(one, alert))
    return next(exact, None) or next((one for one in older if has_condition(one, alert)), None)


def _best(
    alert: Alert, among: Sequence[Candidate], catalogue: Catalogue, lessons: Lessons
) -> tuple[int, Match] | None:
    """The place of the incident that fits best: by the strongest rule, the shortest path, the first one."""
    fits = ((place, match(alert, one, catalogue, lessons)) for place, one in enumerate(among))
    known = [(place, fit) for place, fit in fits if fit is not None]
    best = min(known, key=lambda found: found[1].rank, default=None)
    if best is not None and alert.service is None and best[1].rule is Rule.PLACE and best[1].far:
        # What fails in several incidents stands on one host: it may be the cause of all, or of none.
        alone = sum(fit.rank == best[1].rank for _, fit in known) == 1
        return best if alone else None
    return best


def _apart(alert: Alert, young: Sequence[Candidate], catalogue: Catalogue, lessons: Lessons) -> str:
    """Why it opens an incident of its own beside those that are open and young."""
    why = list(_reasons_apart(alert, young, catalogue, lessons))
    more = f"; and {len(why) - MOST_NAMED} more" if len(why) > MOST_NAMED else ""
    return "; ".join(why[:MOST_NAMED]) + more if why else "no young incident has anything to do with it"


def _reasons_apart(
    alert: Alert, young: Sequence[Candidate], catalogue: Catalogue, lessons: Lessons
) -> Iterator[str]:
    for one in young:
        lesson = lesson_on(alert, one, lessons)
        if lesson is not None and not lesson.together:
            yield f"not with {one.id}: {lesson.sentence}"
        elif (fit := match(alert, one, catalogue, lessons)) is not None:
            yield f"not with {one.id} alone: {fit.reason}"
        elif alert.service is None:
            yield f"not with {one.id}: it names no service and shares no group with it"
        elif failing := one.failing(catalogue):
            yield f"not with {one.id}: {alert.service} is not on the path of {', '.join(sorted(failing))}"
