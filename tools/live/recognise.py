"""Which log or trace backend answers at an address, and what it calls a service: for a first `nexus.yaml`."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from pydantic import Field

from incidents.errors import ToolFailed
from incidents.value import Value
from tools.clock import Clock
from tools.live.http import Backend, Reply
from tools.live.telemetry_rows import to_microseconds

#: What a label or field that names a service is called, the most telling first.
_SERVICE = ("service", "service.name", "service_name", "app", "app_kubernetes_io_name", "job")
_RECENT = timedelta(hours=1)


class Recognised(Value):
    """What answers: its `kind`, and settings beside the address that differ from the defaults."""

    kind: str
    settings: dict[str, str] = Field(default={})


class _Labels(Reply):
    data: tuple[str, ...]


class _Version(Reply):
    number: str


class _Node(Reply):
    version: _Version


class _Field(Reply):
    value: str


class _Fields(Reply):
    values: tuple[_Field, ...]


class _Machine(Reply):
    machine_id: str


class _Services(Reply):
    services: tuple[str, ...]


class _Known(Reply):
    data: tuple[str, ...] | None


async def recognise_logs(backend: Backend, clock: Clock) -> Recognised:
    """Loki, Elasticsearch or OpenSearch, VictoriaLogs, or a journal gateway.

    Raises:
        ToolFailed: none of them answers there, with what each answered.
    """

    async def victorialogs() -> Recognised:
        now = to_microseconds(clock.now()) * 1000
        span = {"start": now - _RECENT // timedelta(microseconds=1) * 1000, "end": now}
        path = "/select/logsql/field_names"
        text = await backend.ask("GET", path, query={"query": "*", **span}, tries=1)
        names = [one.value for one in backend.read(_Fields, text).values]
        return _with_service("victorialogs", names, "service.name")

    async def loki() -> Recognised:
        labels = backend.read(_Labels, await backend.ask("GET", "/loki/api/v1/labels", tries=1)).data
        found = _with_service("loki", labels, "service")
        if (label := found.settings.get("service")) is None:
            return found
        return found.model_copy(update={"settings": {**found.settings, "selector": "{" + label + '=~".+"}'}})

    async def elasticsearch() -> Recognised:
        backend.read(_Node, await backend.ask("GET", "/", tries=1))
        return Recognised(kind="elasticsearch")

    async def journal() -> Recognised:
        backend.read(_Machine, await backend.ask("GET", "/machine", tries=1))
        return Recognised(kind="journal")

    return await _first(backend, (loki, victorialogs, elasticsearch, journal))


async def recognise_traces(backend: Backend) -> Recognised:
    """Tempo, Jaeger 2, or Jaeger and VictoriaTraces.

    Raises:
        ToolFailed: none of them answers there, with what each answered.
    """

    async def tempo() -> Recognised:
        if (await backend.ask("GET", "/api/echo", tries=1)).strip() != "echo":
            raise ToolFailed(f"{backend.where}/api/echo does not answer `echo`")
        return Recognised(kind="tempo")

    async def jaeger_v2() -> Recognised:
        backend.read(_Services, await backend.ask("GET", "/api/v3/services", tries=1))
        return Recognised(kind="jaeger_v2")

    async def jaeger() -> Recognised:
        backend.read(_Known, await backend.ask("GET", "/api/services", tries=1))
        return Recognised(kind="jaeger")

    return await _first(backend, (tempo, jaeger_v2, jaeger))


async def _first(backend: Backend, asks: Sequence[Callable[[], Awaitable[Recognised]]]) -> Recognised:
    refused: dict[str, str] = {}
    for ask in asks:
        try:
            return await ask()
        except ToolFailed as error:
            refused[ask.__name__] = str(error)
    known = "; ".join(f"{kind}: {why}" for kind, why in refused.items())
    raise ToolFailed(f"nothing that is known answers at {backend.where} ({known})")


def _with_service(kind: str, names: Sequence[str], default: str) -> Recognised:
    """With the name of a service's label, where it is not the default; the default where there is none."""
    found = next((name for name in _SERVICE if name in names), default)
    return Recognised(kind=kind, settings={"service": found} if found != default else {})
