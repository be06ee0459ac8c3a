"""The tools that only read."""

import json
from collections.abc import Sequence

from incidents.errors import UnknownName
from incidents.findings import Evidence
from incidents.incident import Incident
from incidents.timeline import EntryKind
from nexus.config.runbook import runbook_of
from nexus.sanitize import role_name
from nexus.server.mcp import values as v
from nexus.server.mcp.desk import AgentDesk, Caller
from nexus.service.browsing import incident_page
from nexus.service.lists import IncidentFilter, ListQueries
from nexus.service.questions import ask
from nexus.store.records import Summary
from nexus.store.watching import NEWEST


async def list_incidents(desk: AgentDesk, caller: Caller, asked: v.ListIncidents) -> v.Incidents:
    """Lists incidents, newest first."""
    among = IncidentFilter(
        not_closed=asked.open, severity=asked.severity, status=asked.status, service=asked.service
    )
    page = await incident_page(ListQueries.of(desk.home), among, asked.limit, asked.cursor, caller.unseen)
    items = tuple(v.IncidentItem(**_line(desk, one)) for one in page.items)
    return v.Incidents(items=items, next=page.next)


def _line(desk: AgentDesk, one: Summary) -> dict[str, object]:
    return {
        "id": one.id, "title": v.Outside.of(one.title), "severity": one.severity, "status": one.status,
        "step": one.step, "services": one.services[: v.FEW], "waiting": one.waiting, "held_by": one.held_by,
        "opened_at": one.opened_at, "page": desk.page(one.id),
    }  # fmt: skip


async def read_incident(desk: AgentDesk, caller: Caller, asked: v.OfIncident) -> v.IncidentWhole:
    """Reads one incident as it stands: what is wrong, the cause that is believed, what waits for a person."""
    found = await desk.home.find(asked.incident)
    line = await desk.home.store.summary_of(found.id)
    alerts = tuple(found.latest_alerts.values())
    return v.IncidentWhole(
        incident=v.IncidentRead(
            **_line(desk, line),
            ended_at=found.ended_at,
            summary=v.Outside.of(found.summary, 2_000),
            cause=_cause(found),
            alerts=tuple(
                v.AlertItem(
                    title=v.Outside.of(one.title), service=one.service, status=one.status,
                    starts_at=one.starts_at,
                )
                for one in alerts[: v.FEW]
            ),
            alerts_in_all=len(alerts),
            decisions_waiting=tuple(
                v.Waiting(
                    action=one.id, title=v.Outside.of(one.action.title), expires_at=one.expires_at,
                    page=desk.page(found.id, one.id),
                )
                for one in found.pending[: v.FEW]
            ),
            notes=_notes(found),
        )
    )  # fmt: skip


def _cause(incident: Incident) -> v.Cause | None:
    found = incident.diagnosis
    if found is None:
        return None
    return v.Cause(
        service=found.service, category=found.category, confidence=found.confidence,
        summary=v.Outside.of(found.summary, 2_000), evidence=found.evidence[: v.FEW],
    )  # fmt: skip


def _notes(incident: Incident) -> tuple[v.NoteItem, ...]:
    """The newest of people's and of programs' notes."""
    people = [
        v.NoteItem(kind="person", by=one.by, at=one.at, text=v.Outside.of(one.text)) for one in incident.notes
    ]
    programs = [
        v.NoteItem(kind=one.kind, by=f"a program of {one.by}", at=one.at, text=v.Outside.of(one.text))
        for one in incident.machine_notes
    ]
    return (*people[-v.FEW :], *programs[-v.FEW :])


async def list_evidence(desk: AgentDesk, caller: Caller, asked: v.PageOfIncident) -> v.EvidenceList:
    """Lists the evidence of an incident, oldest first: each tool result that a role saw."""
    found = await desk.home.store.evidence((await desk.home.find(asked.incident)).id)
    begin = 0 if asked.cursor is None else _index(found, asked.cursor) + 1
    page = found[begin : begin + asked.limit]
    items = tuple(
        v.EvidenceItem(
            id=one.id, tool=one.tool, role=role_name(one.role), at=one.at, status=one.status,
            summary=v.Outside.of(one.summary),
        )
        for one in page
    )  # fmt: skip
    more = begin + len(page) < len(found)
    return v.EvidenceList(items=items, next=page[-1].id if page and more else None)


