"""A game day's incident as a case, with the truth that was written down before it."""

from dataclasses import replace
from pathlib import Path

from demo.gameday.verdict import Seen
from demo.repository import write_bundle
from demo.scenarios import Scenario
from evals.record.draft import Draft, draft, write
from evals.record.prefill import as_truth
from evals.record.sampling import thinned
from evals.record.truth import write_truth
from nexus.home import Home
from tools.recorded.document import ActionsTruth, CauseTruth, Source, Truth

#: Fifteen cases ship, each with two aftermaths or more: of their traces a fifth is kept.
KEPT_TRACES = 0.2


async def recorded(home: Home, identity: str, scenario: Scenario, seen: Seen, folder: Path) -> None:
    """Writes the case while the backends still answer.

    Raises:
        UsageError: The folder is there already.
    """
    made = await draft(home, identity, folder.name)
    write(_shipped(made), folder)
    write_truth(folder, truth_of(scenario, seen))
    write_bundle(folder)


def _shipped(made: Draft) -> Draft:
    """The same, small: with fewer traces, and without what Nexus did about it, which its own store keeps."""
    shot = made.snapshot
    shot.pages = thinned(shot.pages, KEPT_TRACES)
    shot.aftermaths = {key: thinned(pages, KEPT_TRACES) for key, pages in shot.aftermaths.items()}
    played = f"{made.document.source.origin}: a game day of the demo shop, played live"
    source = Source(kind="recorded", origin=played, licence="Apache-2.0")
    note = (
        f"{KEPT_TRACES:.0%} of the traces are here, whole ones, chosen by trace id alone; all metrics and log"
        " lines are, and a line of another trace names none"
    )
    notes = (*made.document.notes, note)
    document = made.document.model_copy(update={"source": source, "system": "demo shop", "notes": notes})
    return replace(made, document=document, files={})


def truth_of(scenario: Scenario, seen: Seen) -> Truth:
    """The scenario's truth in the words of a recording."""
    truth = scenario.truth
    return Truth(
        severity=truth.severity,
        cause=CauseTruth(
            service=truth.service,
            category=truth.category,
            onset=seen.fault,
            change=seen.change,
            metric=truth.metric,
            note=truth.note,
        ),
        red_herrings=truth.red_herrings,
        actions=ActionsTruth(
            right=tuple(map(as_truth, truth.right)),
            harmless=tuple(map(as_truth, truth.harmless)),
            wrong=tuple(map(as_truth, truth.wrong)),
        ),
        data_breach=truth.data_breach,
        user_data=truth.user_data,
        confirmed_by="the scenario",
    )
