"""How a change of a workload ended, as far as the workload shows it. Pure."""

from typing import NamedTuple

from incidents.action import ActionKind
from incidents.value import iso
from tools.live.actions.action_log import ActionRecord
from tools.live.actions.workload_plan import RELEASE, TEMPLATE
from tools.live.cluster.objects import Kind, Template, Workload
from tools.live.cluster.rollouts import is_complete, is_sized, is_stuck
from tools.live.cluster.templates import same
from tools.live.cluster.versions import Versions


class Ended(NamedTuple):
    """How a rollout ended."""

    done: bool
    why: str = ""


def ended_as(
    deed: ActionRecord, wanted: Template | None, deployment: Workload, *, overtaken: bool = False
) -> Ended | None:
    """How it ended; None: it goes on. `overtaken`: only whether somebody else changed it again counts.

    `wanted` is the template of a rollback; without it the version's name has to do.
    """
    action = deed.plan.action
    if not holds(deed, wanted, deployment):
        found = (
            f"its size is {deployment.spec.replicas}"
            if action.kind is ActionKind.SCALE
            else "it has another template"
        )
        return Ended(
            done=False, why=f"{found} again: somebody else or a controller changed it back meanwhile"
        )
    if overtaken:
        return None
    if action.kind is ActionKind.SCALE:
        return Ended(done=True) if is_sized(deployment) else None
    if is_complete(deployment):
        return Ended(done=True)
    if is_stuck(deployment):
        late = deployment.kind != Kind.ROLLOUT
        return Ended(done=False, why="it exceeded its progress deadline" if late else "it failed")
    return Ended(done=False, why="it does not go on") if deployment.spec.paused else None


def template_named(deed: ActionRecord) -> str:
    """The object whose template was planned to be taken."""
    return next((fact.value for fact in deed.plan.observed if fact.name == TEMPLATE), "")


def helm_revision(deed: ActionRecord) -> str:
    """The revision of Helm's release that it was planned at; empty where Helm has no part in it."""
    return next((fact.value for fact in deed.plan.observed if fact.name == RELEASE), "")


def template_of(deed: ActionRecord, versions: Versions) -> Template | None:
    """The template that a rollback was to bring, as long as it is kept."""
    return next((one.template for one in versions.kept if one.kept_by == template_named(deed)), None)


def holds(deed: ActionRecord, wanted: Template | None, deployment: Workload) -> bool:
    """Whether the deployment is as the deed was to make it."""
    action = deed.plan.action
    if action.kind is ActionKind.SCALE:
        return deployment.spec.replicas == action.arguments.replicas
    if action.kind is ActionKind.RESTART:
        return deployment.restarted == iso(deed.begun)
    if wanted is None:
        return Versions(deployment.meta.name, ()).label(deployment.spec.template) == action.arguments.version
    return same(deployment.spec.template, wanted)
