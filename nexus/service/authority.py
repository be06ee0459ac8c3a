"""Whether somebody may do something with an incident: their roles, in the world that it was opened with."""

from collections.abc import Callable

from incidents.access import Permission
from incidents.actor import Actor
from incidents.errors import SettingsError
from incidents.policy import ApprovalPolicy
from nexus.store.records import WorldRef

PolicyOf = Callable[[WorldRef], ApprovalPolicy]


def require(policy_of: PolicyOf, world: WorldRef, actor: Actor, permission: Permission) -> None:
    """Refuse who may not do it. The agents can be stopped also while `nexus.yaml` cannot be read.

    Raises:
        Forbidden: the sentence says who may.
        SettingsError: the world is a live one and its `nexus.yaml` cannot be read.
    """
    try:
        policy = policy_of(world)
    except SettingsError:
        if permission is Permission.STOP:
            return
        raise
    policy.require(actor, permission)
