"""The verb about who works."""

from nexus.cli.base import Json, answered, home, say, write_json
from nexus.cli.parser import Verbs
from nexus.service.overdue import overdue


def verbs() -> Verbs:
    """The verbs of this module."""
    return {"workers": workers}


def workers(as_json: Json = False) -> None:
    """List who drives incidents, since when and what, who was lost within a day, and how long work waits."""
    with home(listing=as_json, threads=False) as opened:
        now = opened.clock.now()
        found = answered(opened.store.workers(now))
        waits = answered(overdue(opened.store, now))
    if as_json:
        write_json(found)
        return
    if not found:
        say("Nobody drives incidents; `nexus serve` does.")
    for one in found:
        ago = max(0, round((now - one.seen_at).total_seconds()))
        drives = f"drives {', '.join(one.drives)}" if one.drives else "drives nothing"
        hands = f"{len(one.drives)} of {one.at_once} hands"
        say(f"{one.name} (site {one.site}, {one.version}): {one.state}, seen {ago} s ago, {hands}, {drives}")
    for site, seconds in waits.items():
        say(f"An incident of site {site} has been due for {seconds:.0f} s with nobody at it.")
