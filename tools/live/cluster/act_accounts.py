"""The service accounts that an approved change runs with: one for each workload and kind of change. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from incidents.action import ActionKind
from tools.live.cluster.objects import Kind, named
from tools.live.settings import Backends, KubernetesActions

#: What is changed of a workload; a DaemonSet has a pod on each node and no size.
_KINDS = (ActionKind.ROLLBACK, ActionKind.RESTART, ActionKind.SCALE)


class ActAccount(NamedTuple):
    """One of them, and the workload that it may patch."""

    namespace: str
    name: str
    kind: Kind
    workload: str


def name_of(prefix: str, kind: Kind, workload: str, change: ActionKind) -> str:
    """What the account is called: `nexus-deployment-checkout-rollback`."""
    return f"{prefix}-{kind.lower()}-{workload}-{change}"


def accounts_of(spec: KubernetesActions) -> Iterator[ActAccount]:
    """Those of a part of the configuration; none where changes are made by its standing right."""
    if spec.accounts is None:
        return
    for service in spec.services:
        kind, workload = named(spec.deployments.get(service, service))
        for change in _KINDS:
            if kind is not Kind.DAEMONSET or change is not ActionKind.SCALE:
                name = name_of(spec.accounts.prefix, kind, workload, change)
                yield ActAccount(spec.namespace, name, kind, workload)


def act_accounts(backends: Backends) -> dict[str, tuple[ActAccount, ...]]:
    """Those of all that is configured, by cluster, each once."""
    found: dict[str, dict[ActAccount, None]] = {}
    for spec in backends.actions:
        if isinstance(spec, KubernetesActions) and spec.accounts is not None:
            found.setdefault(str(spec.url).rstrip("/"), {}).update(dict.fromkeys(accounts_of(spec)))
    return {cluster: tuple(accounts) for cluster, accounts in found.items()}
