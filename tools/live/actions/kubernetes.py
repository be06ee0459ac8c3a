"""Rollback, restart and scaling of Kubernetes deployments.

There is no verb to undo: a rollback copies the template of an older ReplicaSet. Every patch tests the
resource version that it was made for: a deployment that somebody else changes meanwhile is left alone.
"""

import copy
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from incidents.action import Action, ActionKind, Arguments, Observed, Outcome, Plan
from incidents.errors import ActionRefused, ToolFailed
from incidents.value import iso
from tools.clock import Clock
from tools.live.actions.action_log import ActionRecord
from tools.live.actions.effect import Effect
from tools.live.actions.wait import until
from tools.live.cluster import CAUSE, HASH, RESTARTED, Cluster, Operation, Workload
from tools.live.http import NotSent, Rejected
from tools.live.secrets import Secrets
from tools.live.settings import KubernetesActions

#: How a failed `test` of the resource version is answered, and how often it may be.
_STALE, TRIES = frozenset({409, 422}), 5
#: How long the API server works on a request whose client is gone: `--request-timeout`, a minute unless it is
#: set, and something for the way there.
_REQUEST = timedelta(seconds=75)
_KINDS = (ActionKind.ROLLBACK, ActionKind.RESTART, ActionKind.SCALE)


class _NotTaken(ToolFailed):
    """The API server declined a patch; nothing was changed."""


class KubernetesAdapter:
    """The adapter for the deployments of one namespace.

    Args:
        spec: the API server, the namespace and the services.
        secrets: resolves the token.
        clock: when an outcome is told.
        pause: before the second look at a rollout; the next ones come up to ten times slower.
    """

    undoes = False
    arrives_within = _REQUEST
    goes_on_elsewhere = _REQUEST

    def __init__(
        self,
        spec: KubernetesActions,
        secrets: Secrets,
        clock: Clock,
        pause: timedelta = timedelta(seconds=0.1),
    ) -> None:
        self._spec = spec
        self._clock = clock
        self._pause = pause
        self._cluster = Cluster(spec, spec.namespace, secrets)

    @property
    def offers(self) -> Mapping[ActionKind, frozenset[str]]:
        """All three, for every service."""
        return dict.fromkeys(_KINDS, frozenset(self._spec.services))

    async def plan(self, action: Action) -> Plan:
        """A dry run: the API server checks the patch without keeping it; raises as the port says."""
        try:
            deployment, target = await self._patch(action, iso(self._clock.now()))
        except _NotTaken as declined:
            raise ActionRefused(f"{action.title} would not be accepted: {declined}") from None
        return _plan(action, deployment, target)

    async def make(self, deed: ActionRecord, effect: Effect) -> Outcome:
        """Patch the deployment, then wait until its rollout is complete."""
        try:
            await self._patch(deed.plan.action, iso(deed.begun), effect.begin)
        except _NotTaken as declined:
            detail = f"nothing was changed: {declined}"
            return Outcome(done=False, detail=detail, at=self._clock.now())
        except NotSent:
            effect.not_begun()
            raise
        return await self._settled(deed)

    async def found(self, deed: ActionRecord) -> Outcome | None:
        """Judged by the deployment's template and size; None if they are not those of the change."""
        deployment = await self._deployment(deed.plan.action.service)
        return await self._settled(deed) if _holds(deed, deployment) else None

    async def check(self) -> str:
        """Which versions run."""
        shown = []
        for service in self._spec.services:
            deployment = await self._deployment(service)
            shown.append(f"{service} {deployment.version} ({deployment.spec.replicas} replicas)")
        return f"Kubernetes: namespace {self._cluster.namespace} runs {', '.join(shown)}"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._cluster.aclose()

    async def _patch(
        self, action: Action, at: str, begin: Callable[[], object] | None = None
    ) -> tuple[Workload, Workload | None]:
        """Patch the deployment as it was read; tried again where only its status has moved meanwhile.

        Without a `begin`, which is called right before each request, the server only checks it.

        Returns:
            The deployment before the patch, and the ReplicaSet that it goes back to.

        Raises:
            _NotTaken: the API server declined the patch.
        """
        deployment = await self._deployment(action.service)
        generation, tries = deployment.meta.generation, TRIES
        while True:
            target = await self._target(action, deployment)
            if action.kind is ActionKind.SCALE:
                self._may_scale(action, deployment)
            operations = _operations(action, deployment, target, at)
            if begin is not None:
                begin()
            try:
                await self._cluster.patch(deployment.meta.name, operations, dry=begin is None)
            except Rejected as declined:
                tries -= 1
                deployment = await self._deployment(action.service)
                moved = deployment.meta.generation != generation
                if moved or not tries or declined.status not in _STALE:
                    raise _NotTaken(str(declined)) from None
            else:
                return deployment, target

    async def _deployment(self, service: str) -> Workload:
        return await self._cluster.deployment(self._spec.deployments.get(service, service))

    async def _target(self, action: Action, deployment: Workload) -> Workload | None:
        """The ReplicaSet of the version to go back to; its newest, where there are several.

        Raises:
            ActionRefused: the cluster remembers none, or it runs already.
        """
        if action.kind is not ActionKind.ROLLBACK:
            return None
        wanted = action.arguments.version
        if wanted == deployment.version:
            raise ActionRefused(f"{action.service} already runs {wanted}; there is nothing to roll back")
        owned = [one for one in await self._cluster.sets() if one.owned_by(deployment) and one.revision]
        older = sorted((one for one in owned if one.version == wanted), key=lambda one: one.revision)
        if not older:
            known = sorted({one.version for one in owned} - {deployment.version})
            shown = ", ".join(known) or "none"
            raise ActionRefused(f"{action.service} never ran {wanted!r}; versions that it kept: {shown}")
        return older[-1]

    def _may_scale(self, action: Action, deployment: Workload) -> None:
        wanted, most = action.arguments.replicas or 1, self._spec.max_replicas
        if wanted > most:
            raise ActionRefused(f"{action.service} may have {most} replicas at most, {wanted} were asked for")
        if wanted == deployment.spec.replicas:
            raise ActionRefused(f"{action.service} already has {wanted} replicas; there is nothing to scale")

    async def _settled(self, deed: ActionRecord) -> Outcome:
        async def rolled_out() -> Workload | None:
            deployment = await self._deployment(service)
            return deployment if _complete(deployment) or _stuck(deployment) else None

        service = deed.plan.action.service
        deployment = await until(rolled_out, self._spec.patience, self._pause)
        last = deployment or await self._deployment(service)
        now = f"{last.status.available} of {last.spec.replicas} replicas of {last.version} are available"
        if deployment is not None and _complete(deployment):
            done, detail = True, f"{service}: rollout of revision {deployment.revision} is complete, {now}"
        else:
            seconds = f"not complete within {self._spec.patience.total_seconds():g} s"
            why = "it exceeded its progress deadline" if _stuck(last) else seconds
            done, detail = False, f"{service}: rollout of revision {last.revision}: {why}; {now}"
        return Outcome(done=done, detail=detail, at=self._clock.now())


