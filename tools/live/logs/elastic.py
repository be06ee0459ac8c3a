"""Logs from Elasticsearch or OpenSearch: `_search` at a point in time, page by page with `search_after`.

The two open and close a point in time by other names. Elasticsearch adds a tiebreaker to its sort
(`_shard_doc`), so the next page begins exactly behind the last one; OpenSearch adds none, so there the last
millisecond is read again. A document that is no line still counts for the length of a page.
"""

import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

import structlog
from pydantic import Field

from incidents.errors import Declined, ToolFailed
from incidents.findings import Window
from tools.clock import Clock
from tools.live.http import Backend, Rejected, Reply
from tools.live.logs.lines import MOST_LINES, Keys, LogLine
from tools.live.logs.objects import object_line
from tools.live.logs.paging import Page, PageSize, Read, newest_first
from tools.live.settings import Elastic
from tools.live.telemetry_rows import to_microseconds
from tools.live.values import uncollected
from tools.telemetry.data_gaps import collect_gaps, note_gap

log = structlog.get_logger(__name__)

#: Bytes of a page: of what may be read at once, a part.
_ROOM = 8_000_000
#: How long a point in time outlives a question.
_KEPT = "1m"
_LOOKED_AT = 1_000
#: A server that does not know the name answers one of these.
_UNKNOWN = frozenset({400, 404, 405})

#: Where a page begins: the sort values of the document before; empty at the newest one.
Place = tuple[int | str, ...]
_NEWEST: Place = ()


class _Names(NamedTuple):
    """What a server calls a point in time."""

    opened_by: str
    closed_by: str
    closing: str


_ELASTICSEARCH = _Names("/_pit", "/_pit", "id")
_OPENSEARCH = _Names("/_search/point_in_time", "/_search/point_in_time", "pit_id")


class _Pit(Reply):
    id: str = ""
    pit_id: str = ""


@dataclass(frozen=True, slots=True)
class _Hit:
    id: Annotated[str, Field(alias="_id")]
    sort: Annotated[Place, Field(min_length=1)]
    index: Annotated[str, Field(alias="_index")] = ""
    source: Annotated[dict[str, Any], Field(alias="_source")] = field(default_factory=dict)


class _Hits(Reply):
    hits: tuple[_Hit, ...]


class _Why(Reply):
    reason: str | None = None


class _Failure(Reply):
    reason: _Why = _Why()


class _Shards(Reply):
    failed: int = 0
    total: int = 0
    failures: tuple[_Failure, ...] = ()


class _Answer(Reply):
    hits: _Hits
    pit_id: str = ""
    timed_out: bool = False
    shards: _Shards = Field(alias="_shards", default=_Shards())


