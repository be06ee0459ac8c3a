"""The first `nexus.yaml`, from what a Prometheus scrapes, or from what CloudWatch has of services."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import yaml

from incidents.catalogue import Service
from incidents.document import parse_document, read_yaml
from incidents.duration import format_duration
from incidents.errors import SettingsError, UsageError
from incidents.value import Value
from nexus.config.amazon_discovery import InCloudWatch, logs_in, services_in
from nexus.config.site import Site
from nexus.templates import render
from tools.clock import WallClock
from tools.live.grafana import chosen, data_sources, passed_on
from tools.live.http import Backend
from tools.live.metrics import Discovered, discover
from tools.live.recognise import recognise_logs, recognise_traces
from tools.live.secrets import Secrets
from tools.live.settings import Http, Labels, Prometheus
from tools.live.settings_aws import Aws
from tools.wording import plain


class FirstSite(Value):
    """What was found and what was not, in sentences, and the file that says so."""

    services: tuple[str, ...]
    said: tuple[str, ...]
    not_found: tuple[str, ...]
    text: str


class Doors(Value):
    """Where a system is asked, and with which token."""

    prometheus: str
    logs: str | None = None
    traces: str | None = None
    same_token: bool = False


async def through_grafana(url: str, bearer: str | None, secrets: Secrets) -> tuple[Doors, tuple[str, ...]]:
    """The data sources of a Grafana, and each that it lists in words.

    Raises:
        SettingsError: the address or the reference is none.
        ToolFailed: nothing answers there, or it is no Grafana.
        UsageError: it has no Prometheus.
    """
    given = {"url": url, "auth": {"bearer": bearer} if bearer else {}}
    backend = Backend(
        "Grafana", parse_document(given, Http, source="--grafana", error=SettingsError), secrets
    )
    try:
        sources = await data_sources(backend)
    finally:
        await backend.aclose()
    found = chosen(sources)
    listed = tuple(
        f"{plain(one.name, 60)} ({plain(one.type, 60)})"
        + next((f", asked for {part}" for part, source in found.items() if source is one), "")
        for one in sources
    )
    if "metrics" not in found:
        raise UsageError(
            f"{url} has no data source of type prometheus; it lists {', '.join(listed) or 'none'}"
        )
    doors = {part: passed_on(url, source) for part, source in found.items()}
    return (
        Doors(
            prometheus=doors["metrics"],
            logs=doors.get("logs"),
            traces=doors.get("traces"),
            same_token=bearer is not None,
        ),
        listed,
    )


async def first_site(
    url: str,
    bearer: str | None,
    secrets: Secrets,
    logs: str | None = None,
    traces: str | None = None,
    aws: Aws | None = None,
    *,
    same_token: bool = False,
) -> FirstSite:
    """Ask a Prometheus and write down what it scrapes.

    Args:
        url: its address.
        bearer: a reference to its token, or None.
        secrets: resolves the reference.
        logs: the address of a log backend, of whatever kind.
        traces: the address of a trace backend, of whatever kind.
        aws: the region whose log groups are looked at too, or None.
        same_token: whether these want the token too, as behind a Grafana.

    Raises:
        SettingsError: an address or the reference is none.
        ToolFailed: nothing answers there, or nothing that is known.
        UsageError: nothing that it has names a service.
    """
    given = {"kind": "prometheus", "url": url, "auth": {"bearer": bearer} if bearer else {}}
    spec = parse_document(given, Prometheus, source="init", error=SettingsError)
    backend = Backend("Prometheus", spec, secrets)
    try:
        found = await discover(backend)
    finally:
        await backend.aclose()
    if not found.services:
        raise UsageError(f"{url} has no series that name a service: {'; '.join(found.not_found)}")
    beside = await _beside(logs, traces, bearer if same_token else None, secrets)
    groups = await logs_in(aws, secrets, found.services) if aws is not None else InCloudWatch()
    beside["logs"] = "\n".join(part for part in (beside["logs"], groups.logs) if part)
    text = _written(
        tuple(Service(name=name) for name in found.services),
        url=url,
        bearer=spec.auth.bearer,
        conventions=found.conventions,
        labels=_flow(found.labels),
        askable=found.askable,
        not_found=found.not_found,
        rate_window=format_duration(_rate_window(found)),
        **beside,
    )
    return FirstSite(
        services=found.services, said=(*_said(found), *groups.said), not_found=found.not_found, text=text
    )


async def first_site_of_amazon(aws: Aws, secrets: Secrets, traces: str | None) -> FirstSite:
    """Ask CloudWatch for services, where there is no Prometheus; raises like `first_site`."""
    found = await services_in(aws, secrets)
    beside = await _beside(None, traces, None, secrets)
    text = _written(
        found.services, url="", cloudwatch=found.metrics, logs=found.logs, traces=beside["traces"],
        askable=(), not_found=(),
    )  # fmt: skip
    names = tuple(one.name for one in found.services)
    return FirstSite(services=names, said=found.said, not_found=(), text=text)


def _written(services: Sequence[Service], **parts: object) -> str:
    """The file, read back once."""
    text = render(
        "first-site.yaml",
        services=[_scalar(one.name) for one in services],
        kinds=[one.kind.value for one in services],
        **{"cloudwatch": "", **parts},
    )
    # What is written here must be what is read there, whatever the names were.
    parse_document(
        read_yaml(text, source="nexus.yaml", error=SettingsError),
        Site,
        source="nexus.yaml",
        error=SettingsError,
    )
    return text


def _said(found: Discovered) -> Iterator[str]:
    yield f"Conventions: {', '.join(found.conventions) or 'none that are known'}"
    yield f"The team's rules: {found.rules}"
    if found.askable:
        yield f"Can be asked itself, see `health` in it: {', '.join(found.askable)}"


def _rate_window(found: Discovered) -> timedelta:
    """Two minutes, or four scrapes where they are rarer: a rate needs two samples, and one may be missing."""
    return max(timedelta(minutes=2), 4 * (found.every or timedelta()))


async def _beside(
    logs: str | None, traces: str | None, bearer: str | None, secrets: Secrets
) -> dict[str, str]:
    """The backends of logs and traces as they stand in the file; empty where no address is given."""
    told = {"logs": "", "traces": ""}
    for part, url in (("logs", logs), ("traces", traces)):
        if url is None:
            continue
        auth: dict[str, object] = {"auth": {"bearer": bearer}} if bearer else {}
        spec = parse_document({"url": url, **auth}, Http, source=f"--{part}", error=SettingsError)
        backend = Backend(f"the {part} backend", spec, secrets)
        try:
            asked = recognise_logs(backend, WallClock()) if part == "logs" else recognise_traces(backend)
            kind = await asked
        finally:
            await backend.aclose()
        written = {"kind": kind.kind, "url": url, **auth, **kind.settings}
        text = yaml.safe_dump(written, default_flow_style=True, sort_keys=False, width=float("inf")).strip()
        told[part] = f"    - {text}" if part == "logs" else text
    return told


def _scalar(name: str) -> str:
    """A name as YAML writes it: as it is, or quoted where it could mean something else."""
    return yaml.safe_dump(name, width=float("inf"), allow_unicode=True).partition("\n")[0]


def _flow(labels: Labels) -> str:
    """The labels in YAML's flow style; empty where they are what is taken anyway."""
    if labels == Labels():
        return ""
    given = labels.model_dump(exclude_none=True)
    return "{" + ", ".join(f"{key}: {value}" for key, value in given.items()) + "}"


def keep(path: Path, text: str, *, replace: bool) -> None:
    """Write the file.

    Raises:
        UsageError: there is one and it is not to be replaced, or it cannot be written.
    """
    try:
        with path.open("w" if replace else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already; --force replaces it") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
