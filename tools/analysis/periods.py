"""Which part of the data is "now" and which is the reference, relative to the alert."""

from dataclasses import dataclass
from datetime import datetime, timedelta

#: An alert follows its fault by minutes: rules usually demand a breach that lasts one to five.
LEAD = timedelta(minutes=2)
#: A fault outlives its alert, but a short one not by much.
TAIL = timedelta(minutes=2)
#: Between reference and "now": samples that may be either are used as neither.
MARGIN = timedelta(minutes=2)
#: An alert may come late: this share of the time before it, the later one, is not taken for quiet.
_LATE = 0.4


@dataclass(frozen=True)
class Periods:
    """The spans of the observed window; `start` inclusive, `end` exclusive."""

    at: datetime
    quiet_end: datetime
    start: datetime
    end: datetime


def periods(at: datetime, first: object = None, began: datetime | None = None) -> Periods:
    """The periods around an alert.

    Args:
        at: when the alert fired.
        first: the time of the first row, where it is known: the later part of what came before the
            alert is no reference then, because alerts can be late.
        began: when it began to hurt, where that is seen: nothing later is a reference then.
    """
    known = at - first if isinstance(first, datetime) else timedelta(0)
    margin = max(LEAD + MARGIN, known * _LATE if began is None else at - began)
    return Periods(at=at, quiet_end=at - margin, start=at - LEAD, end=at + TAIL)
