"""Who else sizes a workload, and what becomes of a size that is set by hand. Pure."""

from collections.abc import Iterable

from tools.live.cluster.neighbours import Autoscaler

_KEDA = "ScaledObject"


def sizing(found: Iterable[Autoscaler], kind: str, name: str) -> Autoscaler | None:
    """The autoscaler of a workload, if it has one."""
    return next((one for one in found if (one.spec.target.kind, one.spec.target.name) == (kind, name)), None)


def say_sizing(scaler: Autoscaler) -> str:
    """Who sizes it and between what: `autoscaler checkout, 2 to 3`."""
    keda = _scaled_object(scaler)
    whose = f" of KEDA's ScaledObject {keda}" if keda else ""
    return f"autoscaler {scaler.meta.name}{whose}, {scaler.spec.least} to {scaler.spec.most}"


def say_state(scaler: Autoscaler) -> str:
    """What keeps it from the size that it wants; empty: nothing does."""
    said = []
    for one in scaler.status.conditions:
        bad = one.status == "True" if one.type == "ScalingLimited" else one.status == "False"
        if bad and one.type in {"ScalingLimited", "ScalingActive", "AbleToScale"}:
            said.append(f"{one.type}: {one.reason}" if one.type == "ScalingLimited" else one.reason)
    return ", ".join(said)


def overruled(scaler: Autoscaler, now: int, wanted: int) -> str:
    """Why a size that is set by hand would not last; empty where it lasts for now.

    Within its bounds it lasts while the autoscaler cannot measure or may not go that way back; at 0 replicas
    it is off altogether, and beyond its bounds it puts every size back.
    """
    least, most = scaler.spec.least, scaler.spec.most
    within = least <= wanted <= most
    if within and (now == 0 or _blind(scaler) or _one_way(scaler, now, wanted)):
        return ""
    who = f"{say_sizing(scaler)}, sizes it"
    if least == most:
        back = f"and would set it back to {most} within seconds"
    elif not within:
        back = f"and would set it back to {most if wanted > most else least} within seconds"
    else:
        back = "and would set it back to what it measures"
    state = f" (now {say_state(scaler)})" if say_state(scaler) else ""
    return f"{who}{state} {back}; change {_where(scaler)} instead"


def caution(scaler: Autoscaler, now: int) -> str:
    """What is told with a size that lasts for now."""
    if now == 0:
        why = "is off while there are 0 replicas; it takes over again"
    elif _blind(scaler):
        why = f"cannot measure now ({say_state(scaler)}); as soon as it can, it sizes the deployment again"
    else:
        why = "may not go back by its own rules, but may go on the other way"
    return f"{say_sizing(scaler)}, {why}"


def _blind(scaler: Autoscaler) -> bool:
    active = next((one for one in scaler.status.conditions if one.type == "ScalingActive"), None)
    return active is not None and active.status == "False" and active.reason != "ScalingDisabled"


def _one_way(scaler: Autoscaler, now: int, wanted: int) -> bool:
    back = scaler.spec.behavior.down if wanted > now else scaler.spec.behavior.up
    return back.policy == "Disabled"


def _where(scaler: Autoscaler) -> str:
    keda = _scaled_object(scaler)
    if keda:
        return f"minReplicaCount or maxReplicaCount of the ScaledObject {keda}"
    return f"minReplicas or maxReplicas of the autoscaler {scaler.meta.name}"


def _scaled_object(scaler: Autoscaler) -> str:
    owner = next((one.name for one in scaler.meta.owners if one.kind == _KEDA), "")
    return owner or scaler.meta.labels.get("scaledobject.keda.sh/name", "")
