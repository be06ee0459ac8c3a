"""Who on duty can be woken, and on how many ways that do not fail together: what `nexus doctor` proves."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from pydantic import Field

from incidents.severity import Severity
from incidents.value import Value
from nexus.config.people import Person
from nexus.notify.notice import Audience, Purpose
from nexus.notify.rules import Rules

#: Whoever is on duty has to be woken for these.
URGENT = (Severity.P0, Severity.P1)


class WayOut(Value):
    """A destination as it counts here: a provider, and whether it wakes a sleeper."""

    name: str
    provider: str
    wakes: bool


class Reached(Value):
    """How one person is reached with a page of a service.

    Attributes:
        wakes: the destinations that wake them.
        independent: two of their ways have another provider and another device or account.
    """

    person: str
    wakes: tuple[str, ...]
    independent: bool


class Reach(Value):
    """Who on duty is reached with a page of one severity of one service."""

    severity: Severity
    service: str
    people: tuple[Reached, ...]
    undecided: str = Field(default="", description="why nobody is on duty, as far as is known")

    @property
    def woken(self) -> bool:
        """Whether anybody is."""
        return any(one.wakes for one in self.people)


def reach(on_duty: Mapping[str, Sequence[Person]], ways: Iterable[WayOut], rules: Rules) -> tuple[Reach, ...]:
    """For each urgent severity and service who is reached. Pure.

    Args:
        on_duty: by service the people on duty now.
        ways: the destinations.
        rules: which of them a page of a severity and service goes to.
    """
    known = {way.name: way for way in ways}
    return tuple(
        Reach(
            severity=severity,
            service=service,
            people=tuple(_reached(one, _routed(known, rules, severity, service)) for one in people),
        )
        for severity in URGENT
        for service, people in on_duty.items()
    )


def _routed(
    ways: Mapping[str, WayOut], rules: Rules, severity: Severity, service: str
) -> Mapping[str, WayOut]:
    """Those to which a page of that goes."""
    if not rules.routes:
        return ways
    fits = [one for one in rules.routes if one.fits(Purpose.PAGE, Audience.ON_CALL, severity, (service,))]
    named = {name for one in fits for name in one.to}
    return {name: way for name, way in ways.items() if name in named}


def _reached(person: Person, ways: Mapping[str, WayOut]) -> Reached:
    theirs = [(one, ways[one.to]) for one in person.contacts if one.to in ways]
    independent = any(
        first.provider != second.provider and a.at.casefold() != b.at.casefold()
        for (a, first), (b, second) in combinations(theirs, 2)
    )
    wakes = tuple(dict.fromkeys(way.name for _, way in theirs if way.wakes))
    return Reached(person=person.name, wakes=wakes, independent=independent)


def complaints(found: Iterable[Reach]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is wrong, the same sentence once with all that it is of: where nobody is woken, then the rest."""
    loud: dict[str, list[str]] = {}
    other: dict[str, list[str]] = {}
    for one in found:
        what = f"{one.severity} of {one.service}"
        if not one.woken:
            names = ", ".join(person.person for person in one.people)
            why = f"nobody on duty is woken ({names})" if names else "nobody is on duty"
            loud.setdefault(why, []).append(what)
            continue
        for person in one.people:
            if not person.wakes:
                other.setdefault(f"{person.person} has no way that wakes a sleeper", []).append(what)
            elif not person.independent:
                why = f"{person.person} has no two ways of another provider and another device or account"
                other.setdefault(why, []).append(what)
    return _sentences(loud), _sentences(other)


def _sentences(found: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    return tuple(f"{', '.join(of)}: {why}" for why, of in found.items())
