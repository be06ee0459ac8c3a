"""How fast an incident was lived, as its timeline tells it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from incidents.incident import Incident
from incidents.runbook import WatchRow
from incidents.severity import Step
from incidents.timeline import Entry, EntryKind
from tools.recorded.document import Look, Tempo
from tools.spans import Spans

_SECOND = timedelta(seconds=1)
#: The steps that are work; a watch lasts as long as the runbook has it, and people decide when they decide.
_WORK = (Step.TRIAGE, Step.INVESTIGATION, Step.MITIGATION)


def tempo_of(incident: Incident, entries: Sequence[Entry], watch: WatchRow, spans: Spans) -> Tempo:
    """The tempo of a finished incident.

    Args:
        incident: the incident.
        entries: its timeline.
        watch: of the runbook that it ran under.
        spans: how its world was looked at.
    """
    look = Look(lookback=spans.lookback, recent=spans.recent, lead=spans.lead)
    ordered = sorted(entries, key=lambda one: one.at)
    last = incident.ended_at or max((one.at for one in ordered), default=incident.opened_at)
    took = {step: _took(step, incident, ordered, last) for step in _WORK}
    return Tempo(
        look=look, watch=watch, steps={step: span for step, span in took.items() if span is not None}
    )


def _took(step: Step, incident: Incident, entries: Sequence[Entry], last: datetime) -> timedelta | None:
    """From a step's first entry to the next of another one, or to the first proposal, in whole seconds."""
    first = next((place for place, one in enumerate(entries) if one.step == step), None)
    if first is None:
        return None
    begun = incident.opened_at if step is Step.TRIAGE else entries[first].at
    ends = (one.at for one in entries[first:] if one.step != step or one.kind is EntryKind.PROPOSAL)
    took = next(ends, last) - begun
    return max(_SECOND, timedelta(seconds=round(took.total_seconds())))
