"""Carries out a typed action on the shop, as a person with a shell would."""

from demo import failover
from demo.changes import Change
from demo.hotfix import deploy_revert
from demo.launcher import Shop
from incidents.action import Action, ActionKind

FALLBACK = "payment_fallback"
ON_CALL = "on call"


def carry_out(shop: Shop, action: Action) -> Change:
    """Does it, and answers what the log of changes says about it."""
    arguments = action.arguments
    match action.kind:
        case ActionKind.ROLLBACK if arguments.version:
            return shop.rollback(action.service, arguments.version)
        case ActionKind.SCALE if arguments.replicas:
            return shop.scale(action.service, arguments.replicas)
        case ActionKind.FEATURE_FLAG if arguments.flag and arguments.enabled is not None:
            return shop.set_flag(
                arguments.flag, arguments.enabled, author=ON_CALL, summary="Set during an incident"
            )
        case ActionKind.FALLBACK:
            return shop.set_flag(FALLBACK, True, author=ON_CALL, summary="Accept now, authorise later")
        case ActionKind.FAILOVER:
            return failover.promote(shop.folder)
        case ActionKind.HOTFIX if arguments.commit:
            return deploy_revert(shop.folder, arguments.commit)
        case ActionKind.RESTART:
            # A process that cannot start is what this action leads to, not a reason to stop here.
            shop.restart(action.service, settle=False)
            version = shop.releases.version(action.service)
            return shop.log.add(action.service, "infra", version, version, author=ON_CALL, summary="Restart")
        case _:
            raise ValueError(f"nobody can do that here: {action.title}")
