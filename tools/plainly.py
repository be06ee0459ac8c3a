"""What roles and tools wrote, as people read it: clock times, words for ids, no figures of statistics. Pure.

Only what is matched as a whole is put otherwise; anything else stays as it was written.
"""

import re
from collections.abc import Iterable

from incidents.changes import Change, ChangeKind
from incidents.verification import Signal, SignalKind
from tools.wording import unmasked

#: Whitespace but for the spaces at which no line ends.
_BLANKS = re.compile(r"[^\S\u00a0\u202f]+")
_MOMENT = re.compile(r"\b\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)(?:\.\d+)?Z")
_SIGMAS = re.compile(r"\s*\((?:[\d.]+|inf) (?:sigma|deviations off)\)")
#: What the ranking says of its own reckoning.
_ASIDE = re.compile(
    r" \((?:external|where the symptom shows|partly explained by [^\s()]+|the symptom is \w+)\)"
)
#: A change that is named by its id alone.
_MADE = re.compile(r"\b(deploy|config|flag|scale|restart|migration) \S*\d\S* was made")
_CALLED = {"deploy": "a release", "config": "a new configuration"}
_LOGGED = re.compile(r" ([\d.]+) per span of (\d+) spans, (?:([\d.]+) of \d+ before)")
_ROUGH = re.compile(r"(?<![\d.,])(\d{2,3}\.\d+) ?%")
_ROSE = re.compile(
    r"(?P<metric>\w+)(?: from (?P<caller>\S+) to (?P<peer>\S+))? "
    r"(?P<usual>-?[\d.e+-]+) -> (?P<now>-?[\d.e+-]+) (?P<unit>ratio|seconds|percent|milliseconds)\b"
)
_SPANS = re.compile(r"(\d+) of (\d+) spans failed, ([\d.]+)% usually")
_OWN = re.compile(r"own time of (?P<what>.+?) (?P<usual>[\d.]+) -> (?P<now>[\d.]+) ms in \d+ spans")
_BYTES = re.compile(r"\b(?P<what>\w+) (?P<usual>[\d.e+]+) -> (?P<now>[\d.e+]+) bytes\b")
_LINE = re.compile(r'(\blogs )"([^"]+)"')
_USUAL = {"0.00": "none usually", "0": "none usually"}


def plainly(text: str, changes: Iterable[Change] = ()) -> str:
    """A sentence as people read it, on one line."""
    told = _BLANKS.sub(" ", text).strip()
    for change in changes:
        if change.id in told:
            told = told.replace(f"{change.kind} {change.id}", change.id).replace(change.id, named(change))
    told = _SIGMAS.sub("", _MOMENT.sub(r"\1", told)).replace("post_mortem", "post-mortem")
    told = _MADE.sub(lambda found: f"{_CALLED.get(found[1], 'a change')} was made", told)
    told = _ROSE.sub(_rose, _ASIDE.sub("", told))
    told = _OWN.sub(_own, _BYTES.sub(_bytes, told))
    told = _LOGGED.sub(lambda found: f", {_often(float(found[1]), float(found[3]))}", told)
    told = _ROUGH.sub(lambda found: f"{float(found[1]):.0f} %", told)
    told = _LINE.sub(lambda found: f"{found[1]}“{unmasked(found[2])}”", told)
    return _SPANS.sub(lambda found: f"{found[1]} of {found[2]} calls failed, {_usually(found[3])}", told)


def named(change: Change) -> str:
    """A change in a sentence: `release 2026.11.2 of checkout`."""
    called = {ChangeKind.DEPLOY: "release", ChangeKind.CONFIG: "configuration"}
    kind = called.get(change.kind, change.kind.value)
    return f"{kind} {change.version_to} of {change.service}".replace("  ", " ")


def percent(ratio: float) -> str:
    """A share as people read it: `53 %`, `0.4 %`, `none`."""
    if ratio <= 0:
        return "none"
    return f"{ratio * 100:.0f} %" if ratio >= 0.01 else f"{ratio * 100:.1g} %"


def level(value: float | None, signal: Signal) -> str:
    """The level of a signal in the unit that people read."""
    if value is None:
        return "no data"
    if signal.unit in {"ratio", "percent"}:
        return percent(value if signal.unit == "ratio" else value / 100)
    if signal.unit in {"seconds", "milliseconds"}:
        seconds = value if signal.unit == "seconds" else value / 1000
        return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
    number = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return number + {"per_second": " a second", "count": "", "": ""}.get(signal.unit, f" {signal.unit}")


def _rose(found: re.Match[str]) -> str:
    metric, unit = found["metric"], found["unit"]
    kind = SignalKind.LATENCY if unit in {"seconds", "milliseconds"} else SignalKind.ERRORS
    signal = Signal(service="", metric=metric, kind=kind, unit=unit)
    try:
        usual, now = level(float(found["usual"]), signal), level(float(found["now"]), signal)
    except ValueError:
        return found[0]
    if metric.startswith("latency"):
        return f"answers take {now}, usually {usual}"
    if metric.startswith("error"):
        whose = f"the calls from {found['caller']} to {found['peer']}" if found["peer"] else "its requests"
        return f"{now} of {whose} fail, usually {usual}"
    return f"{metric.replace('_', ' ')} {now}, usually {usual}"


def _own(found: re.Match[str]) -> str:
    now, usual = float(found["now"]), float(found["usual"])
    return f"{found['what']} itself takes {now:.0f} ms, usually {_short(usual)} ms"


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 1 else f"{number:.1g}"


def _bytes(found: re.Match[str]) -> str:
    try:
        now, usual = float(found["now"]) / 1e6, float(found["usual"]) / 1e6
    except ValueError:
        return found[0]
    return f"{found['what'].replace('_', ' ')} {now:,.0f} MB, usually {usual:,.0f} MB"


def _often(now: float, before: float) -> str:
    if before == 0:
        return "not once before"
    return "not any more" if now == 0 else f"{'more' if now > before else 'less'} often than before"


def _usually(share: str) -> str:
    return _USUAL.get(share, f"{share} % usually")
