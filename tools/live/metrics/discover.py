"""What a Prometheus scrapes and which conventions it follows: the start of a `nexus.yaml`."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from pydantic import Field

from incidents.errors import ToolFailed
from incidents.value import Value
from tools.live.http import Backend, Reply
from tools.live.metrics.conventions import recognise, shipped
from tools.live.metrics.promql_names import in_path, selector
from tools.live.metrics.rules import learn_rules
from tools.live.metrics.targets import Target, targets
from tools.live.settings import Labels
from tools.wording import plain

#: What the label that names a service is called, the most telling first.
_SERVICE = ("service", "service_name", "service.name", "app", "application", "app_kubernetes_io_name", "job")
_INSTANCE = ("instance", "pod")
_PEER = ("peer", "peer_service", "server_address")
#: A label with more values than this names no services.
_MOST = 500
#: The kinds of `backends.health` that can be asked themselves where an exporter of theirs is scraped.
_EXPORTERS = {
    "pg_up": "postgres", "mysql_up": "mariadb", "redis_up": "redis", "rabbitmq_identity_info": "rabbitmq",
    "rabbitmq_build_info": "rabbitmq",
}  # fmt: skip
#: What an incident is judged by.
_WANTED = ("request_rate", "error_ratio", "latency")


class Discovered(Value):
    """What was found, and in sentences what was not."""

    targets: tuple[Target, ...] = ()
    every: timedelta | None = Field(default=None, description="how rarely something is scraped")
    labels: Labels = Labels()
    services: tuple[str, ...] = ()
    conventions: tuple[str, ...] = ()
    rules: str = ""
    askable: tuple[str, ...] = ()
    not_found: tuple[str, ...] = ()


class _Values(Reply):
    data: tuple[str, ...]


async def discover(backend: Backend) -> Discovered:
    """Ask a Prometheus what it scrapes.

    Returns:
        Targets, the labels that tell services apart, the services, the sets of series that fit; and what
        could not be found.

    Raises:
        ToolFailed: it does not answer.
    """
    metrics = await _values(backend, "__name__", ())
    followed = recognise(metrics)
    known = [name for one in followed for name in shipped()[one].recognised_by if name in metrics]
    telling = [name for name in known if name != "up"] or known
    wanted = (*_SERVICE, *_INSTANCE, *_PEER)
    scraped = await targets(backend)
    # Who is called stands on other metrics than those that conventions are recognised by.
    asks = (_values(backend, label, () if label in _PEER else telling) for label in wanted)
    found = await asyncio.gather(*asks)
    values = dict(zip(wanted, found, strict=True))
    labels = Labels(
        service=_first(values, _SERVICE), instance=_first(values, _INSTANCE), peer=_first(values, _PEER)
    )
    return Discovered(
        targets=scraped or (),
        every=max((one.every for one in scraped or () if one.every is not None), default=None),
        labels=labels,
        services=_services(values[labels.service]),
        conventions=followed,
        rules=await _rules(backend),
        askable=tuple(dict.fromkeys(kind for metric, kind in _EXPORTERS.items() if metric in metrics)),
        not_found=tuple(_lacking(scraped, followed, values, labels)),
    )


async def _rules(backend: Backend) -> str:
    """How many of the team's alert rules are understood, in words; why none can be read."""
    try:
        return (await learn_rules(backend)).said
    except ToolFailed as error:
        return str(error)


async def _values(backend: Backend, label: str, metrics: Sequence[str]) -> tuple[str, ...]:
    query = {"match[]": [selector(name) for name in metrics]} if metrics else None
    path = f"/api/v1/label/{in_path(label)}/values"
    return backend.read(_Values, await backend.ask("GET", path, query=query)).data


def _first(values: Mapping[str, Sequence[str]], labels: Sequence[str]) -> str:
    """The first of the labels that has values, but not too many; the first of all if none has."""
    return next((label for label in labels if 0 < len(values[label]) <= _MOST), labels[0])


def _services(values: Sequence[str]) -> tuple[str, ...]:
    """A value such as `shop/checkout` is the service behind its namespace."""
    return tuple(dict.fromkeys(plain(value.rsplit("/", 1)[-1], 60) for value in values[:_MOST]))


def _lacking(
    targets: Sequence[Target] | None,
    followed: Sequence[str],
    values: Mapping[str, Sequence[str]],
    labels: Labels,
) -> Iterator[str]:
    if targets is None:
        yield "its targets: it does not list them, as is usual for what only stores series"
    for down in (one for one in targets or () if not one.up):
        yield f"{plain(down.job, 60)} {plain(down.instance, 60)}: it is scraped and does not answer"
    if not values[labels.service]:
        yield f"a label that names services; tried {', '.join(_SERVICE)}"
    given = {series.metric for one in followed for series in shipped()[one].series}
    for wanted in _WANTED:
        if not any(metric.startswith(wanted) for metric in given):
            yield f"a known convention for {wanted}; write a query of your own under `series`"
    if not values[labels.peer]:
        yield f"a label that names who is called; tried {', '.join(_PEER)}"
