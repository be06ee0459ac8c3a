"""Verbs of those who know better what belongs together: split and merge."""

from typing import TYPE_CHECKING, Annotated

from nexus.cli.base import IncidentId, Json, answered, home, say, write_json
from nexus.cli.commands import By
from nexus.cli.parser import Argument, Option, Verbs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from incidents.actor import Actor
    from nexus.service.regrouping import IncidentRegrouping
    from nexus.service.views import Regrouped

Reason = Annotated[
    str, Option("--reason", help="Why; it stands in both timelines, and the next alerts heed it.")
]


def verbs() -> Verbs:
    """The verbs of this module."""
    return {"split": split, "merge": merge}


def _regroup(
    identity: str,
    by: str | None,
    as_json: bool,
    ask: "Callable[[IncidentRegrouping, Actor], Awaitable[Regrouped]]",
) -> None:
    from nexus.cli.signing import speaker
    from nexus.service.regrouping import IncidentRegrouping

    async def go() -> "Regrouped":
        return await ask(IncidentRegrouping.of(opened), actor)

    with home(threads=False) as opened:
        actor = speaker(opened, identity, by)
        done = answered(go())
        if as_json:
            write_json(done)
            return
        alerts = f"{len(done.alerts)} alert{'s' if len(done.alerts) != 1 else ''}"
        said = (
            f"{done.merged} is merged into {done.incident}, which goes on with {alerts} more"
            if done.merged
            else f"{alerts} of {done.incident} went out into {done.split_into}"
        )
        undo = (
            f"nexus split {done.incident} {done.merged}"
            if done.merged
            else f"nexus merge {done.incident} {done.split_into}"
        )
        say(f"{said}. `{undo}` undoes it.")


def split(
    identity: IncidentId,
    alerts: Annotated[
        list[str],
        Argument(help="Fingerprints or services; or the incident that was merged into it."),
    ],
    *,
    by: By = None,
    reason: Reason,
    as_json: Json = False,
) -> None:
    """Take alerts out of an incident into one of their own; the next alerts of that sort stay apart."""
    _regroup(
        identity, by, as_json, lambda door, actor: door.split(identity, alerts, actor=actor, reason=reason)
    )


def merge(
    identity: IncidentId,
    other: Annotated[str, Argument(help="The incident that is merged into it, and closed.")],
    *,
    by: By = None,
    reason: Reason,
    as_json: Json = False,
) -> None:
    """Merge another incident into one that goes on; the next alerts of that sort join it."""
    _regroup(
        identity, by, as_json, lambda door, actor: door.merge(identity, other, actor=actor, reason=reason)
    )
