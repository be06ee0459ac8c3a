"""Whether another round of the investigation can learn anything. Pure.

The same tools over the same data give the same answers, and these the same reports: such a round is not run.
"""

from collections.abc import Iterable

from incidents.action import ANSWERED
from incidents.findings import Suspect, telling
from incidents.incident import Incident
from incidents.look import Look, Suspicion
from incidents.runbook import Runbook
from incidents.value import Moment

#: How many suspects decide: those behind them come and go with every sample.
AHEAD = 3
#: A score that moves by less says the same.
_SAME = 0.25


def look_of(incident: Incident, telemetry: Moment | None, changes: Iterable[str]) -> Look:
    """What a round that begins now has to go by.

    Args:
        incident: measured, with its suspects ranked.
        telemetry: the newest moment of which anything is recorded.
        changes: the ids of what is on record as changed.
    """
    facts = incident.facts
    answered = sum(proposal.state in ANSWERED for proposal in incident.proposals)
    return Look(
        telemetry=telemetry,
        suspects=tuple(_suspicion(suspect) for suspect in incident.suspects[:AHEAD]),
        affected=tuple(sorted(facts.affected)) if facts else (),
        down=tuple(sorted(facts.down)) if facts else (),
        quiet=facts.quiet if facts else None,
        changes=tuple(sorted(changes)),
        silent=tuple(sorted(incident.silent_channels)),
        alerts=tuple(sorted(f"{name} {alert.status}" for name, alert in incident.latest_alerts.items())),
        said=len(incident.notes) + len(incident.outside_changes) + answered,
    )


def is_idle(incident: Incident, now: Look) -> bool:
    """Whether a round that begins now would repeat the last one: nothing was asked, nothing is new."""
    return (
        incident.looked is not None
        and incident.diagnosis is not None
        and incident.question is None
        and not news(incident.looked, now)
    )


def said_idle(incident: Incident, runbook: Runbook) -> str:
    """Why no round was run, and what could change that, in words."""
    looked = incident.looked or Look()
    suspects = ", ".join(one.service for one in looked.suspects) or "none"
    same = (
        f"the same as at the last round is to be seen (suspects: {suspects}; changes: {len(looked.changes)})"
    )
    if looked.silent:
        return f"{same}; that {', '.join(looked.silent)} answer again could change it"
    if incident.investigations >= runbook.bounds.investigations:
        return same
    return f"{same}; another deviation, change or alert, or a note from a person, could change it"


def heard(look: Look | None, unheard: Iterable[str]) -> Look | None:
    """What a round had to go by, with the roles that gave no report in it."""
    return look.model_copy(update={"unheard": tuple(unheard)}) if look is not None else None


def _suspicion(suspect: Suspect) -> Suspicion:
    return Suspicion(
        service=suspect.service,
        category=suspect.category,
        score=suspect.score,
        change=suspect.change,
        channels=tuple(sorted(telling(suspect))),
    )


def news(before: Look, now: Look) -> tuple[str, ...]:
    """What a round could learn now that the last one could not, in words; empty if there is nothing."""
    if now.telemetry == before.telemetry:
        # The same samples: what is ranked of them differs only by the moment from which one looks.
        found = {}
    else:
        found = {
            "other services deviate": _off(before) != _off(now),
            "the suspects are others": not _same_suspects(before.suspects, now.suspects),
        }
    found |= {
        "another change is on record": before.changes != now.changes,
        "a channel fell silent or answers again": before.silent != now.silent,
        "an alert came or ended": before.alerts != now.alerts,
        "people said or changed something": before.said != now.said,
        f"no report came from {', '.join(before.unheard)}": bool(before.unheard),
    }
    return tuple(what for what, holds in found.items() if holds)


def _off(look: Look) -> tuple[object, ...]:
    return look.affected, look.down, look.quiet


def _same_suspects(before: tuple[Suspicion, ...], now: tuple[Suspicion, ...]) -> bool:
    return len(before) == len(now) and all(
        one.model_copy(update={"score": 0.0}) == other.model_copy(update={"score": 0.0})
        and abs(one.score - other.score) <= _SAME * max(one.score, other.score)
        for one, other in zip(before, now, strict=True)
    )
