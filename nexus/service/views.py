"""The JSON of an incident, for scripts; its keys are a promise."""

import json
from collections.abc import Sequence
from typing import Any

from agents.budget import DEFAULT_BUDGET, Budget
from incidents.action import Proposal
from incidents.incident import Incident
from incidents.milestones import milestones
from incidents.timeline import Entry
from nexus.service.cost_trace import shares, whole


def incident_json(incident: Incident, entries: Sequence[Entry], budget: Budget = DEFAULT_BUDGET) -> str:
    """An incident with its timeline, indented. Times are ISO 8601 in UTC; what is not known is null."""
    body = incident.model_dump(mode="json")
    shown: dict[str, Any] = {
        name: body[name]
        for name in (
            "id",
            "title",
            "severity",
            "status",
            "step",
            "engine",
            "opened_at",
            "ended_at",
            "end_reason",
        )
    }
    shown["held_by"] = incident.held_by
    shown |= {
        "summary": incident.summary,
        "services": list(incident.services),
        "alerts": body["alerts"],
        "impact": body["impact"] | {"revenue": incident.revenue_impact, "currency": incident.currency},
        "times": milestones(incident).model_dump(mode="json"),
        "diagnosis": body["diagnosis"],
        "suspects": [
            {
                "service": one.service,
                "score": one.score,
                "category": one.category,
                "change": one.change,
                "why": [reason.text for reason in one.reasons],
            }
            for one in incident.suspects
        ],
        "outside_changes": body["outside_changes"],
        "actions": [_action(proposal) for proposal in incident.proposals],
        "verification": body["verification"],
        "status_updates": body["updates"],
        "briefs": body["briefs"],
        "escalations": body["escalations"],
        "notes": body["notes"],
        "channel": incident.channel,
        "backlog": body["backlog"],
        "post_mortem": incident.post_mortem,
        "timeline": [entry.model_dump(mode="json", exclude={"id", "incident"}) for entry in entries],
        "usage": {
            "model_calls": incident.usage.model_calls,
            "tokens": incident.usage.tokens_in + incident.usage.tokens_out,
            "tokens_in": incident.usage.tokens_in,
            "tokens_out": incident.usage.tokens_out,
            "cost": incident.usage.cost,
            "seconds": incident.usage.seconds,
        },
        "ledger": {
            "incident": whole(incident, budget).model_dump(mode="json", exclude={"role"}),
            "roles": [share.model_dump(mode="json") for share in shares(incident, budget)],
        },
    }
    return json.dumps(shown, indent=2)  # ASCII: no text from outside can steer a terminal


def _action(proposal: Proposal) -> dict[str, Any]:
    body = proposal.model_dump(mode="json", exclude={"incident", "plan"})
    action = proposal.action
    return {
        "id": proposal.id,
        "kind": action.kind,
        "target": action.service,
        "arguments": action.arguments.given(),
        "title": action.title,
        "observed": {fact.name: fact.value for fact in proposal.plan.observed},
        "effects": list(proposal.plan.effects),
        "undo": proposal.plan.undo.title if proposal.plan.undo else None,
        **body,
    }
