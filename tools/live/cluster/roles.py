"""The rights that are needed as manifests for `kubectl apply`: one Role to read and one to change. Pure.

What has no namespace, such as nodes, is in a ClusterRole of the same name.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from tools.live.cluster.rights import Grant, Right

_API = "rbac.authorization.k8s.io"


class Account(NamedTuple):
    """The service account that gets the rights."""

    namespace: str
    name: str


def manifests(grants: Sequence[Grant], account: Account) -> str:
    """Roles and what binds them to an account, in YAML; a comment says for which cluster they are."""
    return "---\n".join(
        f"# for {grant.cluster}\n{yaml.safe_dump(one, sort_keys=False, default_flow_style=None)}"
        for grant in grants
        for one in _objects(grant, account)
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
        meta = {"name": name} | ({"namespace": grant.namespace} if grant.namespace else {})
        kind = "Role" if grant.namespace else "ClusterRole"
        yield {"apiVersion": f"{_API}/v1", "kind": kind, "metadata": meta, "rules": rules(given)}
        yield {
            "apiVersion": f"{_API}/v1", "kind": f"{kind}Binding", "metadata": dict(meta),
            "roleRef": {"apiGroup": _API, "kind": kind, "name": name},
            "subjects": [
                {"kind": "ServiceAccount", "name": account.name, "namespace": account.namespace}
            ],
        }  # fmt: skip
