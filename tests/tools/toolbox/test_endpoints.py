"""`endpoints` as a reader takes it: what a part counts, from when on, of how many, and what normal means."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from incidents.findings import Category, Confidence, Diagnosis
from tests.cases import ALERT, ONSET, build_case, case_incident, case_sources, sources_of
from tests.tools.toolbox.test_toolbox import acted
from tools.telemetry.calls import Calls, Limits
from tools.toolbox import ENDPOINTS
from tools.toolbox.arguments import EndpointsArgs
from tools.toolbox.views import EndpointState, EndpointsView


async def test_the_incident_counts_from_the_first_that_deviates_and_not_from_before(
    shop: Path, ledger: Path
) -> None:
    sources, _ = case_sources(shop, ledger, ALERT + timedelta(minutes=3))
    view = await ENDPOINTS.ask(sources, EndpointsArgs())
    assert view.during.start >= ONSET
    checkout = next(one for one in view.endpoints if one.operation == "POST /orders")
    assert checkout.during is not None
    # That many fail by the mechanism of the case; with the minutes before it were fewer.
    assert checkout.during.error_share == pytest.approx(0.4, abs=0.03)
    assert "from the first deviation on" in ENDPOINTS.say(view)


async def test_an_onset_that_a_model_made_up_does_not_move_the_beginning_into_the_quiet_time(
    shop: Path, ledger: Path
) -> None:
    before, clock = case_sources(shop, ledger, ALERT + timedelta(minutes=3))
    claimed = Diagnosis(
        service="checkout", category=Category.DEPLOYMENT, confidence=Confidence.HIGH, summary="It fails.",
        onset=ALERT - timedelta(days=9), evidence=("E-00000000",),
    )  # fmt: skip
    about = case_incident().evolve(diagnosis=claimed)
    view = await ENDPOINTS.ask(sources_of(before.world, clock, about), EndpointsArgs())
    assert view.before is not None
    assert view.during.start > view.before.end
    assert "checkout" in view.services, "the diagnosed service stands beside what users touch"


async def test_before_an_action_has_settled_nothing_counts_as_after_it(shop: Path, ledger: Path) -> None:
    before, clock = case_sources(shop, ledger, ALERT + timedelta(minutes=5))
    sources = await acted(before, clock, 0.5)
    view = await ENDPOINTS.ask(sources, EndpointsArgs())
    assert (view.action, view.after) == ("A1", None)
    assert all(one.after is None and one.normal is None for one in view.endpoints)
    said = ENDPOINTS.say(view)
    assert (
        f"after A1 counts from {ALERT + timedelta(minutes=6):%Y-%m-%dT%H:%M:%SZ} on, which is yet to come"
        in said
    )
    assert "after:" not in said


async def test_calls_of_a_sample_are_said_to_be_one(tmp_path: Path, ledger: Path) -> None:
    folder = build_case(tmp_path, "thinned")
    spans = pl.read_parquet(folder / "telemetry" / "traces.parquet")
    kept = spans["trace_id"].unique(maintain_order=True).gather_every(5).to_list()
    spans.filter(pl.col("trace_id").is_in(kept)).write_parquet(folder / "telemetry" / "traces.parquet")
    sources, _ = case_sources(folder, ledger, ALERT + timedelta(minutes=2))
    view = await ENDPOINTS.ask(sources, EndpointsArgs(service="checkout"))
    (found,) = view.sampling
    said = f"Traced is a sample (checkout {found.traced} of about {found.about} calls now)"
    assert said in ENDPOINTS.say(view)
    whole = view.model_copy(update={"sampling": (found.model_copy(update={"about": found.traced}),)})
    assert "sample" not in ENDPOINTS.say(whole)


def _calls(p95: float) -> Calls:
    return Calls(calls=200, per_minute=20, error_share=0, p50_ms=5, p95_ms=p95)


@pytest.mark.parametrize(
    ("p95", "said"),
    [(11.3, "normal"), (16.0, "normal"), (51.8, "within limits, p95 4.6 times before")],
)
async def test_a_p95_that_moved_far_is_not_hidden_by_a_word(
    shop: Path, ledger: Path, p95: float, said: str
) -> None:
    sources, _ = case_sources(shop, ledger, ALERT + timedelta(minutes=3))
    view: EndpointsView = await ENDPOINTS.ask(sources, EndpointsArgs())
    one = EndpointState(
        service="web", operation="GET /", before=_calls(11.3), during=_calls(p95), after=None, normal=True
    )
    told = ENDPOINTS.say(view.model_copy(update={"endpoints": (one,)}))
    assert f"web GET / [{said}]:" in told
    near = one.model_copy(update={"limits": Limits(p95_ms=61.3, error_share=0.05)})
    told = ENDPOINTS.say(view.model_copy(update={"endpoints": (near,)}))
    assert ("not normal from p95 61.3 ms" in told) is (said != "normal"), "how near its limit it is"
