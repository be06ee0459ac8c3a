"""Logs from Elasticsearch or OpenSearch (`_search`), paged by time; no point in time is opened."""

import json
import math
from collections.abc import Hashable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from pydantic import Field

from incidents.errors import Declined
from tools.clock import Clock
from tools.live.http import Backend, Rejected, Reply
from tools.live.logs.lines import Keys, LogLine
from tools.live.logs.objects import object_line
from tools.live.logs.paging import PagedLogs
from tools.live.settings import Elastic
from tools.live.telemetry_rows import to_microseconds
from tools.telemetry.data_gaps import note_gap

#: A date holds milliseconds, whatever the document says.
_TICK = timedelta(milliseconds=1)


class _Hit(Reply):
    id: str = Field(alias="_id")
    index: str = Field(alias="_index", default="")
    source: dict[str, Any] = Field(alias="_source", default={})


class _Hits(Reply):
    hits: tuple[_Hit, ...]


class _Shards(Reply):
    failed: int = 0
    total: int = 0


class _Answer(Reply):
    hits: _Hits
    timed_out: bool = False
    shards: _Shards = Field(alias="_shards", default=_Shards())


class ElasticLogs(PagedLogs):
    """The documents of an index pattern that have a time and a message."""

    def __init__(self, spec: Elastic, backend: Backend, clock: Clock) -> None:
        super().__init__(backend, clock, _TICK)
        self._spec = spec
        self._keys = Keys(
            spec.time, spec.service, spec.instance, spec.level, spec.message, spec.trace_id, spec.span_id
        )

    async def check(self) -> str:
        """The newest lines of the last hour; raises like `lines`."""
        found = await self._last_hour()
        if not found:
            return f"it answers, and {self._spec.index} holds no line of the last hour"
        services = sorted({line.service for line in found if line.service})
        return (
            f"the newest line of {self._spec.index} is of {max(line.time for line in found):%H:%M:%S} UTC; "
            f"they name {', '.join(services[:5]) or 'no service: check the field `service`'}"
        )

    async def _page(self, start: datetime, end: datetime, size: int) -> Mapping[Hashable, LogLine]:
        path = f"/{quote(self._spec.index, safe='*,')}/_search"
        try:
            text = await self._backend.ask("POST", path, body=self._question(start, end, size))
        except Rejected as error:
            raise self._refused(error) from None
        answer = self._backend.read(_Answer, text)
        if answer.timed_out or answer.shards.failed:
            late = ", and it ran out of time" if answer.timed_out else ""
            shards = f"{answer.shards.failed} of {answer.shards.total} shards failed"
            note_gap(f"{self.name} answered in part: {shards}{late}")
        lines = {(hit.index, hit.id): object_line(hit.source, self._keys) for hit in answer.hits.hits}
        if broken := sum(line is None for line in lines.values()):
            note_gap(f"{self.name}: documents without {self._keys.time} or {self._keys.message} were skipped "
                 f"({broken} on one page)")  # fmt: skip
        return {key: line for key, line in lines.items() if line is not None}

    def _question(self, start: datetime, end: datetime, size: int) -> dict[str, Any]:
        span = {
            "gte": to_microseconds(start) // 1000,
            "lt": math.ceil(to_microseconds(end) / 1000),
            "format": "epoch_millis",
        }
        return {
            "size": size,
            "sort": [{self._keys.time: {"order": "desc", "unmapped_type": "date"}}],
            "query": {"bool": {"filter": [{"range": {self._keys.time: span}}]}},
            "_source": list(self._keys),
            "track_total_hits": False,
        }

    def _refused(self, error: Rejected) -> Declined:
        try:
            why = json.loads(error.text)["error"]["reason"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return error
        return Declined(
            f"{self.name} refuses the question ({error.status}): {self._backend.quoted(str(why))}"
        )
