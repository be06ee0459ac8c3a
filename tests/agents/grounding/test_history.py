"""What was before is no grounds: whatever it says, no sentence of a report stands on it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from agents.grounding import ground
from agents.grounding.grounds import grounds_of
from graph.diagnosis import merge
from incidents.findings import Category, Confidence, Hypothesis
from incidents.past import PastIncident
from incidents.reports import InvestigationReport
from tests.agents.contexts import assignment, role_context
from tests.histories import BEFORE, HISTORIES, LURE, history


def report(cited: tuple[str, ...]) -> InvestigationReport:
    """Blames what was before, as surely as can be."""
    lured = Hypothesis(
        service="checkout", category=Category.CODE, confidence=Confidence.HIGH, summary=LURE, evidence=cited
    )
    return InvestigationReport(summary=f"As in {BEFORE}: {LURE}.", checks=(), hypotheses=(lured,))


@settings(max_examples=40)
@given(before=HISTORIES)
async def test_the_grounds_are_the_same_with_any_history(before: tuple[PastIncident, ...]) -> None:
    context = role_context()
    with_it = await grounds_of(assignment(), replace(context, history=before))
    assert with_it == await grounds_of(assignment(), context)


async def test_the_folder_of_a_home_carries_no_sentence() -> None:
    written = role_context().incident.evolve(
        channel="/srv/hackers/channel.md", post_mortem="/srv/hackers/post-mortem.md"
    )
    known = (await grounds_of(assignment(), role_context(about=written))).known
    assert not any("hackers" in raw for one in known for raw in one.quotable.raws())


@pytest.mark.parametrize("cited", [(), (BEFORE,), ("H1",), ("history",), (f"{BEFORE}-T1",)])
async def test_a_report_that_rests_on_it_names_no_cause(cited: tuple[str, ...]) -> None:
    context = replace(role_context(), history=(history(),))
    grounded, dropped = ground(report(cited), await grounds_of(assignment(), context))
    assert isinstance(grounded, InvestigationReport)
    found = merge({"Backend Architect": grounded}, {}, ("checkout", "ledger"))
    assert not found.known
    assert found.confidence is Confidence.LOW
    assert dropped
