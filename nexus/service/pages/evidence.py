"""One evidence as its page shows it: who asked what, what came back, raw and as a chart."""

import json

from incidents.actor import Actor
from incidents.errors import UnknownName
from incidents.findings import Evidence, EvidenceStatus
from incidents.series import WatchedSeries
from incidents.value import Moment, Value, plain
from nexus.home import Home
from nexus.sanitize import role_name
from nexus.service.pages.charts import ChartView, chart
from nexus.service.pages.seen import read_body
from nexus.service.pages.worlds import title_of
from nexus.store.audit import Deed, DeedKind
from tools.called import arguments, label

#: What a page shows of a raw answer; the whole of it can be fetched.
MOST_SHOWN = 60_000
_PICTURE = b"\x89PNG\r\n\x1a\n"


class Argument(Value):
    """One argument of a question."""

    name: str
    value: str


class EvidenceView(Value):
    """One evidence.

    Attributes:
        label: how a sentence calls it.
        arguments: what the tool was asked with.
        summary: what the role read.
        raw: the stored answer as text, or its beginning; null: it is a picture, or not kept any more.
        cut: `raw` is only the beginning.
        picture: the stored answer is a PNG.
        digest: SHA-256 of the stored answer, hex.
    """

    id: str
    incident: str
    title: str
    label: str
    tool: str
    role: str
    at: Moment
    turn: int
    status: EvidenceStatus
    arguments: tuple[Argument, ...]
    summary: str
    raw: str | None
    cut: bool
    picture: bool
    size: int
    digest: str
    chart: ChartView | None


class EvidenceList(Value):
    """What an incident rests on, newest first."""

    items: tuple[Evidence, ...]


async def evidence_view(home: Home, identity: str, evidence: str) -> EvidenceView:
    """One evidence of an incident.

    Raises:
        UnknownName: there is no such incident, or it has no such evidence.
    """
    incident = await home.find(identity)
    found, body = await evidence_of(home, identity, evidence)
    picture = body is not None and body.startswith(_PICTURE)
    raw = None if body is None or picture else _readable(body)
    return EvidenceView(
        id=found.id,
        incident=identity,
        title=await title_of(home, incident),
        label=label(found),
        tool=found.tool,
        role=role_name(found.role),
        at=found.at,
        turn=found.turn,
        status=found.status,
        arguments=tuple(
            Argument(name=name, value=str(value)) for name, value in sorted(arguments(found).items())
        ),
        summary=found.summary,
        raw=raw[:MOST_SHOWN] if raw is not None else None,
        cut=raw is not None and len(raw) > MOST_SHOWN,
        picture=picture,
        size=found.size,
        digest=found.digest,
        chart=await _chart(home, incident.id, found, body),
    )


async def raw_evidence(
    home: Home, identity: str, evidence: str, reader: Actor
) -> tuple[Evidence, bytes | None]:
    """An evidence with what is stored of its answer; who reads that stands in the audit.

    Raises:
        UnknownName: there is no such incident or evidence.
    """
    await home.find(identity)
    found, body = await evidence_of(home, identity, evidence)
    if body is not None:
        at = home.clock.now()
        await home.store.record(Deed.by(reader, DeedKind.EVIDENCE_READ, at, identity, about=found.id))
    return found, body


async def evidence_of(home: Home, identity: str, evidence: str) -> tuple[Evidence, bytes | None]:
    """One evidence and its stored answer, None where that is not kept.

    Raises:
        UnknownName: the incident has no such evidence.
    """
    found = await home.store.cited(identity, {evidence})
    if not found:
        newest = await home.store.newest_evidence(identity)
        raise UnknownName("evidence", evidence, (one.id for one in newest))
    return found[0], await home.store.body(identity, evidence)


def _readable(body: bytes) -> str:
    """JSON with its parts under each other; any other text as it is."""
    text = body.decode(errors="replace")
    found = plain(text)
    return text if isinstance(found, str) else json.dumps(found, indent=2, ensure_ascii=False)


async def _chart(home: Home, identity: str, found: Evidence, body: bytes | None) -> ChartView | None:
    """The watched signals of the service that was asked about, as they were measured last."""
    incident = await home.find(identity)
    if found.tool == "watched_series":
        return chart(incident, read_body(WatchedSeries, body))
    service, kept = arguments(found).get("service"), incident.facts.series if incident.facts else None
    if service is None or kept is None:
        return None
    series = read_body(WatchedSeries, await home.store.body(identity, kept))
    if series is None:
        return None
    mine = tuple(one for one in series.series if one.signal.service == service)
    return chart(incident, series.model_copy(update={"series": mine}))
