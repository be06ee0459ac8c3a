"""Open incidents that look like one cause: a hint for people, who alone merge them. Pure.

Two incidents are apart because no rule joined their alerts when they came. What is found out later may bring
them together: a diagnosis names what both need, an alert of their host came, or both began at one time and
call the same. Whether it is one cause only somebody who looks can tell.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from incidents.catalogue import Catalogue
from incidents.join_rules import Candidate
from incidents.lessons import Lessons
from incidents.topology import reached


class Hint(NamedTuple):
    """The younger incident may have the cause of the older one, for a reason in words."""

    older: str
    younger: str
    reason: str


class _Sight(NamedTuple):
    """What one incident shows."""

    one: Candidate
    causes: frozenset[str]
    failing: frozenset[str]
    hosts: frozenset[str]
    on_hosts: frozenset[str]


def hints(
    open_ones: Sequence[Candidate], catalogue: Catalogue, lessons: Lessons, within: timedelta
) -> tuple[Hint, ...]:
    """At most one hint for each incident, with an older one.

    Args:
        open_ones: the open incidents of a site, oldest first.
        catalogue: who calls whom.
        lessons: what people separated is never hinted at.
        within: how near in time incidents began that merely call the same.
    """
    sights = [_sight(one, catalogue) for one in open_ones]
    said: dict[str, Hint] = {}
    for group, reason in _groups(sights, catalogue, within):
        for place, later in enumerate(group):
            if later.one.id in said:
                continue
            for earlier in group[:place]:
                why = reason(earlier, later)
                if why and not _separated(earlier.one, later.one, lessons):
                    said[later.one.id] = Hint(earlier.one.id, later.one.id, why)
                    break
    return tuple(said.values())


_Reason = Callable[[_Sight, _Sight], str]


def _sight(one: Candidate, catalogue: Catalogue) -> _Sight:
    hosts = frozenset(place for place in one.named("place:") if place.startswith("host "))
    return _Sight(one, one.named("cause:"), one.failing(catalogue), hosts, one.named("on:"))


def _groups(
    sights: Sequence[_Sight], catalogue: Catalogue, within: timedelta
) -> Iterator[tuple[list[_Sight], _Reason]]:
    """Incidents that have something in common, oldest first, the most telling first."""
    for cause in dict.fromkeys(name for one in sights for name in sorted(one.causes)):
        above = reached({cause}, catalogue.callers)
        members = [one for one in sights if cause in one.causes or (not one.causes and one.failing & above)]
        yield members, _same_cause(cause)
    for host in dict.fromkeys(name for one in sights for name in sorted(one.hosts)):
        on_it = frozenset[str]().union(*(one.on_hosts for one in sights if host in one.hosts))
        members = [one for one in sights if host in one.hosts or one.failing & on_it]
        yield members, _same_host(host)
    open_questions = [one for one in sights if not one.causes]
    for need in catalogue.callers:
        callers = catalogue.callers[need]
        yield [one for one in open_questions if one.failing & callers], _same_need(need, callers, within)


def _same_cause(cause: str) -> _Reason:
    def reason(earlier: _Sight, later: _Sight) -> str:
        knows, other = (earlier, later) if cause in earlier.causes else (later, earlier)
        if cause not in knows.causes:
            return ""
        if cause in other.causes:
            return f"both diagnoses name {cause}"
        what = "it" if cause in other.failing else f"what needs it ({_named(other.failing)})"
        return f"the diagnosis of {knows.one.id} names {cause}, and {other.one.id} is about {what}"

    return reason


def _same_host(host: str) -> _Reason:
    def reason(earlier: _Sight, later: _Sight) -> str:
        about, other = (earlier, later) if host in earlier.hosts else (later, earlier)
        if host not in about.hosts:
            return ""
        on_it = sorted(other.failing & about.on_hosts)
        return f"{about.one.id} is about {host}, where {_named(on_it)} stands" if on_it else ""

    return reason


def _same_need(need: str, callers: frozenset[str], within: timedelta) -> _Reason:
    def reason(earlier: _Sight, later: _Sight) -> str:
        if later.one.opened_at - earlier.one.opened_at > within:
            return ""
        both = (earlier.failing & callers, later.failing & callers)
        return f"both began at one time, and {_named(both[0])} and {_named(both[1])} call {need}"

    return reason


def _named(services: Sequence[str] | frozenset[str]) -> str:
    return ", ".join(sorted(services))


def _separated(one: Candidate, other: Candidate, lessons: Lessons) -> bool:
    """Whether people said of anything in both that it does not belong together."""
    found = (lessons.about(subject, other.keys) for subject in one.keys)
    return any(lesson is not None and not lesson.together for lesson in found)
