"""Ingresses that nothing serves, or that lead to nothing."""

from collections.abc import Iterator

from incidents.cluster import FaultKind, Finding
from tools.live.cluster.faults.wording import listed, quote
from tools.live.cluster.resources.networking import BackendService, Ingress, Service
from tools.live.cluster.snapshot import Snapshot, has_labels

_OLD_CLASS = "kubernetes.io/ingress.class"


def ingresses(seen: Snapshot) -> Iterator[Finding]:
    """Each ingress: the class that serves it, and the services behind it."""
    known = {one.metadata.name: one for one in seen.services}
    for one in seen.ingresses:
        yield from _unserved(seen, one)
        if seen.read("services"):
            for backend in one.spec.backends():
                yield from _behind(seen, one, backend, known.get(backend.name))


def _unserved(seen: Snapshot, one: Ingress) -> Iterator[Finding]:
    if not seen.read("ingressclasses"):
        return
    name, wanted = one.metadata.name, one.spec.ingress_class_name
    there = [each.metadata.name for each in seen.classes]
    if wanted and wanted not in there:
        why = f"there is no ingress class {quote(wanted, 80)}, only {listed(there) or 'none'}"
    elif (
        not wanted and _OLD_CLASS not in one.metadata.annotations and there
        and not any(each.is_default for each in seen.classes) and not one.status.load_balancer.ingress
    ):  # fmt: skip
        why = f"it names no class, and none of {listed(there)} is the default"
    else:
        return
    backends = [backend.name for backend in one.spec.backends()]
    yield Finding(
        kind=FaultKind.INGRESS_CLASS, object=f"ingress/{name}", concerns=_behind_all(seen, backends),
        sentence=f"nothing serves the ingress {name}: {why}",
        evidence=(
            f"ingress/{name} has the class {quote(wanted, 80) or 'none'}; "
            f"the cluster has {listed(there) or 'none'}",
        ),
    )  # fmt: skip


def _behind(
    seen: Snapshot, one: Ingress, backend: BackendService, found: Service | None
) -> Iterator[Finding]:
    name, port = one.metadata.name, backend.port
    if found is None:
        why = f"the service {quote(backend.name, 80)} does not exist"
    elif port.number and port.number not in {each.port for each in found.spec.ports}:
        has = listed([each.port for each in found.spec.ports])
        why = f"the service {backend.name} has no port {port.number}, only {has}"
    elif port.name and port.name not in {each.name for each in found.spec.ports}:
        why = f"the service {backend.name} has no port called {quote(port.name, 60)}"
    else:
        return
    yield Finding(
        kind=FaultKind.INGRESS_BACKEND, object=f"ingress/{name}", concerns=_behind_all(seen, [backend.name]),
        sentence=f"the ingress {name} leads to nothing: {why}",
        evidence=(
            f"ingress/{name} leads to service {quote(backend.name, 80)}, port {port.number or port.name}",
        ),
    )  # fmt: skip


def _behind_all(seen: Snapshot, services: list[str]) -> tuple[str, ...]:
    """The workloads behind services; of a service that is not there, that of its name."""
    known = {one.metadata.name: one for one in seen.services}
    found = [
        called
        for name in services
        for called, made in seen.templates.items()
        if (
            name in known and known[name].spec.selector and has_labels(known[name].spec.selector, made.labels)
        )
        or called.partition("/")[2] == name
    ]
    return tuple(dict.fromkeys(found))
