"""Rollback, restart and scaling of what runs on Kubernetes: Deployments, StatefulSets, DaemonSets, Rollouts.

There is no verb to undo: a rollback copies the template of an older ReplicaSet or ControllerRevision. Every
patch tests the resource version that it was made for: a workload that somebody else changes meanwhile is left
alone.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from incidents.action import Action, ActionKind, Outcome, Plan
from incidents.errors import ActionRefused, ToolFailed
from incidents.inventory import Inventory
from incidents.value import iso
from tools.clock import Clock
from tools.live.actions.action_log import ActionRecord
from tools.live.actions.effect import Effect
from tools.live.actions.helm import Helm
from tools.live.actions.wait import until
from tools.live.actions.workload_end import Ended, ended_as, holds, template_named, template_of
from tools.live.actions.workload_patch import operations_of
from tools.live.actions.workload_plan import (
    Seen,
    check_allowed,
    check_observed,
    goal,
    planned,
)
from tools.live.cluster.act_tokens import ActTokens, NoToken
from tools.live.cluster.api import Cluster, Operation
from tools.live.cluster.autoscalers import say_sizing, say_state, sizing
from tools.live.cluster.budgets import protects
from tools.live.cluster.helm import HelmTarget, release_of
from tools.live.cluster.objects import Kind, Template, Workload, named
from tools.live.cluster.pods import digests, troubles
from tools.live.cluster.refusals import Busy
from tools.live.cluster.rollouts import (
    newest,
    obstacles,
    revisions,
    say_replicas,
    waiting,
)
from tools.live.cluster.templates import main_container, same
from tools.live.cluster.versions import Revision, Versions, names_a_build
from tools.live.http import NotSent, Rejected
from tools.live.secrets import Secrets
from tools.live.settings import KubernetesActions

#: How a failed `test` of the resource version is answered, and how often it may be.
_STALE, TRIES = frozenset({409, 422}), 5
_BUSY = 429
#: How long the API server works on a request whose client is gone: `--request-timeout`, a minute unless it is
#: set, and something for the way there.
_REQUEST = timedelta(seconds=75)
#: An autoscaler looks every 15 s; a size that it may not like is watched a little longer.
_STEADY = timedelta(seconds=20)


class _NotTaken(ToolFailed):
    """The API server declined a patch; nothing was changed."""


class KubernetesAdapter:
    """The adapter for the deployments of one namespace.

    Args:
        spec: the API server, the namespace and the services.
        secrets: resolves the token.
        clock: when an outcome is told.
        pause: before the second look at a rollout; the next ones come up to ten times slower.
        steady: how long a new size is watched that an autoscaler might set back.
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
        steady: timedelta = _STEADY,
    ) -> None:
        self._spec = spec
        self._clock = clock
        self._pause = pause
        self._steady = steady
        self._cluster = Cluster(spec, spec.namespace, secrets)
        self._tokens = ActTokens(spec, self._cluster, clock)
        self._helm = Helm(spec.helm, secrets) if spec.helm is not None else None

    @property
    def offers(self) -> Mapping[ActionKind, frozenset[str]]:
        """All three, for every service; a DaemonSet has a pod on each node and no size."""
        every = frozenset(self._spec.services)
        sized = frozenset(one for one in every if self._named(one)[0] is not Kind.DAEMONSET)
        return {ActionKind.ROLLBACK: every, ActionKind.RESTART: every, ActionKind.SCALE: sized}

    async def inventory(self, service: str) -> Inventory:
        """How many replicas a deployment is to have."""
        return Inventory(service=service, instances=(await self._deployment(service)).spec.replicas)

    async def plan(self, action: Action) -> Plan:
        """A dry run: the API server checks the patch without keeping it; raises as the port says."""
        if (by_helm := await self._by_helm(action)) is not None:
            return planned(action, *by_helm)
        try:
            seen, target, _ = await self._patch(action, iso(self._clock.now()))
        except _NotTaken as declined:
            raise ActionRefused(f"{action.title} would not be accepted: {declined}") from None
        plan, workload = planned(action, seen, target), seen.deployment
        lent = self._tokens.told(Kind(workload.kind), workload.meta.name, action.kind)
        return plan.model_copy(update={"effects": (*plan.effects, *lent)})

    async def make(self, deed: ActionRecord, effect: Effect) -> Outcome:
        """Patch the deployment, or let Helm roll back, then wait until its rollout is complete."""
        by_helm = await self._by_helm(deed.plan.action, template_named(deed))
        if by_helm is not None:
            return await self._rolled_back(deed, effect, *by_helm)
        try:
            made = await self._patch(deed.plan.action, iso(deed.begun), effect.begin, template_named(deed))
        except _NotTaken as declined:
            detail = f"nothing was changed: {declined}"
            return Outcome(done=False, detail=detail, at=self._clock.now())
        except (NotSent, Busy):
            effect.not_begun()
            raise
        _, target, said = made
        outcome = await self._settled(deed, target.template if target is not None else None)
        return outcome.model_copy(update={"detail": f"{outcome.detail}; {said}"}) if said else outcome

    async def found(self, deed: ActionRecord) -> Outcome | None:
        """Judged by the deployment's template and size; None if they are not those of the change."""
        seen = await self._look(deed.plan.action.service)
        wanted = template_of(deed, seen.versions)
        return await self._settled(deed, wanted) if holds(deed, wanted, seen.deployment) else None

    async def check(self) -> str:
        """Which versions run, and who sizes them."""
        shown = []
        for service in self._spec.services:
            seen = await self._look(service)
            status, held = seen.deployment.status, waiting(seen.deployment, seen.versions)
            parts = [f"{status.available} of {seen.deployment.replicas} replicas"]
            if seen.deployment.spec.paused:
                parts.append(f"paused, {held} is wanted when it is resumed" if held else "paused")
            if seen.digests:
                parts.append(f"image {' and '.join(seen.digests)}")
            if seen.scaler is not None:
                parts += [say_sizing(seen.scaler), *filter(None, [say_state(seen.scaler)])]
            if self._helm is not None and (release := release_of(seen.deployment.meta, self._spec.namespace)):
                parts.append(await self._helm.check(release))
            shown.append(f"{service} {seen.running} ({', '.join(parts)})")
        return f"Kubernetes: namespace {self._cluster.namespace} runs {', '.join(shown)}"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._cluster.aclose()

    async def _patch(
        self, action: Action, at: str, begin: Callable[[], object] | None = None, chosen: str = ""
    ) -> tuple[Seen, Revision | None, str]:
        """Patch the deployment as it was read; tried again where only its status has moved meanwhile.

        Without a `begin`, which is called right before each request, the server only checks it. `chosen` is
        the ReplicaSet that was planned to go back to.

        Returns:
            The deployment before the patch, the revision that it goes back to, and by whose right.

        Raises:
            _NotTaken: the API server declined the patch.
            Busy: it took nothing of it now.
        """
        seen = await self._look(action.service)
        generation, tries = seen.deployment.meta.generation, TRIES
        while True:
            check_allowed(action, seen, self._spec.max_replicas)
            target = self._target(action, seen, chosen)
            check_observed(action, seen)
            operations = operations_of(action, seen.deployment, target, at)
            try:
                said = await self._sent(action, seen.deployment, operations, begin)
            except Rejected as declined:
                if declined.status == _BUSY:
                    raise Busy(str(declined)) from None
                tries -= 1
                seen = await self._look(action.service)
                moved = seen.deployment.meta.generation != generation
                if moved or not tries or declined.status not in _STALE:
                    why = "; somebody else changed the deployment meanwhile" if moved else ""
                    raise _NotTaken(f"{declined}{why}") from None
            else:
                return seen, target, said

    async def _sent(
        self, action: Action, deployment: Workload, operations: Sequence[Operation],
        begin: Callable[[], object] | None,
    ) -> str:  # fmt: skip
        """Send a patch by the hands that may make this change; raises like `Cluster.patch` and `_patch`."""
        name = deployment.meta.name
        try:
            async with self._tokens.hands(Kind(deployment.kind), name, action.kind) as hands:
                if begin is not None:
                    begin()
                await hands.cluster.patch(deployment, operations, dry=begin is None)
                return hands.said
        except NoToken as error:
            raise _NotTaken(str(error)) from None

    async def _by_helm(self, action: Action, chosen: str = "") -> tuple[Seen, Revision, HelmTarget] | None:
        """What Helm would roll back; None where it has no part in it. Raises like `_patch`."""
        if self._helm is None or action.kind is not ActionKind.ROLLBACK:
            return None
        seen = await self._look(action.service)
        if (release := release_of(seen.deployment.meta, self._spec.namespace)) is None:
            return None
        check_allowed(action, seen, self._spec.max_replicas)
        check_observed(action, seen)
        target = self._target(action, seen, chosen) or goal(action, seen)
        return seen, target, await self._helm.target(release, seen.deployment, target.template)

    async def _rolled_back(
        self, deed: ActionRecord, effect: Effect, seen: Seen, target: Revision, release: HelmTarget
    ) -> Outcome:
        """The release is rolled back as it was planned, and the workload watched as after a patch."""
        said = await self._helm.roll_back(deed, release, self._spec.patience, effect) if self._helm else ""
        if said and not holds(deed, target.template, await self._deployment(seen.service)):
            detail = f"`helm rollback` failed, and {seen.service} has the template that it had: {said}"
            return Outcome(done=False, detail=detail, at=self._clock.now())
        outcome = await self._settled(deed, target.template)
        return (
            outcome.model_copy(update={"detail": f"{outcome.detail}; Helm said: {said}"}) if said else outcome
        )

    async def _look(self, service: str) -> Seen:
        deployment = await self._deployment(service)
        name, template = deployment.meta.name, deployment.spec.template
        unknown, scaler = "", None
        try:
            scaler = sizing(await self._cluster.autoscalers(), deployment.kind, name)
        except Rejected as declined:
            unknown = str(declined)
        return Seen(
            service=service, deployment=deployment, scaler=scaler, unknown=unknown,
            versions=await self._versions(deployment),
            budgets=[one for one in await self._cluster.budgets() if protects(one, template)],
            digests=await self._digests(deployment),
        )  # fmt: skip

    async def _digests(self, deployment: Workload) -> Sequence[str]:
        """What the pods run under a tag that does not say it, as far as they may be read."""
        name, template = deployment.meta.name, deployment.spec.template
        labels = (template.get("metadata") or {}).get("labels")
        if names_a_build(Versions(name, ()).label(template)) or not labels:
            return ()
        container = str(main_container(template, name).get("name", ""))
        return digests(await self._cluster.pods(labels), container)

    async def _deployment(self, service: str) -> Workload:
        return await self._cluster.workload(*self._named(service))

    def _named(self, service: str) -> tuple[Kind, str]:
        return named(self._spec.deployments.get(service, service))

    async def _versions(self, deployment: Workload) -> Versions:
        by_sets = Kind(deployment.kind).by_sets
        sets = await self._cluster.sets() if by_sets else ()
        history = await self._cluster.history() if not by_sets else ()
        return Versions(deployment.meta.name, revisions(deployment, sets, history))

    def _target(self, action: Action, seen: Seen, chosen: str) -> Revision | None:
        """What a rollback goes back to: what was planned, as long as it is kept."""
        if action.kind is not ActionKind.ROLLBACK:
            return None
        now = seen.deployment.spec.template
        kept = (one for one in seen.versions.kept if one.kept_by == chosen and not same(one.template, now))
        return next(kept, None) or goal(action, seen)

    async def _settled(self, deed: ActionRecord, wanted: Template | None) -> Outcome:
        """Watch until the controller has observed the change and finished, or say why it has not."""

        async def ended() -> Workload | None:
            deployment = await self._deployment(service)
            return deployment if ended_as(deed, wanted, deployment) is not None else None

        service = deed.plan.action.service
        last = await until(ended, self._spec.patience, self._pause) or await self._deployment(service)
        end = ended_as(deed, wanted, last)
        if end is not None and end.done and deed.plan.action.kind is ActionKind.SCALE:
            end = await self._kept(deed) or end
        end = end or Ended(done=False, why=f"not complete within {self._spec.patience.total_seconds():g} s")
        versions = await self._versions(last)
        number, now = newest(last, versions), say_replicas(last, versions)
        if end.done:
            detail = f"{service}: rollout of revision {number} is complete, {now}"
        else:
            why = "; ".join([end.why, *obstacles(last), *await self._troubles(last, versions)])
            detail = f"{service}: rollout of revision {number}: {why}; {now}"
        return Outcome(done=end.done, detail=detail, at=self._clock.now())

    async def _kept(self, deed: ActionRecord) -> Ended | None:
        """A size that an autoscaler may not like is looked at until that had time to look; None: it stays."""

        async def changed() -> Ended | None:
            return ended_as(deed, None, await self._deployment(action.service), overtaken=True)

        action = deed.plan.action
        seen = await self._look(action.service)
        if seen.scaler is None and not seen.unknown:
            return None
        return await until(changed, self._steady, self._pause)

    async def _troubles(self, deployment: Workload, versions: Versions) -> list[str]:
        """What the pods of the template that is wanted say, of a StatefulSet all: an old one may wait."""
        wanted = versions.of(deployment.spec.template)
        template = wanted.template if wanted is not None else deployment.spec.template
        labels = (template.get("metadata") or {}).get("labels")
        return troubles(await self._cluster.pods(labels)) if labels else []