class ElasticLogs:
    """The documents of an index pattern that have a time and a message."""

    def __init__(self, spec: Elastic, backend: Backend, clock: Clock) -> None:
        self._spec = spec
        self._backend = backend
        self._clock = clock
        self._sizes = PageSize(_ROOM)
        self._known: tuple[_Names, ...] = (_ELASTICSEARCH, _OPENSEARCH)
        self.name = f"{backend.name} at {backend.where}"
        self._keys = Keys(
            spec.time, spec.service, spec.instance, spec.level, spec.message, spec.trace_id, spec.span_id
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()

    async def lines(self, window: Window) -> Sequence[LogLine]:
        """The lines of a window, page by page; documents that are none are counted and noted.

        Raises:
            ToolFailed: it does not answer.
        """
        read = await self._read(window, MOST_LINES)
        if read.skipped:
            note_gap(f"{self.name}: {read.skipped:,} of {read.skipped + len(read.lines):,} documents were "
                 f"skipped, they have no {self._keys.time} or no {self._keys.message}")  # fmt: skip
        return read.lines

    async def check(self) -> str:
        """The newest lines of the last hour, read as every window is; raises like `lines`."""
        now = self._clock.now()
        with collect_gaps():
            read = await self._read(Window(start=now - timedelta(hours=1), end=now), _LOOKED_AT)
        unsure = (
            "" if self._known else "; it opens no point in time, so what is indexed meanwhile may be missed"
        )
        if not read.lines:
            held = f"{read.skipped} documents without {self._keys.message}" if read.skipped else "no line"
            return f"it answers, and {self._spec.index} holds {held} of the last hour{unsure}"
        services = sorted({line.service for line in read.lines if line.service})
        return (
            f"the newest line of {self._spec.index} is of {read.lines[-1].time:%H:%M:%S} UTC; "
            f"they name {', '.join(services[:5]) or 'no service: check the field `service`'}{unsure}"
        )

    async def _read(self, window: Window, most: int) -> Read:
        pit = await self._opened()

        async def page(after: Place, size: int) -> Page[Place]:
            nonlocal pit
            answer, weight = await self._page(window, pit, after, size)
            pit = answer.pit_id or pit
            with uncollected():
                entries: dict[Hashable, LogLine | None] = {
                    (hit.index, hit.id): object_line(hit.source, self._keys) for hit in answer.hits.hits
                }
            if len(answer.hits.hits) < size:
                return Page(entries, weight, None, None)
            last = answer.hits.hits[-1].sort
            return Page(entries, weight, _again(last), last)

        try:
            return await newest_first(page, _NEWEST, self.name, self._sizes, most)
        finally:
            await self._close(pit)

    async def _opened(self) -> str:
        """The id of a point in time; empty where none can be had, and the index itself is asked."""
        index = quote(self._spec.index, safe="*,")
        for names in self._known:
            try:
                text = await self._backend.ask(
                    "POST", f"/{index}{names.opened_by}", query={"keep_alive": _KEPT}
                )
            except Rejected as error:
                if error.status in _UNKNOWN and "index_not_found" not in error.text:
                    continue
                if error.status == 403:  # the right to open one is apart from the right to search
                    log.info("no point in time", where=self._backend.where, why=str(error))
                    self._known = ()
                    return ""
                raise self._refused(error) from None
            found = self._backend.read(_Pit, text)
            self._known = (names,)
            return found.id or found.pit_id
        self._known = ()
        return ""

    async def _close(self, pit: str) -> None:
        if not pit:
            return
        names = self._known[0]
        held: str | list[str] = pit if names is _ELASTICSEARCH else [pit]
        try:
            await self._backend.ask("DELETE", names.closed_by, body={names.closing: held}, tries=1)
        except ToolFailed as error:  # it ends by itself
            log.info("a point in time stays open", where=self._backend.where, why=str(error))

    async def _page(self, window: Window, pit: str, after: Place, size: int) -> tuple[_Answer, int]:
        path = "/_search" if pit else f"/{quote(self._spec.index, safe='*,')}/_search"
        try:
            text = await self._backend.ask("POST", path, body=self._question(window, pit, after, size))
        except Rejected as error:
            raise self._refused(error) from None
        answer = self._backend.read(_Answer, text)
        if answer.timed_out or answer.shards.failed:
            late = ", and it ran out of time" if answer.timed_out else ""
            reasons = [failure.reason.reason for failure in answer.shards.failures if failure.reason.reason]
            why = f" ({self._backend.quoted(reasons[0])})" if reasons else ""
            shards = f"{answer.shards.failed} of {answer.shards.total} shards failed{why}"
            note_gap(f"{self.name} answered in part: {shards}{late}")
        return answer, len(text)

    def _question(self, window: Window, pit: str, after: Place, size: int) -> dict[str, Any]:
        span = {
            "gte": _milliseconds(window.start),
            "lte": _milliseconds(window.end),
            "format": "epoch_millis",
        }
        # Of an index with nanoseconds and one without, the times are compared as milliseconds.
        order = {"order": "desc", "unmapped_type": "date", "numeric_type": "date"}
        question: dict[str, Any] = {
            "size": size,
            "sort": [{self._keys.time: order}],
            "query": {"bool": {"filter": [{"range": {self._keys.time: span}}]}},
            "_source": list(self._keys),
            "track_total_hits": False,
        }
        beside = {"pit": {"id": pit, "keep_alive": _KEPT}} if pit else {}
        return question | beside | ({"search_after": list(after)} if after else {})

    def _refused(self, error: Rejected) -> Declined:
        try:
            why = json.loads(error.text)["error"]["reason"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return error
        return Declined(
            f"{self.name} refuses the question ({error.status}): {self._backend.quoted(str(why))}"
        )


def _again(last: Place) -> Place:
    """Where the next page begins: behind the last document, or with its millisecond if it may have others."""
    return last if len(last) > 1 or isinstance(last[0], str) else (last[0] + 1,)


def _milliseconds(at: datetime) -> int:
    return to_microseconds(at) // 1000
