"""What `autonomy` lets begin without a person, held against the rest of `nexus.yaml`."""

from incidents.autonomy import Autonomy
from incidents.policy import ApprovalPolicy


def permitted_too_much(autonomy: Autonomy | None, approval: ApprovalPolicy, *, told: bool) -> list[str]:
    """A sentence for each thing that it permits and the rest of the file does not.

    Args:
        autonomy: the policy; None: nothing is permitted.
        approval: how many people changes need by `approval.rules`.
        told: whether there is a destination where people hear of what begins.
    """
    if autonomy is None or not autonomy.earns:
        return []
    wrong = {
        number: f"autonomy.rules[{number}]: `approval.rules` asks for {people} people for a {kind} in a "
        f"{severity}, so it cannot begin without one; leave it out of one of them"
        for number, kind, _, severity in autonomy.permits()
        if (people := approval.needed(kind, severity)) > 1
    }
    unheard = (
        "autonomy: what begins without a person is announced, and nobody would hear of it; name a "
        "destination under `notify.destinations`"
    )
    return [*wrong.values(), *(() if told else (unheard,))]
