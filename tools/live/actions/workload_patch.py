"""The patch that makes a change of a workload. Pure."""

import copy
from typing import Any

from incidents.action import Action, ActionKind
from incidents.errors import ActionRefused
from tools.live.cluster.api import Operation
from tools.live.cluster.objects import CAUSE, HASHES, RESTARTED, Kind, Workload
from tools.live.cluster.versions import Revision


def operations_of(action: Action, deployment: Workload, target: Revision | None, at: str) -> list[Operation]:
    """The operations for a workload as it was read; a `test` of its resource version comes first.

    Args:
        action: what is made.
        deployment: the workload.
        target: the revision that a rollback goes back to.
        at: the mark of a restart, a moment as the API writes it.

    Raises:
        ActionRefused: that mark is there already, so nothing would restart.
    """
    operations: list[Operation] = [
        {"op": "test", "path": "/metadata/resourceVersion", "value": deployment.meta.resource_version}
    ]
    if action.kind is ActionKind.SCALE:
        operations.append({"op": "replace", "path": "/spec/replicas", "value": action.arguments.replicas})
        return operations
    if target is None and deployment.restarted == at:
        raise ActionRefused(f"{action.service} was told to restart within this second; wait a moment")
    if target is None and deployment.kind == Kind.ROLLOUT:
        return [*operations, {"op": "add", "path": "/spec/restartAt", "value": at}]
    template = copy.deepcopy(dict(target.template if target is not None else deployment.spec.template))
    metadata: dict[str, Any] = template.setdefault("metadata", {})
    if target is None:
        metadata["annotations"] = {**(metadata.get("annotations") or {}), RESTARTED: at}
    else:
        for name in HASHES:
            (metadata.get("labels") or {}).pop(name, None)
        operations += _cause(deployment, target)
    operations.append({"op": "replace", "path": "/spec/template", "value": template})
    return operations


def _cause(deployment: Workload, target: Revision) -> list[Operation]:
    """The history shows what the old version was for, not what the one that is taken back was for."""
    path = f"/metadata/annotations/{CAUSE.replace('/', '~1')}"
    if target.cause:
        new = {**deployment.meta.annotations, CAUSE: target.cause}
        return [{"op": "add", "path": "/metadata/annotations", "value": new}]
    return [{"op": "remove", "path": path}] if deployment.cause else []
