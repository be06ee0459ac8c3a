"""A chart of what users notice: the watched signals, what is usual, and what happened when. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from incidents.action import ActionState
from incidents.findings import Window
from incidents.incident import Incident
from incidents.series import SignalSeries, WatchedSeries
from incidents.value import Moment, Value
from incidents.verification import Signal, SignalKind
from tools.plainly import level, named

#: How people call what a signal measures.
_KINDS = {
    SignalKind.ERRORS: "requests that fail",
    SignalKind.LATENCY: "time to answer",
    SignalKind.SATURATION: "load",
    SignalKind.TRAFFIC: "requests",
}

#: A change that is seen so soon around one of ours is its trace.
_ITS_TRACE = timedelta(seconds=10)
#: Marks that are nearer than this part of the shown span lie on one line.
_APART = 150


class MarkKind(StrEnum):
    """What happened at a marked moment."""

    CHANGE = "change"
    ONSET = "onset"
    ALERT = "alert"
    ACTION = "action"


class ChartMark(Value):
    """Something that happened at a moment of the chart; `number` names it in the drawing."""

    number: int
    at: Moment
    kind: MarkKind
    text: str


class ChartPanel(Value):
    """One signal: seconds since the beginning of the shown span, values, what is usual, the last in words."""

    title: str
    signal: Signal
    seconds: tuple[float, ...]
    values: tuple[float, ...]
    usual: tuple[float, float] | None
    last: str
    highest: str
    usual_words: str


class ChartView(Value):
    """The panels over one span of time with one list of marks; `words` say what is seen."""

    shown: Window
    baseline: Window | None
    panels: tuple[ChartPanel, ...]
    marks: tuple[ChartMark, ...]
    words: str


def chart(incident: Incident, series: WatchedSeries | None) -> ChartView | None:
    """The chart of the latest measurement; None if no signal had data."""
    if series is None or not series.series or series.shown.minutes <= 0:
        return None
    down = incident.facts.down if incident.facts is not None and incident.open else ()
    panels = tuple(_panel(one, one.signal.service in down) for one in _telling(series.series))
    marks = tuple(
        one.model_copy(update={"number": number})
        for number, one in enumerate(_marks(incident, series), start=1)
    )
    return ChartView(
        shown=series.shown, baseline=series.baseline, panels=panels, marks=marks, words=_words(panels, marks)
    )


def _telling(series: Sequence[SignalSeries]) -> list[SignalSeries]:
    """What opened the incident first, if it moved beyond what is usual; then what moved farthest."""

    def moved(one: SignalSeries) -> float:
        highest, usual = max(one.values, default=0.0), one.usual[1] if one.usual is not None else 0.0
        return highest / max(usual, 1e-9) if highest > usual else 0.0

    return sorted(series, key=lambda one: (not (one.signal.opened and moved(one)), -moved(one)))


def _panel(one: SignalSeries, down: bool) -> ChartPanel:
    signal = one.signal
    kind = _KINDS[signal.kind]
    return ChartPanel(
        title=f"{signal.service}: {kind}" if signal.kind is not SignalKind.LATENCY else _latency(signal),
        signal=signal,
        seconds=one.seconds,
        values=one.values,
        usual=one.usual,
        last="no answers" if down else level(one.values[-1], signal) if one.values else "no data",
        highest=level(max(one.values), signal) if one.values else "no data",
        usual_words=_usual(one.usual, signal),
    )


def _usual(band: tuple[float, float] | None, signal: Signal) -> str:
    """The usual band as its upper end: `up to 94 ms`; nothing at all is `none`."""
    if band is None:
        return "not known"
    upper = level(band[1], signal)
    return upper if upper in {"none", "no data"} else f"up to {upper}"


def _latency(signal: Signal) -> str:
    """The slowest of so many, where the name of a series says which it is."""
    for mark, words in (("p50", "half of them"), ("p95", "19 of 20"), ("p99", "99 of 100")):
        if signal.metric.endswith(mark):
            return f"{signal.service}: time in which {words} are answered"
    return f"{signal.service}: time to answer"


def _marks(incident: Incident, series: WatchedSeries) -> Sequence[ChartMark]:
    shown, found = series.shown, incident.diagnosis
    onset = found.onset if found is not None and found.onset is not None else series.onset
    marks = [
        *(_mark(one.time, MarkKind.CHANGE, named(one)) for one in series.changes),
        *([_mark(onset, MarkKind.ONSET, "it begins")] if onset is not None else []),
        _mark(series.alerted, MarkKind.ALERT, "the first alert"),
        *_actions(incident),
    ]
    inside = sorted((one for one in marks if shown.start <= one.at <= shown.end), key=lambda one: one.at)
    acted = [one.at for one in inside if one.kind is MarkKind.ACTION]
    told = [
        one
        for one in inside
        if one.kind is not MarkKind.CHANGE or all(abs(one.at - at) > _ITS_TRACE for at in acted)
    ]
    return _joined(told, (shown.end - shown.start) / _APART)


def _joined(marks: Sequence[ChartMark], apart: timedelta) -> Sequence[ChartMark]:
    """Marks that could not be told apart as one, called by what came first."""
    found: list[ChartMark] = []
    for one in marks:
        if found and one.at - found[-1].at < apart:
            found[-1] = found[-1].model_copy(update={"text": f"{found[-1].text}; {one.text}"})
        else:
            found.append(one)
    return found


def _actions(incident: Incident) -> Iterator[ChartMark]:
    for one in incident.proposals:
        if one.state is ActionState.DONE and one.outcome is not None:
            yield _mark(one.outcome.at, MarkKind.ACTION, f"done: {one.action.title}")
    for change in incident.outside_changes:
        yield _mark(change.at, MarkKind.ACTION, f"done by {change.by}: {change.what}")


def _mark(at: datetime, kind: MarkKind, text: str) -> ChartMark:
    return ChartMark(number=0, at=at, kind=kind, text=text)


def _words(panels: Sequence[ChartPanel], marks: Sequence[ChartMark]) -> str:
    """The chart for those who do not see it."""
    told = [
        f"{one.title}: last {one.last}, highest {one.highest}, usual {one.usual_words}." for one in panels
    ]
    happened = "; ".join(f"{one.at:%H:%M:%S} {one.text}" for one in marks)
    return " ".join(told) + (f" Marked: {happened}." if happened else "")


def whole_minutes(shown: Window, most: int) -> tuple[datetime, ...]:
    """Moments to write under a chart: round ones, at most so many."""
    for step in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080):
        every = timedelta(minutes=step)
        first = shown.start + (-(shown.start - datetime.min.replace(tzinfo=shown.start.tzinfo)) % every)
        many = int((shown.end - first) / every) + 1 if first <= shown.end else 0
        if many <= most:
            return tuple(first + every * number for number in range(many))
    return ()
