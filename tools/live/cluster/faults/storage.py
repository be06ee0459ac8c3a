"""Claims without a volume."""

from collections.abc import Iterator

from incidents.cluster import FaultKind, Finding
from tools.live.cluster.faults.wording import of_event, of_status, quote
from tools.live.cluster.resources.infrastructure import Claim
from tools.live.cluster.snapshot import SETTLES, Snapshot, is_over

_FIRST_POD = "WaitForFirstConsumer"


def claims(seen: Snapshot) -> Iterator[Finding]:
    """Claims that pods want and that are not bound, lost, or not there at all."""
    alive = [pod for pod in seen.pods if not is_over(pod)]
    users = {
        name: [pod for pod in alive if name in pod.spec.claims()]
        for name in dict.fromkeys(name for pod in alive for name in pod.spec.claims())
    }
    known = {claim.metadata.name: claim for claim in seen.claims}
    for name, pods in users.items():
        claim, concerns = known.get(name), seen.concerned(*pods)
        if claim is None and seen.read("persistentvolumeclaims"):
            yield Finding(
                kind=FaultKind.CLAIM_MISSING, object=f"persistentvolumeclaim/{name}", concerns=concerns,
                sentence=f"the PersistentVolumeClaim {quote(name, 100)} does not exist",
                evidence=(f"pod/{pods[0].meta.name} mounts it; the namespace has no such claim",),
            )  # fmt: skip
        elif claim is not None and claim.status.phase == "Lost":
            yield Finding(
                kind=FaultKind.CLAIM_UNBOUND, object=f"persistentvolumeclaim/{name}", concerns=concerns,
                sentence=f"the volume of the claim {name} is lost",
                evidence=(of_status(f"persistentvolumeclaim/{name}", "Lost"),),
            )  # fmt: skip
        elif claim is not None and claim.status.phase == "Pending":
            yield from _pending(seen, claim, concerns)


def _pending(seen: Snapshot, claim: Claim, concerns: tuple[str, ...]) -> Iterator[Finding]:
    created = claim.metadata.created
    if created is not None and seen.at - created < SETTLES:
        return
    name, wanted = claim.metadata.name, claim.spec.storage_class_name
    made = {one.metadata.name: one for one in seen.storage}
    told = [one for one in seen.told("PersistentVolumeClaim", name) if one.reason != _FIRST_POD]
    evidence = [
        f"persistentvolumeclaim/{name} is Pending, storage class {quote(wanted, 80) if wanted else 'none'}",
        *map(of_event, told[:2]),
    ]
    unknown = bool(wanted) and seen.read("storageclasses") and wanted not in made
    if unknown or any("storageclass" in one.message and "not found" in one.message for one in told):
        kind, why = FaultKind.STORAGE_CLASS, f"there is no storage class {quote(wanted or '', 80)}"
    elif claim.spec.volume_name:
        kind, why = (
            FaultKind.CLAIM_UNBOUND,
            f"its volume {quote(claim.spec.volume_name, 80)} is not bound to it",
        )
    elif any(one.reason == "FailedBinding" for one in told) or not wanted:
        kind, why = FaultKind.CLAIM_UNBOUND, "no volume fits it, and no storage class makes one"
    elif told:
        kind, why = FaultKind.CLAIM_UNBOUND, quote(told[0].message, 160)
    else:
        waits = made[wanted].volume_binding_mode == _FIRST_POD if wanted in made else False
        kind = FaultKind.CLAIM_UNBOUND
        why = (
            "it waits for a pod that can be scheduled" if waits else "its storage class has not made a volume"
        )
        if waits:
            return  # what keeps the pod from being scheduled is told of the pod
    yield Finding(
        kind=kind, object=f"persistentvolumeclaim/{name}", evidence=tuple(evidence), concerns=concerns,
        sentence=f"the claim {name} has no volume: {why}",
    )  # fmt: skip
