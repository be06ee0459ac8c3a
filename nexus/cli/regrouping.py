"""Verbs of those who know better what belongs together: split and merge."""

from typing import TYPE_CHECKING, Annotated

from nexus.cli.base import IncidentId, Json, Server, say, write_json
from nexus.cli.commands import By
from nexus.cli.parser import Argument, Option, Verbs

if TYPE_CHECKING:
    from nexus.service.request import Request

Reason = Annotated[
    str, Option("--reason", help="Why; it stands in both timelines, and the next alerts heed it.")
]


def verbs() -> Verbs:
    """The verbs of this module."""
    return {"split": split, "merge": merge}


def _regroup(identity: str, by: str | None, as_json: bool, asked: "Request", server: str | None) -> None:
    from nexus.cli.sending import send
    from nexus.service.views import Regrouped

    done = send(identity, asked, by, server, Regrouped)
    if as_json:
        write_json(done)
        return
    alerts = f"{len(done.alerts)} alert{'s' if len(done.alerts) != 1 else ''}"
    if done.merged:
        words = f"{done.merged} is merged into {done.incident}, which goes on with {alerts} more"
        undo = f"nexus split {done.incident} {done.merged}"
    else:
        words = f"{alerts} of {done.incident} went out into {done.split_into}"
        undo = f"nexus merge {done.incident} {done.split_into}"
    say(f"{words}. `{undo}` undoes it.")


def split(
    identity: IncidentId,
    alerts: Annotated[
        list[str],
        Argument(help="Fingerprints or services; or the incident that was merged into it."),
    ],
    *,
    by: By = None,
    reason: Reason,
    server: Server = None,
    as_json: Json = False,
) -> None:
    """Take alerts out of an incident into one of their own; the next alerts of that sort stay apart."""
    from nexus.cli.sending import said
    from nexus.service.requests import Split

    _regroup(identity, by, as_json, said(Split, alerts=alerts, reason=reason), server)


def merge(
    identity: IncidentId,
    other: Annotated[str, Argument(help="The incident that is merged into it, and closed.")],
    *,
    by: By = None,
    reason: Reason,
    server: Server = None,
    as_json: Json = False,
) -> None:
    """Merge another incident into one that goes on; the next alerts of that sort join it."""
    from nexus.cli.sending import said
    from nexus.service.requests import Merge

    _regroup(identity, by, as_json, said(Merge, other=other, reason=reason), server)
