"""Where the `backends` part of `nexus.yaml` names services of the catalogue."""

from collections.abc import Iterable, Iterator, Mapping

from incidents.value import Value
from tools.live.settings import (
    Backends,
    Flags,
    Git,
    GitHub,
    GitLab,
    Journal,
    KubernetesActions,
    KubernetesHealth,
    KubernetesHistory,
    Proposing,
    Releases,
)
from tools.live.settings_aws import CloudWatchLogs, CloudWatchMetrics
from tools.live.settings_health import OfService
from tools.live.settings_tools import Declared


def services_named(backends: Backends) -> Iterator[tuple[str, str]]:
    """Every service that is named in it, with the place: `backends.actions[0].services`."""
    listed: dict[str, tuple[Value, ...]] = {
        "metrics": (backends.metrics,) if backends.metrics is not None else (),
        "logs": backends.logs,
        "changes": backends.changes,
        "actions": backends.actions,
        "health": backends.health,
        **{f"mcp.{server.name}.actions": server.actions for server in backends.mcp},
    }
    for part, specs in listed.items():
        for number, spec in enumerate(specs):
            for field, names in _fields(spec).items():
                yield from ((f"backends.{part}[{number}].{field}", name) for name in names)
    for page in backends.screens.pages if backends.screens else ():
        yield f"backends.screens.pages.{page.name}.service", page.service


def _fields(spec: Value) -> Mapping[str, Iterable[str]]:
    match spec:
        case Releases():
            scales = spec.scales or ()
            fields: dict[str, Iterable[str]] = {"programs": spec.programs, "health": spec.health}
            return {"services": spec.services, "scales": scales, **fields}
        case KubernetesActions():
            return {"services": spec.services, "deployments": spec.deployments}
        case Flags():
            return {"services": spec.services.values(), "fallbacks": spec.fallbacks}
        case Proposing():
            return {"services": spec.services, "paths": spec.paths}
        case Declared() | Git():
            return {"services": spec.services}
        case KubernetesHistory() | KubernetesHealth(service=None):
            return {"deployments": spec.deployments}
        case CloudWatchLogs() | CloudWatchMetrics():
            return spec.named
        case Journal():
            return {"units": spec.units.values()}
        case OfService() | GitHub() | GitLab() | KubernetesHealth():
            return {"service": [spec.service] if spec.service is not None else []}
        case _:
            return {}
