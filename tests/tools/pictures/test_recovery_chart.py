"""Charts are evidence as PNG, an SVG beside it, and a caption that says what they show."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from incidents.changes import Change
from incidents.findings import Category, Confidence, Diagnosis, Window
from incidents.verification import Signal, SignalKind
from tests.cases import ALERT, END, ONSET, START, case_sources
from tools.memory import MemoryEvidence
from tools.pictures.drawing import LINE, Mark, Panel, draw, placed
from tools.pictures.recovery_chart import chart
from tools.telemetry.facts import measure
from tools.toolset import Toolset

PNG = b"\x89PNG\r\n\x1a\n"
SVG = "{http://www.w3.org/2000/svg}"


async def test_a_chart_of_the_watched_signals_is_kept_as_evidence(shop: Path, ledger: Path) -> None:
    sources, _ = case_sources(shop, ledger, ALERT + timedelta(minutes=2))
    store = MemoryEvidence()
    toolset = Toolset(sources, store, "evidence_collector", ())
    drawn = await chart(toolset, (await measure(sources)).signals)
    assert drawn is not None
    assert drawn.body.startswith(PNG)
    assert await store.body("INC-1", drawn.evidence.id) == drawn.body
    assert drawn.evidence.digest == hashlib.sha256(drawn.body).hexdigest()
    assert drawn.evidence.tool == "chart"
    assert drawn.evidence.role == "evidence_collector"
    assert "web: error_ratio (opened the incident): last 30" in drawn.caption
    assert "deploy checkout 2.0 2026-03-12T10:16:00Z" in drawn.caption
    assert "onset 2026-03-12T10:16:00Z" in drawn.caption
    svg = drawn.svg.decode()
    shown = (
        "web: error_ratio",
        "10:16:00 deploy checkout 2.0",
        "10:16:00 onset",
        "10:18:20 alert",
        "baseline",
        "UTC",
    )
    assert [text for text in shown if text not in svg] == []


async def test_the_onset_is_the_diagnosed_one_and_secrets_are_not_drawn(shop: Path, ledger: Path) -> None:
    sources, _ = case_sources(shop, ledger, ALERT + timedelta(minutes=2))
    onset = ONSET - timedelta(seconds=20)
    found = Diagnosis(
        service="checkout",
        category=Category.DEPLOYMENT,
        confidence=Confidence.HIGH,
        summary="it",
        onset=onset,
    )
    poisoned = Change(
        time=ONSET,
        id="c9",
        service="web",
        kind="config",
        version_to="$\\frac{ token=abcdef0123456789 \U0001f525",
    )

    class Changes:
        async def changes(self, window: Window) -> tuple[Change, ...]:
            return (poisoned,)

    incident = sources.incident.evolve(diagnosis=found, title="password=hunter2-hunter2 $x^2$")
    sources = replace(sources, incident=incident, world=replace(sources.world, changes=Changes()))
    drawn = await chart(Toolset(sources, MemoryEvidence(), "r", ()), (await measure(sources)).signals)
    assert drawn is not None
    svg = drawn.svg.decode()
    assert "10:15:40 onset" in svg
    assert "10:16:00 config web $\\frac{" in svg
    assert [secret for secret in ("abcdef0123456789", "hunter2") if secret in svg + drawn.caption] == []


async def test_signals_without_data_make_no_chart(shop: Path, ledger: Path) -> None:
    sources, _ = case_sources(shop, ledger)
    ghost = Signal(service="web", metric="no_such_metric", kind=SignalKind.ERRORS, opened=True)
    store = MemoryEvidence()
    assert await chart(Toolset(sources, store, "evidence_collector", ()), (ghost,)) is None
    assert await store.evidence("INC-1") == ()


@settings(max_examples=4, deadline=None)
@given(
    st.lists(st.floats(min_value=0, max_value=1e9), min_size=1, max_size=30),
    st.none() | st.just((0.0, 1.0)),
    st.integers(0, 6),
    st.sampled_from([timedelta(), timedelta(minutes=3), END - START, timedelta(days=3)]),
)
def test_whatever_the_values_it_can_be_drawn(
    values: list[float], usual: tuple[float, float] | None, marks: int, length: timedelta
) -> None:
    times = [START + index * timedelta(minutes=1) for index in range(len(values))]
    panel = Panel("web: requests", "per_second", times, values, usual)
    shown = Window(start=START, end=START + length)
    drawn = draw(
        "requests", [panel], [Mark(ONSET, f"change {n}", "#888888") for n in range(marks)], shown, shown
    )
    assert drawn.png.startswith(PNG)
    root = ElementTree.fromstring(drawn.svg)  # noqa: S314 - our own
    across, down = (float(length) for length in root.attrib["viewBox"].split()[2:])
    for box in root.iter(f"{SVG}rect"):
        assert float(box.attrib["width"]) >= 0
        assert float(box.attrib["height"]) >= 0
    for line in root.iter(f"{SVG}polyline"):
        points = [point.split(",") for point in line.attrib["points"].split()]
        assert points
        assert all(0 <= float(x) <= across and 0 <= float(y) <= down for x, y in points)


def test_names_from_outside_are_text_in_both_pictures_whatever_they_hold() -> None:
    hostile = '</text><script>alert("x")</script> & größer, сервис \U0001f525 \ud800'
    shown = Window(start=START, end=START + timedelta(minutes=30))
    panel = Panel(hostile, "seconds", [START], [1.0], None)
    drawn = draw(hostile, [panel], [Mark(START, hostile, "#888888")], shown, None)
    root = ElementTree.fromstring(drawn.svg)  # noqa: S314 - our own
    assert {child.tag for child in root.iter()} == {
        f"{SVG}{tag}" for tag in ("svg", "rect", "polyline", "text")
    }
    written = [child.text or "" for child in root.iter(f"{SVG}text")]
    assert sum("größer, сервис \U0001f525 ?" in text for text in written) == 3
    picture = Image.open(BytesIO(drawn.png))
    assert picture.format == "PNG"
    assert picture.width == 1200


def test_missing_data_breaks_the_line_and_moments_on_the_axis_are_round() -> None:
    start = datetime(2026, 3, 12, 9, 57, 31, tzinfo=UTC)
    shown = Window(start=start, end=start + timedelta(minutes=31))
    times = [start + timedelta(minutes=minute) for minute in (0, 1, 2, 10, 11)]
    drawn = draw("gap", [Panel("web: cpu", "percent", times, [1, 2, 3, 4, 5], None)], [], shown, None)
    root = ElementTree.fromstring(drawn.svg)  # noqa: S314 - our own
    signal = [one for one in root.iter(f"{SVG}polyline") if one.attrib["stroke"] == LINE]
    assert [len(one.attrib["points"].split()) for one in signal] == [3, 2]
    written = [child.text for child in root.iter(f"{SVG}text")]
    assert [text for text in written if text and ":" in text and len(text) == 5] == [
        "10:00", "10:05", "10:10", "10:15", "10:20", "10:25",
    ]  # fmt: skip
    assert [text for text in written if text and text.endswith(" %")] == ["0 %", "2 %", "4 %"]


@given(st.lists(st.tuples(st.floats(0, 600), st.floats(1, 300)), max_size=12).map(sorted))
def test_names_of_marks_never_overlap(wanted: list[tuple[float, float]]) -> None:
    names = placed(wanted, 600)
    assert len(names) == len(wanted)
    for one, name in enumerate(names):
        assert 0 <= name.left < name.right <= 600 + 1e-6
        for other in names[one + 1 :]:
            apart = other.left >= name.right or name.left >= other.right
            assert apart or name.row > other.row
