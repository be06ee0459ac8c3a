"""Watched signals over time, as they are kept for charts."""

from pydantic import Field

from incidents.changes import Change
from incidents.findings import Window
from incidents.value import Moment, Value
from incidents.verification import Signal


class SignalSeries(Value):
    """One signal over time.

    Attributes:
        seconds: of each sample since the beginning of the shown span.
        values: in the signal's unit; the worst instance of each moment.
        usual: the range in which nine of ten usual samples lie, if known.
    """

    signal: Signal
    seconds: tuple[float, ...]
    values: tuple[float, ...]
    usual: tuple[float, float] | None = None


class WatchedSeries(Value):
    """The watched signals of an incident up to now, with what was changed in the shown span."""

    shown: Window
    baseline: Window | None = Field(default=None, description="the part of it that counts as usual")
    alerted: Moment
    onset: Moment | None = Field(default=None, description="since when things deviate, as measured")
    series: tuple[SignalSeries, ...] = ()
    changes: tuple[Change, ...] = ()
