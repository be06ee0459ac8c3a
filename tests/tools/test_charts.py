"""Charts are PNG evidence with a caption that says what they show."""

import hashlib
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.findings import Window
from incidents.verification import Signal, SignalKind
from tests.cases import ALERT, END, ONSET, START, case_sources
from tools.charts import Mark, Panel, chart, draw
from tools.kit import Kit
from tools.measure import measure
from tools.memory import MemoryEvidence

PNG = b"\x89PNG\r\n\x1a\n"


async def test_a_chart_of_the_watched_signals_is_kept_as_evidence(shop: Path, ledger: Path) -> None:
    sources, _ = case_sources(shop, ledger, ALERT + timedelta(minutes=2))
    store = MemoryEvidence()
    kit = Kit(sources, store, "evidence_collector", ())
    drawn = await chart(kit, (await measure(sources)).signals)
    assert drawn is not None
    assert drawn.body.startswith(PNG)
    assert await store.body("INC-1", drawn.evidence.id) == drawn.body
    assert drawn.evidence.digest == hashlib.sha256(drawn.body).hexdigest()
    assert drawn.evidence.tool == "chart"
    assert drawn.evidence.role == "evidence_collector"
    assert "web: error_ratio (opened the incident): last 30" in drawn.caption
    assert "deploy checkout 2.0 2026-03-12T10:16:00Z" in drawn.caption
    assert "onset 2026-03-12T10:16:00Z" in drawn.caption


async def test_signals_without_data_make_no_chart(shop: Path, ledger: Path) -> None:
    sources, _ = case_sources(shop, ledger)
    ghost = Signal(service="web", metric="no_such_metric", kind=SignalKind.ERRORS, opened=True)
    store = MemoryEvidence()
    assert await chart(Kit(sources, store, "evidence_collector", ()), (ghost,)) is None
    assert await store.evidence("INC-1") == ()


@settings(max_examples=8, deadline=None)
@given(
    st.lists(st.floats(min_value=0, max_value=1e9), min_size=1, max_size=30),
    st.none() | st.just((0.0, 1.0)),
    st.integers(0, 6),
)
def test_whatever_the_values_it_can_be_drawn(
    values: list[float], usual: tuple[float, float] | None, marks: int
) -> None:
    times = [START + index * timedelta(minutes=1) for index in range(len(values))]
    panel = Panel("web: requests", "1/s", times, values, usual)
    shown = Window(start=START, end=END)
    drawn = draw([panel], [Mark(ONSET, f"change {n}", "#888888") for n in range(marks)], shown)
    assert drawn.startswith(PNG)