def _index(found: Sequence[Evidence], identity: str) -> int:
    for index, one in enumerate(found):
        if one.id == identity:
            return index
    raise UnknownName("evidence", identity, (one.id for one in found))


async def read_evidence(desk: AgentDesk, caller: Caller, asked: v.ReadEvidence) -> v.Piece:
    """Reads one evidence, piece by piece: the condensed answer that a role read."""
    found = await desk.home.store.evidence((await desk.home.find(asked.incident)).id)
    text = found[_index(found, asked.evidence)].summary
    return v.Piece(
        text=v.Outside.of(text[asked.offset : asked.offset + v.PIECE], v.PIECE), characters=len(text),
        next_offset=_after(text, asked.offset),
    )  # fmt: skip


def _after(text: str, offset: int) -> int | None:
    return offset + v.PIECE if offset + v.PIECE < len(text) else None


async def list_suspects(desk: AgentDesk, caller: Caller, asked: v.OfIncident) -> v.Suspects:
    """Lists the services that may be the cause of an incident, the likeliest first, with the reasons."""
    found = await desk.home.find(asked.incident)
    return v.Suspects(
        items=tuple(
            v.SuspectItem(
                service=one.service, score=one.score, category=one.category, onset=one.onset,
                change=one.change, reasons=tuple(v.Outside.of(why.text, 300) for why in one.reasons[:5]),
            )
            for one in found.suspects[: v.FEW]
        )
    )  # fmt: skip


async def read_timeline(desk: AgentDesk, caller: Caller, asked: v.PageOfIncident) -> v.Timeline:
    """Reads the timeline of an incident, newest first."""
    incident = (await desk.home.find(asked.incident)).id
    before = NEWEST if asked.cursor is None else _number(asked.cursor)
    kinds = tuple(EntryKind)
    found = await desk.home.store.entries_before(incident, before, asked.limit, kinds)
    items = tuple(
        v.Line(
            number=one.sequence, at=one.entry.at, kind=one.entry.kind, who=role_name(one.entry.role),
            text=v.Outside.of(one.entry.text), evidence=one.entry.evidence[: v.FEW],
        )
        for one in found
    )  # fmt: skip
    return v.Timeline(items=items, next=str(found[-1].sequence) if len(found) == asked.limit else None)


def _number(cursor: str) -> int:
    if not cursor.isascii() or not cursor.isdecimal() or len(cursor) > 18:
        raise UnknownName("cursor", cursor, ())
    return int(cursor)


async def read_runbook(desk: AgentDesk, caller: Caller, asked: v.ReadRunbook) -> v.Runbook:
    """Reads the runbook that incidents follow, part by part: severities, teams, steps, escalations."""
    whole = runbook_of(desk.settings).model_dump(mode="json")
    parts = tuple(whole)
    if asked.part is None:
        return v.Runbook(parts=parts, part=None, text="", next_offset=None)
    if asked.part not in whole:
        raise UnknownName("part of the runbook", asked.part, parts)
    text = json.dumps(whole[asked.part], ensure_ascii=False)
    piece = text[asked.offset : asked.offset + v.PIECE]
    return v.Runbook(parts=parts, part=asked.part, text=piece, next_offset=_after(text, asked.offset))


async def ask_about(desk: AgentDesk, caller: Caller, asked: v.AskAbout) -> v.Answered:
    """Answers a question about an incident from its records alone, each sentence with its source."""
    desk.asks.take(caller)
    found = await ask(desk.home, desk.settings, asked.incident, asked.question)
    return v.Answered(
        sentences=tuple(
            v.Sentence(text=v.Outside.of(one.text), evidence=one.evidence[: v.FEW])
            for one in found.claims[:20]
        ),
        engine=found.engine,
        note=found.note,
    )
