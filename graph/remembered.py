"""What a round of the investigation does not know stays as the rounds before it had it. Pure."""

from collections.abc import Container, Iterable, Mapping

from graph.diagnosis import Key, supported
from incidents.action import ANSWERED, ActionState
from incidents.findings import Diagnosis, Evidence
from incidents.incident import Incident
from incidents.reports import Impact, InvestigationReport

#: What became of a change that speaks against the cause that it was meant to mend.
_AGAINST = ANSWERED | {ActionState.REVOKED}
_UNKNOWN = Impact().users_affected


def remembering(
    before: Diagnosis | None, found: Diagnosis, refuted: Container[Key] = frozenset()
) -> Diagnosis:
    """What is known after a round: what it does not know stays as the rounds before it had it.

    Args:
        before: what was known until now.
        found: what the round's reports say.
        refuted: causes that something speaks against by now; they do not stay.
    """
    if before is None or before.service is None or (before.service, before.category) in refuted:
        return found
    if found.known:
        return _completed(found, before) if _same(found, before) else found
    if before.known:
        said = f"the last round did not find it again: {found.summary}"
        return before.model_copy(
            update={"disagreement": said, "alternatives": found.alternatives or before.alternatives}
        )
    return _completed(found, before) if found.service in {None, before.service} else found


def _same(one: Diagnosis, other: Diagnosis) -> bool:
    return (one.service, one.category) == (other.service, other.category)


def _completed(found: Diagnosis, before: Diagnosis) -> Diagnosis:
    """What was found, and of the same what only an earlier round knew."""
    onsets = [onset for onset in (found.onset, before.onset) if onset is not None]
    return found.model_copy(
        update={
            "service": found.service or before.service,
            "mechanism": found.mechanism or before.mechanism,
            "change": found.change or before.change,
            "onset": min(onsets, default=None),
            "evidence": found.evidence or before.evidence,
        }
    )


def refuted_by(reports: Iterable[InvestigationReport], evidence: Mapping[str, Evidence]) -> frozenset[Key]:
    """The causes that reports rule out by evidence that exists."""
    return frozenset(
        (hypothesis.service, hypothesis.category)
        for report in reports
        for hypothesis in report.hypotheses
        if hypothesis.ruled_out_by is not None
        and supported(hypothesis, evidence, (hypothesis.service or "",))
    )


def was_answered(incident: Incident) -> bool:
    """Whether the diagnosis led to a change that was made and did not end it, or that people refused."""
    found = incident.diagnosis
    return found is not None and any(
        proposal.state in _AGAINST and proposal.action.service == found.service
        for proposal in incident.proposals
    )


def impact_known(said: Impact, before: Impact) -> Impact:
    """An impact that says at least what was known before: what is unknown now takes nothing back."""
    return said.model_copy(
        update={
            "users_affected": before.users_affected
            if said.users_affected == _UNKNOWN
            else said.users_affected,
            "customers_affected": _else(said.customers_affected, before.customers_affected),
            "data_at_risk": _else(said.data_at_risk, before.data_at_risk),
            "api_affected": said.api_affected or _else(before.api_affected, said.api_affected),
            "data_breach_suspected": said.data_breach_suspected or before.data_breach_suspected,
            "user_data_affected": said.user_data_affected or before.user_data_affected,
        }
    )


def _else(said: bool | None, before: bool | None) -> bool | None:
    return before if said is None else said
