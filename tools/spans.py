"""How far a world is looked back at. Apart from the ports: their frames take half a second to import."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Spans:
    """How a world is looked at.

    Attributes:
        lookback: how far before its opening an incident is looked at: alert rules wait minutes to fire.
        recent: what counts as now: long enough for a handful of samples, short enough to follow a change. A
            fault has to fill more than half of it to show.
        lead: an alert follows its fault; samples this long before it are taken as untroubled.
    """

    lookback: timedelta = timedelta(minutes=20)
    recent: timedelta = timedelta(minutes=2)
    lead: timedelta = timedelta(minutes=4)
