"""The data twins of the pages: the same views, from the same queries, as JSON."""

from fastapi import Response

from incidents.errors import UnknownName
from nexus.server.api.context import Context, Who, answer
from nexus.server.api.description import router
from nexus.server.api.parameters import (
    EvidenceId,
    IncidentId,
    NewestParameters,
    NoParameters,
    SinceParameters,
)
from nexus.server.pages.evidence import raw_answer
from nexus.service.pages.board import IncidentBoard, incident_board
from nexus.service.pages.evidence import EvidenceList, EvidenceView, evidence_view, raw_evidence
from nexus.service.pages.now import NowView, now_view
from nexus.service.pages.regroup import RegroupView, regroup_view
from nexus.service.pages.timeline import TimelineView, timeline_view
from nexus.service.pages.times import TimesView, times_view
from nexus.service.trust import TrustQueries, TrustView

twins = router()


@twins.get("/now", response_model=NowView)
async def now(asked: NoParameters, who: Who, context: Context) -> Response:
    """What burns: each open incident in a line, who must act by when, what waits, who works."""
    return answer(await now_view(context.home, context.intake.site.site, who))


@twins.get("/times", response_model=TimesView)
async def times(asked: SinceParameters, who: Who, context: Context) -> Response:
    """How long incidents took to be detected, acknowledged, mitigated, resolved; by severity and service."""
    return answer(await times_view(context.home, asked.days, await context.hidden(who)))


@twins.get("/trust", response_model=TrustView)
async def trust(asked: NoParameters, who: Who, context: Context) -> Response:
    """How often what was proposed was right, as people judged it: live, in shadow, replayed; and drills."""
    return answer(await TrustQueries.of(context.home).view(await context.hidden(who)))


@twins.get("/incidents/{incident}/board", response_model=IncidentBoard)
async def board(incident: IncidentId, asked: NoParameters, who: Who, context: Context) -> Response:
    """An incident as its page shows it: sentences, steps, suspects, work, services, what was told, cost."""
    return answer(await incident_board(context.home, incident, who))


@twins.get("/incidents/{incident}/newest", response_model=TimelineView)
async def newest(incident: IncidentId, asked: NewestParameters, context: Context) -> Response:
    """Its newest entries as the page shows them, a hundred at a time; of some kinds alone where named."""
    return answer(await timeline_view(context.home, incident, asked.before, asked.about))


@twins.get("/incidents/{incident}/regrouping", response_model=RegroupView)
async def regrouping(incident: IncidentId, asked: NoParameters, who: Who, context: Context) -> Response:
    """The alerts that may be taken out of it, and the incidents that may be merged into it."""
    return answer(await regroup_view(context.home, incident, who))


@twins.get("/incidents/{incident}/evidence", response_model=EvidenceList)
async def all_evidence(incident: IncidentId, asked: NoParameters, context: Context) -> Response:
    """What it rests on, newest first: each question with what the role read of the answer."""
    await context.home.find(incident)
    return answer(EvidenceList(items=(await context.home.store.evidence(incident))[::-1]))


@twins.get("/incidents/{incident}/evidence/{evidence}", response_model=EvidenceView)
async def evidence(
    incident: IncidentId, evidence: EvidenceId, asked: NoParameters, context: Context
) -> Response:
    """One evidence: the question, what the role read, the beginning of the raw answer, the chart."""
    return answer(await evidence_view(context.home, incident, evidence))


@twins.get(
    "/incidents/{incident}/evidence/{evidence}/raw",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}, "image/png": {}}, "description": "as it was stored"}},
)
async def raw(
    incident: IncidentId, evidence: EvidenceId, asked: NoParameters, who: Who, context: Context
) -> Response:
    """What a tool answered, as it was stored."""
    found, body = await raw_evidence(context.home, incident, evidence, who)
    if body is None:
        raise UnknownName("raw answer", found.id, ())
    return raw_answer(found.id, body)
