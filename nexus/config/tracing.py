"""OpenTelemetry: where the spans of the agents go. Without a collector in the settings they go nowhere."""

from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from incidents.errors import SettingsError
from nexus.config.settings import Settings
from tools.extras import install_command

if TYPE_CHECKING:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

#: How long one export, or the last one at the end of the process, may take, in seconds.
EXPORT_TIMEOUT = 5

_TRACES = "/v1/traces"


def switch_on(settings: Settings) -> None:
    """Send the spans of this process to the collector of the settings; what is left goes when it ends.

    Raises:
        SettingsError: a collector is named, and the extra `otel` is not installed or the address is none.
    """
    if settings.otel_endpoint is not None:
        _export_to(settings.otel_endpoint)


def collector_answers(endpoint: str) -> bool:
    """Whether the collector takes an export, an empty one.

    Raises:
        SettingsError: as for `switch_on`.
    """
    exporter = _exporter(endpoint)
    try:
        return exporter.export(()).name == "SUCCESS"
    finally:
        exporter.shutdown()  # type: ignore[no-untyped-call]  # the SDK leaves it so


@lru_cache(maxsize=4)
def _export_to(endpoint: str) -> None:
    exporter = _exporter(endpoint)
    # Imported late: only who exports needs the extra.
    from opentelemetry import trace  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):  # whoever runs Nexus may have set one up already
        resource = Resource.create({"service.name": "nexus", "service.version": version("nexus-incident")})
        provider = TracerProvider(resource=resource)
        trace.set_tracer_provider(provider)
    provider.add_span_processor(BatchSpanProcessor(exporter))


def _exporter(endpoint: str) -> "OTLPSpanExporter":
    if not endpoint.startswith(("http://", "https://")):
        raise SettingsError("NEXUS_OTEL_ENDPOINT is no http(s) address; write it as http://host:4318")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    except ImportError:
        raise SettingsError(
            f"NEXUS_OTEL_ENDPOINT is set, and the extra `otel` is not installed; {install_command('otel')}, "
            "or take the setting away"
        ) from None
    address = endpoint.rstrip("/").removesuffix(_TRACES) + _TRACES
    return OTLPSpanExporter(endpoint=address, timeout=EXPORT_TIMEOUT)
