"""A game day's incident as a case, with the truth that was written down before it."""

from pathlib import Path

from demo.gameday.verdict import Seen
from demo.scenarios import Scenario
from evals.record.draft import draft, write
from evals.record.prefill import as_truth
from evals.record.truth import write_truth
from nexus.house import House
from tools.recorded.document import ActionsTruth, CauseTruth, Truth


async def recorded(house: House, identity: str, scenario: Scenario, seen: Seen, folder: Path) -> None:
    """Writes the case while the backends still answer.

    Raises:
        UsageError: The folder is there already.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = await draft(house, identity, folder.name)
    write(made, folder)
    write_truth(folder, truth_of(scenario, seen))


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
        actions=ActionsTruth(
            right=tuple(map(as_truth, truth.right)),
            harmless=tuple(map(as_truth, truth.harmless)),
            wrong=tuple(map(as_truth, truth.wrong)),
        ),
        data_breach=truth.data_breach,
        user_data=truth.user_data,
        confirmed_by="the scenario",
    )