def _operations(action: Action, deployment: Workload, target: Workload | None, at: str) -> list[Operation]:
    operations: list[Operation] = [
        {"op": "test", "path": "/metadata/resourceVersion", "value": deployment.meta.resource_version}
    ]
    if action.kind is ActionKind.SCALE:
        operations.append({"op": "replace", "path": "/spec/replicas", "value": action.arguments.replicas})
        return operations
    template = copy.deepcopy(dict((target or deployment).spec.template))
    metadata: dict[str, Any] = template.setdefault("metadata", {})
    if target is None:
        metadata["annotations"] = {**(metadata.get("annotations") or {}), RESTARTED: at}
    else:
        (metadata.get("labels") or {}).pop(HASH, None)
        operations += _cause(deployment, target)
    operations.append({"op": "replace", "path": "/spec/template", "value": template})
    return operations


def _cause(deployment: Workload, target: Workload) -> list[Operation]:
    """The history shows what the old version was for, not what the one that is taken back was for."""
    path = f"/metadata/annotations/{CAUSE.replace('/', '~1')}"
    if target.cause:
        new = {**deployment.meta.annotations, CAUSE: target.cause}
        return [{"op": "add", "path": "/metadata/annotations", "value": new}]
    return [{"op": "remove", "path": path}] if deployment.cause else []


def _plan(action: Action, deployment: Workload, target: Workload | None) -> Plan:
    service = action.service
    observed = [
        Observed(name="running version", value=deployment.version),
        Observed(name="revision", value=str(deployment.revision)),
    ]
    if action.kind is ActionKind.SCALE:
        now, wanted = deployment.spec.replicas, action.arguments.replicas
        observed.append(Observed(name="replicas", value=str(now)))
        effects: tuple[str, ...] = (f"{service} goes from {now} to {wanted} replicas",)
        undo = Action(kind=action.kind, service=service, arguments=Arguments(replicas=now)) if now else None
        return Plan(action=action, observed=tuple(observed), effects=effects, undo=undo)
    if target is None:
        effects = (
            f"the pods of {service} are replaced one after the other, as its strategy says",
            "what they hold in memory is lost",
        )
        return Plan(action=action, observed=tuple(observed), effects=effects)
    effects = (
        f"{service} goes from {deployment.image} (revision {deployment.revision}) to {target.image} "
        f"(revision {target.revision})",
        "its pods are replaced one after the other, as its strategy says",
    )
    back = Arguments(version=deployment.version)
    undo = Action(kind=action.kind, service=service, arguments=back)
    return Plan(action=action, observed=tuple(observed), effects=effects, undo=undo)


def _holds(deed: ActionRecord, deployment: Workload) -> bool:
    """Whether the deployment is as the deed was to make it."""
    action = deed.plan.action
    if action.kind is ActionKind.ROLLBACK:
        return deployment.version == action.arguments.version
    if action.kind is ActionKind.SCALE:
        return deployment.spec.replicas == action.arguments.replicas
    return deployment.restarted == iso(deed.begun)


def _complete(deployment: Workload) -> bool:
    """As `kubectl rollout status` judges; before the controller saw the change, nothing counts."""
    status, wanted = deployment.status, deployment.spec.replicas
    seen = status.observed >= deployment.meta.generation
    return seen and status.updated == status.replicas == status.available == wanted


def _stuck(deployment: Workload) -> bool:
    """An old `Progressing=False` is still there until the controller has seen the change."""
    progressing = deployment.condition("Progressing")
    failed = progressing is not None and progressing.reason == "ProgressDeadlineExceeded"
    return failed and deployment.status.observed >= deployment.meta.generation
