"""Services that lead nowhere: wrong selectors, wrong ports, no pods, or not there at all."""

from collections.abc import Iterator, Mapping

from incidents.cluster import FaultKind, Finding, Standing
from tools.live.cluster.faults.references import references
from tools.live.cluster.faults.wording import listed, quote
from tools.live.cluster.resources.networking import Service, ServicePort
from tools.live.cluster.resources.pods import Pod, PodTemplate
from tools.live.cluster.snapshot import Snapshot, has_labels, is_over, is_ready

#: That no service leads to a workload, and a label that all share, make it not the one that was meant.
_LEFT = 4


def services(seen: Snapshot) -> Iterator[Finding]:
    """Each service of the namespace that picks its pods itself."""
    for one in seen.services:
        if not one.spec.selector or one.spec.type == "ExternalName":
            continue
        picked = [
            pod
            for pod in seen.pods
            if has_labels(one.spec.selector, pod.meta.labels)
            and not is_over(pod)
            and pod.meta.deleted is None
        ]
        if not picked:
            yield from _nobody(seen, one)
        elif not any(map(is_ready, picked)):
            yield _none_ready(seen, one, picked)
        else:
            yield from _ports(seen, one, picked)
    yield from _called(seen)


def _nobody(seen: Snapshot, one: Service) -> Iterator[Finding]:
    """It picks no pod: its workload has none, or it picks by labels that no workload gives."""
    name, meant = one.metadata.name, one.spec.selector
    own = [called for called, made in seen.templates.items() if has_labels(meant, made.labels)]
    if own:
        yield from (_scaled(seen, called, name) for called in own if _is_zero(seen, called))
        if not any(_is_zero(seen, called) for called in own):
            yield _empty(name, f"{listed(own)} has no pod", tuple(own), Standing.CONSEQUENCE)
        return
    near = _nearest(seen, one)
    if near is None:
        used = sorted({ref.workload for ref in references(seen) if ref.service == name})
        if used:
            yield _empty(name, f"no workload gives its pods {_labels(meant)}", tuple(used), Standing.CAUSE)
        return
    called, labels = near
    other = {key: labels.get(key) for key, value in meant.items() if labels.get(key) != value}
    gives = ", ".join(f"{key}={value}" if value is not None else f"no {key}" for key, value in other.items())
    yield Finding(
        kind=FaultKind.SELECTOR, object=f"service/{name}", concerns=(called,),
        sentence=(
            f"the service {name} picks no pod: it asks for {_labels(meant)}, "
            f"and {called} gives {quote(gives)}"
        ),
        evidence=(f"service/{name} selects {_labels(meant)}", _slices(seen, name)),
    )  # fmt: skip


def _nearest(seen: Snapshot, one: Service) -> tuple[str, Mapping[str, str]] | None:
    """The workload that was meant: of the same name, or that shares a label with it."""
    name, meant = one.metadata.name, one.spec.selector
    others = [other.spec.selector for other in seen.services if other is not one and other.spec.selector]

    def likeness(item: tuple[str, PodTemplate]) -> int:
        called, made = item
        own = called.partition("/")[2]
        same = sum(made.labels.get(key) == value for key, value in meant.items())
        akin = name == own or name.startswith(f"{own}-") or own.startswith(f"{name}-")
        left = not any(has_labels(selector, made.labels) for selector in others)
        # That no other service leads to it tells more than a label that all of them share.
        return 10 * (name == own) + 5 * akin + 3 * (name in made.labels.values()) + 3 * left + same

    best = max(seen.templates.items(), key=likeness, default=None)
    return (best[0], best[1].labels) if best is not None and likeness(best) > _LEFT else None


def _is_zero(seen: Snapshot, called: str) -> bool:
    return any(
        one.called == called and one.kind != "DaemonSet" and one.spec.replicas == 0 for one in seen.workloads
    )


def _scaled(seen: Snapshot, called: str, service: str) -> Finding:
    kind, _, name = called.partition("/")
    sized = any(
        (one.spec.scale_target_ref.kind.lower(), one.spec.scale_target_ref.name) == (kind, name)
        for one in seen.autoscalers
    )
    return Finding(
        kind=FaultKind.SCALED_TO_ZERO, object=called, concerns=(called,),
        sentence=f"{called} is scaled to 0, so that the service {service} leads nowhere",
        evidence=(f"{called} has spec.replicas 0", _slices(seen, service)),
        standing=Standing.SIGN if sized else Standing.CAUSE,
    )  # fmt: skip


def _empty(name: str, why: str, concerns: tuple[str, ...], standing: Standing) -> Finding:
    return Finding(
        kind=FaultKind.NO_ENDPOINTS, object=f"service/{name}", concerns=concerns, standing=standing,
        sentence=f"the service {name} has no endpoints: {why}", evidence=(f"service/{name} picks no pod",),
    )  # fmt: skip


