"""What a change of a deployment means before it is made: whether it may be, and what it does. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from incidents.action import Action, ActionKind, Arguments, Observed, Plan
from incidents.errors import ActionRefused, ToolFailed
from tools.live.cluster.autoscalers import caution, overruled, say_sizing
from tools.live.cluster.budgets import asks, holds_all
from tools.live.cluster.helm import HelmTarget
from tools.live.cluster.keepers import keeper
from tools.live.cluster.neighbours import Autoscaler, Budget
from tools.live.cluster.objects import Workload
from tools.live.cluster.rollouts import in_order, newest, say_replicas, say_running, waiting
from tools.live.cluster.templates import containers, differences, listed, main_image, same, sources
from tools.live.cluster.versions import Revision, Versions, names_a_build

#: The facts of a plan that name the object whose template is taken, and the release's revision of Helm.
TEMPLATE, RELEASE = "template of", "Helm's revision"


@dataclass(frozen=True)
class Seen:
    """How a deployment stands.

    Attributes:
        service: what people call it.
        versions: the templates that are kept, and their names.
        scaler: who sizes it.
        unknown: why it is not known who sizes it; empty where it is.
        budgets: the disruption budgets of its pods.
        digests: which images its pods run, where the tag does not say it.
    """

    service: str
    deployment: Workload
    versions: Versions
    scaler: Autoscaler | None
    unknown: str
    budgets: Sequence[Budget]
    digests: Sequence[str] = ()

    @property
    def revision(self) -> int:
        """The revision of what is wanted."""
        return newest(self.deployment, self.versions)

    @property
    def running(self) -> str:
        """What runs, as its version is called."""
        return say_running(self.deployment, self.versions)


def check_allowed(action: Action, seen: Seen, most: int) -> None:
    """Whether a change may be made of a deployment as it stands.

    Raises:
        ActionRefused: it would not last, or not begin.
    """
    if action.kind is ActionKind.SCALE:
        _check_size(action, seen, most)
    _check_keeper(action, seen)
    if action.kind is ActionKind.SCALE:
        return
    service, deployment = seen.service, seen.deployment
    if (other := deployment.spec.template_of) is not None:
        raise ActionRefused(
            f"{service} ({deployment.called}) has the template of {other.kind} {other.name}: that is what "
            "has to be changed"
        )
    if deployment.spec.strategy.type == "OnDelete":
        raise ActionRefused(
            f"{service} ({deployment.called}) has the update strategy OnDelete: its pods keep what they run "
            "until somebody deletes them, so nothing would be rolled out"
        )
    if deployment.spec.paused:
        held = waiting(deployment, seen.versions)
        waits = f"; {held} (revision {seen.revision}) is wanted as soon as it is resumed" if held else ""
        raise ActionRefused(
            f"{service} is paused: resume it first (`kubectl rollout resume "
            f"{deployment.called}`), until then nothing is rolled out; "
            f"{say_replicas(deployment, seen.versions)}{waits}"
        )


def check_observed(action: Action, seen: Seen) -> None:
    """What runs has to be known before it is replaced.

    Raises:
        ToolFailed: the controller has not observed the last change yet.
    """
    service, deployment = seen.service, seen.deployment
    if action.kind is not ActionKind.SCALE and not deployment.seen:
        raise ToolFailed(
            f"the controller has not yet observed the last change of {service} (generation "
            f"{deployment.meta.generation}, observed {deployment.status.observed}): what runs is not known"
        )


def goal(action: Action, seen: Seen) -> Revision:
    """The revision to go back to: of several with that name the newest whose template is another.

    Raises:
        ActionRefused: the cluster keeps none, or it runs already.
    """
    service, wanted, now = seen.service, action.arguments.version or "", seen.deployment.spec.template
    meant = seen.versions.meant(wanted)
    others = [one for one in meant if not same(one.template, now)]
    if others:
        return others[0]
    if meant:
        raise ActionRefused(f"{service} already runs {wanted}; there is nothing to roll back")
    kept = [one for one in seen.versions.kept if not same(one.template, now)]
    shown = ", ".join(dict.fromkeys(seen.versions.name(one.template, one.number) for one in kept)) or "none"
    raise ActionRefused(f"{service} never ran {wanted!r}; versions that it kept: {shown}")


def planned(action: Action, seen: Seen, target: Revision | None, release: HelmTarget | None = None) -> Plan:
    """What would be done, from what was seen; with a `release`, Helm does it."""
    observed = [
        Observed(name="running version", value=seen.running),
        Observed(name="revision", value=str(seen.revision)),
    ]
    if seen.scaler is not None:
        observed.append(Observed(name="sized by", value=say_sizing(seen.scaler)))
    if seen.digests:
        observed.append(Observed(name="image digest", value=" and ".join(seen.digests)))
    if action.kind is ActionKind.SCALE:
        return _scaled(action, seen, observed)
    keeps = _lasts(seen) if release is None else [release.effect]
    if release is not None:
        observed.append(Observed(name=RELEASE, value=str(release.now)))
    if target is None:
        effects = (_replaced(seen, "the pods of " + seen.service), "what they hold in memory is lost", *keeps)
        return Plan(action=action, observed=tuple(observed), effects=effects)
    observed.append(Observed(name=TEMPLATE, value=target.kept_by))
    back = Arguments(version=seen.versions.name(seen.deployment.spec.template))
    undo = Action(kind=action.kind, service=seen.service, arguments=back)
    effects = (*_went(seen, target, action.arguments.version or ""), *keeps)
    return Plan(action=action, observed=tuple(observed), effects=effects, undo=undo)


def _check_size(action: Action, seen: Seen, most: int) -> None:
    service, wanted, now = seen.service, action.arguments.replicas or 1, seen.deployment.spec.replicas
    if wanted > most:
        raise ActionRefused(f"{service} may have {most} replicas at most, {wanted} were asked for")
    if wanted == now:
        raise ActionRefused(f"{service} already has {wanted} replicas; there is nothing to scale")
    why = overruled(seen.scaler, now, wanted) if seen.scaler is not None else ""
    if why:
        raise ActionRefused(f"{service} would not keep {wanted} replicas: {why}")


def _check_keeper(action: Action, seen: Seen) -> None:
    found = keeper(seen.deployment.meta)
    if found is None or found.lasting:
        return
    undone = {
        ActionKind.ROLLBACK: True, ActionKind.SCALE: found.replicas, ActionKind.RESTART: found.template,
    }  # fmt: skip
    if undone.get(action.kind, True):
        raise ActionRefused(
            f"{seen.service} is kept by {found.name}, which would undo a change of the cluster; "
            f"{found.instead}"
        )


def _lasts(seen: Seen) -> list[str]:
    found = keeper(seen.deployment.meta)
    if found is None or not found.lasting:
        return []
    return [f"{seen.service} belongs to {found.name}: its next upgrade may undo this; {found.instead}"]


def _went(seen: Seen, target: Revision, wanted: str) -> list[str]:
    service, now = seen.service, seen.deployment.spec.template
    old, new = (main_image(one, seen.versions.workload) for one in (now, target.template))
    effects = [
        f"{service} goes from {old} (revision {seen.revision}) to {new} (revision {target.number}, "
        f"the template of {target.kept_by})",
        f"changed back: {listed(differences(now, target.template))}",
        _replaced(seen, "its pods"),
    ]
    others = [
        str(one.number) for one in seen.versions.meant(wanted) if not same(one.template, target.template)
    ]
    if others:
        effects.append(
            f"{wanted} is also what revision {', '.join(others)} is called; {target.number} is taken"
        )
    if referred := list(dict.fromkeys(sources(target.template.get("spec")))):
        effects.append(f"{', '.join(referred)} stays as it is now: a revision holds the template alone")
    return effects + _uncertain(target)


def _uncertain(target: Revision) -> list[str]:
    """Which images may be other ones than those that ran then."""
    found = []
    for one in containers(target.template):
        image = str(one.get("image", ""))
        name, _, digest = image.partition("@")
        tag = name.rpartition("/")[2].partition(":")[2] or "latest"
        if digest or names_a_build(tag):
            continue
        always = one.get("imagePullPolicy", "Always" if tag == "latest" else "") == "Always"
        pulled = (
            "its pull policy is Always, so new pods start the newest image of that tag"
            if always
            else "a node that no longer has it pulls the newest image of that tag"
        )
        found.append(f"the tag {tag} of {one.get('name', '')} does not say which image ran then: {pulled}")
    return found


def _replaced(seen: Seen, pods: str) -> str:
    if not seen.deployment.replicas:
        return f"{seen.service} has 0 replicas: no pod starts before it is scaled"
    if seen.deployment.spec.strategy.type == "Recreate":
        return f"{pods} all stop before new ones start (its strategy is Recreate): it is down meanwhile"
    if seen.deployment.spec.strategy.blue is not None:
        return f"new pods start beside {pods} and take their place when they are promoted (blue-green)"
    if seen.deployment.spec.strategy.canary is not None:
        return (
            f"{pods} are replaced step by step, as its canary steps say; it may wait at one of them until "
            "somebody promotes it, except where the template is the stable one"
        )
    said = f"{pods} are replaced one after the other, as its strategy says"
    if partition := seen.deployment.spec.strategy.partition:
        said += f"; those with a number below {partition} stay as they are (its partition)"
    if in_order(seen.deployment):
        said += "; one that never gets ready holds up the others, and has to be deleted by hand"
    return said


def _scaled(action: Action, seen: Seen, observed: Sequence[Observed]) -> Plan:
    service, now, wanted = seen.service, seen.deployment.spec.replicas, action.arguments.replicas or 1
    effects = [f"{service} goes from {now} to {wanted} replicas"]
    if seen.scaler is not None:
        effects.append(caution(seen.scaler, now))
    if seen.unknown:
        effects.append(f"whether an autoscaler would set it back is not known: {seen.unknown}")
    effects += [
        f"disruption budget {one.meta.name} asks for {asks(one)}: with {wanted} no pod may be evicted, so "
        "its nodes cannot be drained"
        for one in seen.budgets
        if holds_all(one, wanted)
    ]
    undo = Action(kind=action.kind, service=service, arguments=Arguments(replicas=now)) if now else None
    facts = (*observed, Observed(name="replicas", value=str(now)))
    return Plan(action=action, observed=facts, effects=(*effects, *_lasts(seen)), undo=undo)
