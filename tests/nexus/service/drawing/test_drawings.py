"""Drawings of the server: well-formed, harmless whatever they are given, with words beside them."""

from datetime import timedelta
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from incidents.catalogue import ServiceKind
from incidents.changes import Change, ChangeKind
from incidents.findings import Window
from incidents.series import SignalSeries, WatchedSeries
from incidents.verification import Signal, SignalKind
from nexus.service.drawing.service_drawing import service_drawing
from nexus.service.drawing.signal_chart import signal_chart
from nexus.service.pages.charts import MarkKind, chart
from nexus.service.pages.service_map import Health, MapNode
from tests.nexus import sample
from tests.nexus.sample import at

ERRORS = Signal(service="web", metric="error_ratio", kind=SignalKind.ERRORS, unit="ratio", opened=True)
SVG = "{http://www.w3.org/2000/svg}"


def series(*values: float, seconds: tuple[float, ...] = (), **changes: object) -> WatchedSeries:
    places = seconds or tuple(float(10 * number) for number in range(len(values)))
    one = SignalSeries(signal=ERRORS, seconds=places, values=values, usual=(0.0, 0.01))
    made = WatchedSeries(
        shown=Window(start=at(-10), end=at(20)), baseline=Window(start=at(-10), end=at(-3)), alerted=at(0),
        onset=at(-2), series=(one,),
    )  # fmt: skip
    return made.model_copy(update=changes)


def release(minutes: float, text: str = "2026.11.2") -> Change:
    return Change(time=at(minutes), id="d1", service="checkout", kind=ChangeKind.DEPLOY, version_to=text)


def test_what_happened_is_marked_in_order_and_told_in_words() -> None:
    made = chart(sample.resolved(), series(0, 0.4, 0, changes=(release(-8),)))
    assert made is not None
    assert [(one.number, one.kind, one.text) for one in made.marks] == [
        (1, MarkKind.CHANGE, "release 2026.11.2 of checkout"),
        (2, MarkKind.ONSET, "it begins"),
        (3, MarkKind.ALERT, "the first alert"),
        (4, MarkKind.ACTION, "done: roll back checkout to 2026.11.1"),
    ]
    assert "web: requests that fail: last none, highest 40 %, usual up to 1 %" in made.words


def test_marks_at_one_moment_are_one_and_the_trace_of_our_own_change_is_none() -> None:
    incident = sample.resolved()
    made = chart(incident, series(0, 1, changes=(release(-1.9), release(16.05, "2026.11.1"))))
    assert made is not None
    assert [one.text for one in made.marks] == [
        "release 2026.11.2 of checkout; it begins",
        "the first alert",
        "done: roll back checkout to 2026.11.1",
    ]


def test_a_chart_is_a_line_a_band_and_numbers_at_whatever_width() -> None:
    made = chart(sample.resolved(), series(*[0.0] * 20, *[0.4] * 20))
    assert made is not None
    for width in (316.0, 680.0):
        drawn = ElementTree.fromstring(signal_chart(made, 0, width))  # noqa: S314 - our own
        kinds = [one.get("class") for one in drawn.iter()]
        assert drawn.get("role") == "img"
        assert "last 40 %" in (drawn.get("aria-label") or "")
        assert {"line", "usual", "baseline", "mark m-action"} <= set(kinds)
        assert not [one for one in drawn.iter() if one.get("style")]


def test_where_data_is_missing_the_line_is_broken() -> None:
    made = chart(sample.resolved(), series(0.1, 0.1, 0.2, 0.2, seconds=(0, 10, 600, 610)))
    assert made is not None
    assert signal_chart(made, 0, 680.0).count('class="line"') == 2


def test_without_data_there_is_no_chart() -> None:
    assert chart(sample.resolved(), None) is None
    assert chart(sample.resolved(), series().model_copy(update={"series": ()})) is None


@given(
    values=st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=20),
    text=st.text(max_size=20),
)
def test_no_value_and_no_name_breaks_a_drawing(values: list[float], text: str) -> None:
    made = chart(sample.resolved(), series(*values, changes=(release(-8, text),)))
    assert made is not None
    ElementTree.fromstring(signal_chart(made, 0, 316.0))  # noqa: S314 - our own
    node = MapNode(
        service=text, kind=ServiceKind.SERVICE, user_facing=True, health=Health.DEVIATES, figures=(text,),
        calls=(text,),
    )  # fmt: skip
    ElementTree.fromstring(service_drawing([node], 316.0))  # noqa: S314 - our own


def test_callers_stand_above_those_they_call_and_no_row_is_too_wide() -> None:
    def node(name: str, *calls: str) -> MapNode:
        return MapNode(
            service=name, kind=ServiceKind.SERVICE, user_facing=False, health=Health.USUAL, figures=(),
            calls=calls,
        )  # fmt: skip

    nodes = [node("web", "a", "b", "c", "d"), node("a", "db"), node("b"), node("c"), node("d"), node("db")]
    for width in (316.0, 680.0):
        drawn = ElementTree.fromstring(service_drawing(nodes, width))  # noqa: S314 - our own
        boxes = [one for one in drawn.iter() if (one.get("class") or "").startswith("box")]
        assert all(float(one.get("x") or 0) + float(one.get("width") or 0) <= width for one in boxes)
        tops = {one.text: float(one.get("y") or 0) for one in drawn.iter() if one.get("class") == "name"}
        assert tops["web"] < tops["a"] < tops["db"]


def test_a_span_of_a_minute_has_moments_too() -> None:
    short = series(0.1, 0.2, shown=Window(start=at(0), end=at(0) + timedelta(seconds=40)))
    made = chart(sample.resolved(), short)
    assert made is not None
    ElementTree.fromstring(signal_chart(made, 0, 316.0))  # noqa: S314 - our own