def _none_ready(seen: Snapshot, one: Service, picked: list[Pod]) -> Finding:
    name = one.metadata.name
    return Finding(
        kind=FaultKind.NO_ENDPOINTS, object=f"service/{name}", standing=Standing.CONSEQUENCE,
        sentence=f"the service {name} has no endpoints: none of its {len(picked)} pods is ready",
        evidence=(_slices(seen, name),), concerns=seen.concerned(*picked),
    )  # fmt: skip


def _ports(seen: Snapshot, one: Service, picked: list[Pod]) -> Iterator[Finding]:
    """Ports that lead where no container listens; one that fits shows that others may not be declared."""
    wrong = [(port, why) for port in one.spec.ports if (why := _misses(port, picked[0]))]
    named = [found for found in wrong if isinstance(found[0].target, str)]
    for port, why in named or (wrong if len(wrong) == len(one.spec.ports) else ()):
        name = one.metadata.name
        yield Finding(
            kind=FaultKind.SERVICE_PORT, object=f"service/{name}", concerns=seen.concerned(*picked),
            sentence=f"port {port.port} of the service {name} leads to {port.target}, {why}",
            evidence=(
                f"service/{name} has port {port.port} with targetPort {quote(str(port.target), 60)}",
                f"pod/{picked[0].meta.name} declares {_declared(picked[0])}",
            ),
        )  # fmt: skip


def _misses(port: ServicePort, pod: Pod) -> str:
    """Why a port leads nowhere; empty: it fits, or the containers do not say on what they listen."""
    listens = [
        one
        for container in (*pod.spec.containers, *pod.spec.init_containers)
        for one in container.ports
    ]  # fmt: skip
    silent = not all(container.ports for container in pod.spec.containers)
    if silent and isinstance(port.target, int):
        return ""
    matching = [one for one in listens if port.target in {one.container_port, one.name}]
    if not matching:
        return f"and its pods listen on {_declared(pod)}"
    if any(one.protocol == port.protocol for one in matching):
        return ""
    return f"by {port.protocol}, and its pods listen there by {matching[0].protocol}"


def _declared(pod: Pod) -> str:
    ports = [one for container in pod.spec.containers for one in container.ports]
    return (
        listed([f"{one.container_port}{f' ({one.name})' if one.name else ''}" for one in ports]) or "no port"
    )


def _called(seen: Snapshot) -> Iterator[Finding]:
    """Services that workloads are told to call and that are not there, or have no such port."""
    if not seen.read("services"):
        return
    known = {one.metadata.name: one for one in seen.services}
    named = {called.partition("/")[2]: called for called in seen.templates}
    for name, port in dict.fromkeys((ref.service, ref.port) for ref in references(seen)):
        users = [ref for ref in references(seen) if (ref.service, ref.port) == (name, port)]
        callers = tuple(dict.fromkeys(ref.workload for ref in users))
        what = f"{name}:{port}" if port else name
        told = f"{users[0].workload} is told by {quote(users[0].variable, 60)} to call {what}"
        if name not in known:
            whose = (named[name],) if name in named else callers
            yield Finding(
                kind=FaultKind.SERVICE_MISSING, object=f"service/{name}", concerns=whose,
                sentence=f"there is no service {name}, which {listed(callers)} calls",
                evidence=(told, "the namespace has no such service"),
            )  # fmt: skip
        elif (
            port is not None
            and known[name].spec.type != "ExternalName"
            and known[name].spec.cluster_ip != "None"
        ):
            ports = [one.port for one in known[name].spec.ports]
            if port not in ports:
                picked = [p for p in seen.pods if has_labels(known[name].spec.selector, p.meta.labels)]
                yield Finding(
                    kind=FaultKind.SERVICE_PORT, object=f"service/{name}",
                    concerns=tuple(dict.fromkeys([*seen.concerned(*picked), *callers])),
                    sentence=(
                        f"{listed(callers)} calls port {port} of the service {name}, "
                        f"which has {listed(ports)}"
                    ),
                    evidence=(told, f"service/{name} has the ports {listed(ports)}"),
                )  # fmt: skip


def _slices(seen: Snapshot, name: str) -> str:
    own = [one for one in seen.slices if one.service == name]
    ready = sum(point.conditions.ready for one in own for point in one.endpoints)
    if not seen.read("endpointslices"):
        return f"service/{name}: its endpoints may not be read"
    return f"the endpoint slices of service/{name} hold {ready} ready endpoints"


def _labels(found: Mapping[str, str]) -> str:
    return quote(", ".join(f"{key}={value}" for key, value in found.items()), 160)
