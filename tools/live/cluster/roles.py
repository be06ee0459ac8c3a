"""The rights that are needed as manifests for `kubectl apply`: one Role to read and one to change. Pure.

An account of one change has a Role of its own.

What has no namespace, such as nodes, is in a ClusterRole of the same name.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from tools.live.cluster.act_accounts import ActAccount
from tools.live.cluster.rights import Grant, Right, right_of

_API = "rbac.authorization.k8s.io"


class Account(NamedTuple):
    """The service account that gets the rights."""

    namespace: str
    name: str


def manifests(
    grants: Sequence[Grant], account: Account, acts: Mapping[str, Sequence[ActAccount]] | None = None
) -> str:
    """Roles and what binds them to an account, in YAML; a comment says for which cluster they are.

    Args:
        grants: what Nexus's own account needs.
        account: that one.
        acts: by cluster, the accounts of one change each; they are made here, with the Role of each.
    """
    objects = [(grant.cluster, one) for grant in grants for one in _objects(grant, account)]
    objects += [
        (cluster, one) for cluster, found in (acts or {}).items() for act in found for one in _act(act)
    ]
    return "---\n".join(
        f"# for {cluster}\n{yaml.safe_dump(one, sort_keys=False, default_flow_style=None)}"
        for cluster, one in objects
    )


def rules(rights: Iterable[Right]) -> list[Mapping[str, list[str]]]:
    """The rules of a Role that gives these rights and no other; what has the same verbs stands together."""
    verbs: dict[tuple[str, str, str], set[str]] = {}
    for right in rights:
        verbs.setdefault((right.group, right.resource, right.name), set()).add(right.verb)
    names: dict[tuple[str, str, tuple[str, ...], bool], set[str]] = {}
    for (group, resource, name), found in verbs.items():
        names.setdefault((group, resource, tuple(sorted(found)), bool(name)), set()).add(name)
    resources: dict[tuple[str, tuple[str, ...], tuple[str, ...]], set[str]] = {}
    for (group, resource, allowed, limited), found in names.items():
        meant = tuple(sorted(found)) if limited else ()
        resources.setdefault((group, allowed, meant), set()).add(resource)
    return [
        {"apiGroups": [group], "resources": sorted(found)}
        | ({"resourceNames": list(meant)} if meant else {})
        | {"verbs": list(allowed)}
        for (group, allowed, meant), found in sorted(resources.items())
    ]


def _objects(grant: Grant, account: Account) -> Iterator[Mapping[str, Any]]:
    for name, changes in (("nexus-reads", False), ("nexus-changes", True)):
        given = [right for right in grant.rights if right.changes is changes]
        if not given:
            continue
        yield from _bound(name, grant.namespace, given, account)


def _act(account: ActAccount) -> Iterator[Mapping[str, Any]]:
    """The account of one change, which no pod runs as, and its Role."""
    meta = {"name": account.name, "namespace": account.namespace}
    yield {
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta, "automountServiceAccountToken": False,
    }  # fmt: skip
    who = Account(account.namespace, account.name)
    yield from _bound(account.name, account.namespace, [right_of(account)], who)


def _bound(
    name: str, namespace: str, rights: Sequence[Right], account: Account
) -> Iterator[Mapping[str, Any]]:
    meta = {"name": name} | ({"namespace": namespace} if namespace else {})
    kind = "Role" if namespace else "ClusterRole"
    yield {"apiVersion": f"{_API}/v1", "kind": kind, "metadata": meta, "rules": rules(rights)}
    yield {
        "apiVersion": f"{_API}/v1", "kind": f"{kind}Binding", "metadata": dict(meta),
        "roleRef": {"apiGroup": _API, "kind": kind, "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": account.name, "namespace": account.namespace}],
    }  # fmt: skip
