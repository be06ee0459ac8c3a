"""Which rights an account needs on Kubernetes for what `nexus.yaml` names, and no more than that. Pure.

Each is one request that an adapter makes. `get` and `patch` are meant of the named objects alone; a list
cannot be limited to names, so it is of the namespace.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from incidents.value import Value
from tools.live.cluster.act_accounts import ActAccount, accounts_of
from tools.live.cluster.objects import Kind, named
from tools.live.settings import Backends, KubernetesActions, KubernetesHealth, KubernetesHistory

KubernetesSpec = KubernetesActions | KubernetesHealth | KubernetesHistory

#: The groups of the API; the core has no name.
_CORE, _APPS, _AUTOSCALING, _POLICY, _ARGO = "", "apps", "autoscaling", "policy", "argoproj.io"
#: What a look at a namespace lists, by group, and what of the cluster.
_LOOKED_AT = {
    _CORE: ("pods", "events", "services", "persistentvolumeclaims"), _APPS: ("replicasets",),
    "discovery.k8s.io": ("endpointslices",), "networking.k8s.io": ("ingresses", "networkpolicies"),
    _AUTOSCALING: ("horizontalpodautoscalers",), _POLICY: ("poddisruptionbudgets",),
    "batch": ("jobs", "cronjobs"),
}  # fmt: skip
_OF_CLUSTER = (
    (_CORE, "nodes"), ("networking.k8s.io", "ingressclasses"), ("storage.k8s.io", "storageclasses"),
)  # fmt: skip
_DELIVERIES = (
    (_ARGO, "applications"), ("helm.toolkit.fluxcd.io", "helmreleases"),
    ("kustomize.toolkit.fluxcd.io", "kustomizations"),
)  # fmt: skip
_READS = frozenset({"get", "list", "watch"})


class Right(Value):
    """One verb on one resource.

    Attributes:
        group: of the API, empty for the core's.
        resource: in its plural, as the API's paths have it.
        name: the one object that is meant; empty: all of the namespace.
        place: another namespace than the configured one; empty: the cluster, of kinds that have no namespace.
        use: what it is for: a sentence's end.
    """

    group: str
    resource: str
    verb: str
    name: str = ""
    place: str | None = None
    use: str = ""

    @property
    def changes(self) -> bool:
        """Whether something is changed by it."""
        return self.verb not in _READS

    @property
    def called(self) -> str:
        """As kubectl writes it: `patch deployments.apps/checkout`."""
        where = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {where}/{self.name}" if self.name else f"{self.verb} {where}"


class Grant(NamedTuple):
    """What is needed in one namespace of one cluster; without a namespace, of kinds that have none."""

    cluster: str
    namespace: str
    rights: tuple[Right, ...]


def rights_of(spec: KubernetesSpec) -> tuple[Right, ...]:
    """What the adapter of a part of the configuration asks for."""
    match spec:
        case KubernetesHistory():
            return tuple(_history(spec))
        case KubernetesHealth():
            return tuple(_health(spec))
        case KubernetesActions():
            return tuple(_actions(spec))


def grants(backends: Backends) -> tuple[Grant, ...]:
    """What all that is configured needs, by cluster and namespace in the order in which they are named."""
    found: dict[tuple[str, str], dict[tuple[str, ...], Right]] = {}
    for _, spec in specs(backends):
        for right in rights_of(spec):
            where = str(spec.url).rstrip("/"), spec.namespace if right.place is None else right.place
            asked = (right.group, right.resource, right.verb, right.name)
            found.setdefault(where, {}).setdefault(asked, right)
    return tuple(
        Grant(cluster, namespace, tuple(rights.values())) for (cluster, namespace), rights in found.items()
    )


def specs(backends: Backends) -> Iterator[tuple[str, KubernetesSpec]]:
    """The parts of a configuration that ask Kubernetes, each with what it is called there."""
    parts = {"changes": backends.changes, "health": backends.health, "actions": backends.actions}
    for part, named_there in parts.items():
        for number, one in enumerate(named_there, 1):
            if isinstance(one, KubernetesActions | KubernetesHealth | KubernetesHistory):
                yield f"{part} {number} ({one.kind})", one


def _history(spec: KubernetesHistory) -> Iterator[Right]:
    use = "which releases there were"
    for kind in Kind:
        yield _workloads(kind, "list", use)
    for resource in ("replicasets", "controllerrevisions"):
        yield Right(group=_APPS, resource=resource, verb="list", use=use)
    kept = ("configmaps", "secrets") if spec.secrets else ("configmaps",)
    for resource in kept:
        yield Right(group=_CORE, resource=resource, verb="list", use="who wrote configuration when")
    for place in spec.deliveries:
        for group, resource in _DELIVERIES:
            yield Right(group=group, resource=resource, verb="list", place=place, use="what was delivered")


def _health(spec: KubernetesHealth) -> Iterator[Right]:
    if spec.service is not None:
        kind, name = named(spec.workload or spec.service)
        yield _workloads(kind, "get", "how its pods stand", name)
    use = "what is wrong with its pods"
    for kind in Kind:
        yield _workloads(kind, "list", use)
    for group, resources in _LOOKED_AT.items():
        for resource in resources:
            yield Right(group=group, resource=resource, verb="list", use=use)
    yield Right(group=_CORE, resource="pods/log", verb="get", use="the last lines before a crash")
    for group, resource in _OF_CLUSTER:
        yield Right(group=group, resource=resource, verb="list", place="", use="what its pods need")
    names = "whether names are resolved"
    yield Right(group=_CORE, resource="pods", verb="list", place="kube-system", use=names)
    yield Right(
        group=_CORE, resource="configmaps", verb="get", name="coredns", place="kube-system", use=names
    )


def _actions(spec: KubernetesActions) -> Iterator[Right]:
    meant = [named(spec.deployments.get(service, service)) for service in spec.services]
    for kind, name in meant:
        yield _workloads(kind, "get", "what runs before it is changed", name)
        if spec.accounts is None:
            use = "roll back and restart" if kind is Kind.DAEMONSET else "roll back, restart and scale"
            yield _workloads(kind, "patch", use, name)
    for account in accounts_of(spec):
        use = "a token for one change alone"
        yield Right(group=_CORE, resource="serviceaccounts/token", verb="create", name=account.name, use=use)
    kept = {"replicasets" if kind.by_sets else "controllerrevisions" for kind, _ in meant}
    for resource in sorted(kept):
        yield Right(group=_APPS, resource=resource, verb="list", use="what can be rolled back to")
    yield Right(
        group=_AUTOSCALING, resource="horizontalpodautoscalers", verb="list",
        use="whether an autoscaler would set a size back",
    )  # fmt: skip
    yield Right(
        group=_POLICY, resource="poddisruptionbudgets", verb="list", use="what a size means for a budget"
    )
    yield Right(group=_CORE, resource="pods", verb="list", use="which image runs, and why a rollout fails")


def right_of(account: ActAccount) -> Right:
    """What the account of one change may do: patch one workload."""
    return _workloads(account.kind, "patch", "the one change that it is for", account.workload)


def _workloads(kind: Kind, verb: str, use: str, name: str = "") -> Right:
    group = _ARGO if kind is Kind.ROLLOUT else _APPS
    return Right(group=group, resource=kind.path, verb=verb, name=name, use=use)


def say_missing(missing: Iterable[Right]) -> str:
    """Rights that an account lacks, each with what it is for."""
    by_use: dict[str, list[str]] = {}
    for right in missing:
        by_use.setdefault(right.use, []).append(right.called)
    return "; ".join(f"{', '.join(called)} ({use})" for use, called in by_use.items())
