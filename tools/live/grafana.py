"""Grafana as the door to its data sources: what it lists, and where it passes each on.

Its HTTP API (https://grafana.com/docs/grafana/latest/developers/http_api/data_source/): `/api/datasources`
lists them for whoever may read them, `/api/datasources/proxy/uid/UID/…` passes a question on with Grafana's
own credentials for it. Through it the adapters ask as if they were there. Written from that document alone.
"""

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from incidents.errors import ToolFailed
from tools.live.http import Backend, Reply

#: What its types of data sources are to us, the first that is there of each part.
_PARTS = {"metrics": ("prometheus",), "logs": ("loki",), "traces": ("tempo", "jaeger")}


class DataSource(Reply):
    """One data source."""

    uid: str
    name: str
    type: str
    isDefault: bool = False  # noqa: N815 - Grafana's own name


_SOURCES = TypeAdapter(tuple[DataSource, ...])


async def data_sources(backend: Backend) -> tuple[DataSource, ...]:
    """What a Grafana lists.

    Raises:
        ToolFailed: it does not answer, lists nothing to this token, or is no Grafana.
    """
    text = await backend.ask("GET", "/api/datasources")
    try:
        return _SOURCES.validate_json(text)
    except ValidationError:
        raise ToolFailed(
            f"{backend.where} answered no list of data sources; check that it is a Grafana"
        ) from None


def passed_on(grafana: str, source: DataSource) -> str:
    """The address under which a Grafana passes questions on to a data source."""
    return f"{grafana.rstrip('/')}/api/datasources/proxy/uid/{quote(source.uid, safe='')}"


def chosen(sources: Sequence[DataSource]) -> dict[str, DataSource]:
    """For metrics, logs and traces the data source that is asked: Grafana's default, else the first."""
    found = {}
    for part, types in _PARTS.items():
        fitting = [one for kind in types for one in _default_first(sources) if one.type == kind]
        if fitting:
            found[part] = fitting[0]
    return found


def _default_first(sources: Iterable[DataSource]) -> list[DataSource]:
    return sorted(sources, key=lambda one: not one.isDefault)
