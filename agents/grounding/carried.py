"""What an incident's facts carry: the kinds of claims that may be made of it without being an opinion."""

from incidents.action import ActionState
from incidents.findings import Category
from incidents.incident import Incident
from incidents.severity import Status
from incidents.value import Value
from incidents.verification import Recovery


class Carried(Value):
    """Typed facts; what is not known carries nothing.

    Attributes:
        blamed: the services that the diagnosis names, or the hypothesis whose sentence it is.
        category: the kind of cause that it names.
        recovered: whether code judged it recovered, or it was measured to be over.
        affected: the services that were measured to be off, or are suspected.
        unaffected: users were measured to notice nothing.
        down: nothing that users touch answers.
        revenue: a loss was measured.
        at_risk, breach: what the triage found of data.
        acted: the services that a change was made to.
    """

    blamed: frozenset[str] = frozenset()
    category: Category = Category.UNKNOWN
    recovered: bool = False
    affected: frozenset[str] = frozenset()
    unaffected: bool = False
    down: bool = False
    revenue: bool = False
    at_risk: bool = False
    breach: bool = False
    acted: frozenset[str] = frozenset()


def carried_by(incident: Incident) -> Carried:
    """What an incident carries as it stands."""
    found, facts, impact = incident.diagnosis, incident.facts, incident.impact
    known = found is not None and found.known
    verdict = incident.verification.verdict if incident.verification is not None else None
    affected = {*incident.services, *(suspect.service for suspect in incident.suspects)}
    affected |= {signal.service for signal in incident.signals if signal.deviated or signal.opened}
    return Carried(
        blamed=frozenset({found.service} if found is not None and known and found.service else ()),
        category=found.category if found is not None and known else Category.UNKNOWN,
        recovered=verdict is Recovery.RECOVERED
        or incident.calm_since is not None
        or incident.status is Status.FALSE_ALARM,
        affected=frozenset(affected | set(facts.affected if facts is not None else ())),
        unaffected=facts is not None and facts.customers_affected is False,
        down=facts is not None and (bool(facts.down) or (facts.error_ratio or 0.0) >= 0.995),
        revenue=incident.revenue_impact is not None,
        at_risk=impact.data_at_risk is True,
        breach=impact.data_breach_suspected or impact.user_data_affected,
        acted=frozenset(
            [p.action.service for p in incident.proposals if p.state is ActionState.DONE]
            + [change.service for change in incident.outside_changes if change.service]
        ),
    )
