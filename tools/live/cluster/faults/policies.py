"""Network policies that keep callers away, or a workload from what it calls."""

from collections.abc import Iterable, Iterator, Mapping

from incidents.cluster import FaultKind, Finding
from tools.live.cluster.faults.references import references
from tools.live.cluster.faults.wording import listed
from tools.live.cluster.resources.networking import NetworkPolicy, Peer, PolicyRule, Service
from tools.live.cluster.resources.pods import PodTemplate
from tools.live.cluster.snapshot import Snapshot, has_labels, selects

_NAMESPACE = "kubernetes.io/metadata.name"
_DNS = 53


def policies(seen: Snapshot) -> Iterator[Finding]:
    """Each workload that a policy is of: who should come, what it should reach, and its names."""
    for called, made in seen.templates.items():
        yield from _cut_off(seen, called, made)
        yield from _kept_in(seen, called, made)


def _of(seen: Snapshot, made: PodTemplate, way: str) -> list[NetworkPolicy]:
    """The policies of a workload that are about one way; where one is, only what it lets through goes."""
    return [
        one for one in seen.policies
        if way in one.spec.policy_types and selects(one.spec.pod_selector, made.labels)
    ]  # fmt: skip


def _cut_off(seen: Snapshot, called: str, made: PodTemplate) -> Iterator[Finding]:
    """Requests that do not come in: from nobody at all, or not from who is told to call."""
    holding = _of(seen, made, "Ingress")
    behind = [
        one for one in seen.services if one.spec.selector and has_labels(one.spec.selector, made.labels)
    ]
    if not holding or not behind:
        return
    rules = [rule for one in holding for rule in one.spec.ingress]
    names = [one.metadata.name for one in holding]
    if not rules:
        yield _blocked(
            names, f"lets nobody call {called}", f"no ingress rule for the pods of {called}", (called,)
        )
        return
    for caller, service in _callers(seen, behind):
        ports = _targets(service, made)
        asking = seen.templates[caller]
        if not any(_lets(seen, rule, rule.coming, asking.labels, ports, made) for rule in rules):
            say = f"lets {caller} not call {called}"
            yield _blocked(
                names, say, f"no ingress rule lets {caller} in on {listed(list(ports))}", (called, caller)
            )


def _kept_in(seen: Snapshot, called: str, made: PodTemplate) -> Iterator[Finding]:
    """Calls that do not get out, names among them."""
    holding = _of(seen, made, "Egress")
    if not holding:
        return
    rules = [rule for one in holding for rule in one.spec.egress]
    names = [one.metadata.name for one in holding]
    wanted = [ref.service for ref in references(seen) if ref.workload == called]
    if not wanted:
        return
    if not any(_opens(rule, _DNS) for rule in rules):
        say = f"keeps {called} from resolving names"
        yield _blocked(names, say, f"no egress rule of {called} opens port {_DNS}", (called,))
        return
    for service in (one for one in seen.services if one.metadata.name in wanted and one.spec.selector):
        for other, there in seen.templates.items():
            if has_labels(service.spec.selector, there.labels) and not any(
                _lets(seen, rule, rule.going, there.labels, _targets(service, there), there) for rule in rules
            ):
                say = f"lets {called} not call {other}"
                yield _blocked(names, say, f"no egress rule of {called} leads to {other}", (called, other))


def _callers(seen: Snapshot, behind: list[Service]) -> Iterable[tuple[str, Service]]:
    known = {one.metadata.name: one for one in behind}
    found = [(ref.workload, known[ref.service]) for ref in references(seen) if ref.service in known]
    return {(caller, service.metadata.name): (caller, service) for caller, service in found}.values()


def _targets(service: Service, made: PodTemplate) -> frozenset[int | str]:
    """The ports of the pods behind a service, each by number and, where it has one, by name."""
    listens = [port for one in made.spec.containers for port in one.ports]
    found: set[int | str] = {one.target for one in service.spec.ports}
    if not any({port.name, port.container_port} & found for port in listens):
        found |= {port.container_port for port in listens}  # that the service leads elsewhere is told of it
    for port in listens:
        if {port.name, port.container_port} & found:
            found |= {port.container_port, *([port.name] if port.name else [])}
    return frozenset(found)


def _lets(
    seen: Snapshot,
    rule: PolicyRule,
    peers: tuple[Peer, ...],
    labels: Mapping[str, str],
    ports: frozenset[int | str],
    made: PodTemplate,
) -> bool:
    """Whether a rule lets pods with these labels through on one of the ports, as far as can be known."""
    numbers = [port for port in ports if isinstance(port, int)]
    open_port = not rule.ports or any(
        one.port is None or one.port in ports
        or (one.end_port is not None and isinstance(one.port, int)
            and any(one.port <= number <= one.end_port for number in numbers))
        for one in rule.ports
    )  # fmt: skip
    return open_port and (not peers or any(_is_meant(seen, one, labels) for one in peers))


def _is_meant(seen: Snapshot, peer: Peer, labels: Mapping[str, str]) -> bool:
    """Whether a peer may be a pod of this namespace; of addresses and labels elsewhere that is not known."""
    if peer.ip_block is not None:
        return True
    here = {_NAMESPACE: seen.namespace}
    if peer.namespace_selector is not None:
        known = set(peer.namespace_selector.labels) <= {_NAMESPACE} and not peer.namespace_selector.rules
        if known and not selects(peer.namespace_selector, here):
            return False
    return peer.pod_selector is None or selects(peer.pod_selector, labels)


def _opens(rule: PolicyRule, number: int) -> bool:
    return not rule.ports or any(
        one.port is None or one.port == number or one.port == "dns"
        or (isinstance(one.port, int) and one.end_port is not None and one.port <= number <= one.end_port)
        for one in rule.ports
    )  # fmt: skip


def _blocked(names: list[str], say: str, why: str, concerns: tuple[str, ...]) -> Finding:
    return Finding(
        kind=FaultKind.NETWORK_POLICY, object=f"networkpolicy/{names[0]}", concerns=concerns,
        sentence=f"the network policy {listed(names)} {say}",
        evidence=(f"networkpolicy/{listed(names)}: {why}",),
    )  # fmt: skip
