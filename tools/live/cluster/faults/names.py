"""Names that are not resolved: the cluster's resolver, its configuration, and pods that ask another one."""

import re
from collections.abc import Iterator

from incidents.cluster import FaultKind, Finding
from incidents.findings import Category
from tools.live.cluster.faults.references import references
from tools.live.cluster.faults.wording import listed, of_status, quote
from tools.live.cluster.snapshot import Snapshot, is_over, is_ready

_KUBERNETES = re.compile(r"^\s*kubernetes\s", re.MULTILINE)
#: A template that answers names of the cluster with an error.
_DENIES = re.compile(r"template\s[^{]*\{[^}]*rcode\s+(NXDOMAIN|SERVFAIL|REFUSED)", re.IGNORECASE | re.DOTALL)
_OF_CLUSTER = re.compile(r"svc\.cluster\.local|svc\\\.cluster|match\s+\S*svc", re.IGNORECASE)


def names(seen: Snapshot) -> Iterator[Finding]:
    """Who cannot resolve names, and why."""
    everyone = tuple(dict.fromkeys(ref.workload for ref in references(seen)))
    alive = [pod for pod in seen.resolvers if not is_over(pod) and pod.meta.deleted is None]
    if (seen.resolvers or seen.resolving) and _knows(seen) and not any(map(is_ready, alive)):
        states = [
            of_status(
                f"pod/{pod.meta.name} in kube-system", one.state.waiting.reason, one.state.waiting.message
            )
            for pod in alive
            for one in pod.status.containers
            if one.state.waiting is not None
        ]
        yield _unresolved(
            "none of its pods is ready", states[:2] or ["no pod of kube-dns is ready"], everyone
        )
    if (wrong := _misconfigured(seen.resolving)) is not None:
        yield _unresolved(wrong, [f"Corefile: {quote(seen.resolving, 200)}"], everyone)
    yield from _asked_elsewhere(seen)


def _knows(seen: Snapshot) -> bool:
    return seen.read("pods of kube-system")


def _misconfigured(said: str) -> str | None:
    if not said:
        return None
    if not _KUBERNETES.search(said):
        return "its configuration does not answer for the cluster (no `kubernetes` in it)"
    if (found := _DENIES.search(said)) is not None and _OF_CLUSTER.search(found[0]):
        return "its configuration refuses names of services"
    return None


def _unresolved(why: str, evidence: list[str], concerns: tuple[str, ...]) -> Finding:
    return Finding(
        kind=FaultKind.DNS, object="deployment/coredns", concerns=concerns, evidence=tuple(evidence),
        sentence=f"the cluster resolves no names of services: {why}", category=Category.INFRASTRUCTURE,
    )  # fmt: skip


def _asked_elsewhere(seen: Snapshot) -> Iterator[Finding]:
    """Pods that call services and ask a resolver which does not know these."""
    asking = {ref.workload for ref in references(seen)}
    for called, made in seen.templates.items():
        policy, servers = made.spec.dns_policy, made.spec.dns_config.nameservers
        own = policy == "None" and not set(servers) & _cluster_ips(seen)
        if called in asking and (own or (policy == "Default" and not made.spec.host_network)):
            yield Finding(
                kind=FaultKind.DNS, object=called, concerns=(called,), category=Category.DEPLOYMENT,
                sentence=(
                    f"{called} asks {listed(list(servers)) or 'the resolver of its node'} for names, "
                    "which does not know the services that it calls"
                ),
                evidence=(
                    f"{called} has dnsPolicy {policy}, "
                    f"nameservers {quote(listed(list(servers)), 80) or 'none'}",
                ),
            )  # fmt: skip


def _cluster_ips(seen: Snapshot) -> set[str]:
    """The addresses at which the cluster's resolver is asked, as far as they are known."""
    return {one.spec.cluster_ip for one in seen.services if one.metadata.name in {"kube-dns", "coredns"}} | {
        "10.96.0.10", "169.254.20.10",
    }  # fmt: skip
