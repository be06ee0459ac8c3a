"""What kubectl asks before it asks for anything else: which kinds there are, and where."""

from demo.cluster.namespace import KINDS, Json

#: Of each group and version, with its paths: the resources, and what may be done with them.
GROUPS = {
    "v1": ("pods", "events"), "apps/v1": ("deployments", "replicasets"),
    "autoscaling/v2": ("horizontalpodautoscalers",),
}  # fmt: skip
_READ, _WRITE = ["get", "list", "watch"], ["get", "list", "watch", "patch"]


def group_of(resource: str) -> str:
    """The group and version that a resource is in."""
    return next(group for group, resources in GROUPS.items() if resource in resources)


def documents() -> dict[str, Json]:
    """The documents of discovery by their paths."""
    named = [group for group in GROUPS if "/" in group]
    return {
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(one) for one in named]},
        **{
            f"/api{'s' if '/' in group else ''}/{group}": {
                "kind": "APIResourceList", "groupVersion": group,
                "resources": [entry for one in resources for entry in _resources(one)],
            }
            for group, resources in GROUPS.items()
        },
    }  # fmt: skip


def _group(group: str) -> Json:
    version = {"groupVersion": group, "version": group.rpartition("/")[2]}
    return {"name": group.partition("/")[0], "versions": [version], "preferredVersion": version}


def _resources(resource: str) -> list[Json]:
    kind = KINDS[resource]
    own = {
        "name": resource, "singularName": kind.lower(), "namespaced": True, "kind": kind,
        "verbs": _WRITE if resource == "deployments" else _READ,
    }  # fmt: skip
    if resource != "deployments":
        return [own]
    scale = {
        "name": "deployments/scale", "singularName": "", "namespaced": True, "kind": "Scale",
        "group": "autoscaling", "version": "v1", "verbs": ["get", "patch"],
    }  # fmt: skip
    return [own, scale]
