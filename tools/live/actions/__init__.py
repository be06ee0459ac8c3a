"""What can change a live world: one adapter per means, composed into the actions port."""

from collections.abc import Sequence
from pathlib import Path

from incidents.catalogue import Catalogue
from tools.clock import Clock
from tools.live.actions.adapter import Adapter
from tools.live.actions.command import CommandActions
from tools.live.actions.compose import LiveActions
from tools.live.actions.flags import FlagActions
from tools.live.actions.hotfix import HotfixActions
from tools.live.actions.kubernetes import KubernetesAdapter
from tools.live.actions.ledger import Ledger
from tools.live.actions.releases import ReleasesActions
from tools.live.secrets import Secrets
from tools.live.spec import ActionSpec, Command, Flags, Hotfix, KubernetesActions, Releases

__all__ = ["LiveActions", "adapter_of", "live_actions"]


def live_actions(
    specs: Sequence[ActionSpec], catalogue: Catalogue, secrets: Secrets, clock: Clock, ledger: Path
) -> LiveActions:
    """The actions port over everything that is configured; close it afterwards.

    Args:
        specs: what is configured; the first that can make a change makes it.
        catalogue: the only services that can be a target.
        secrets: resolves credentials when they are needed.
        clock: the wall's.
        ledger: a file that lasts as long as the store: what was begun, and what became of it.

    Raises:
        SettingsError: an adapter cannot be used as it is configured.
    """
    adapters = [adapter_of(spec, secrets, clock) for spec in specs]
    return LiveActions(adapters, catalogue, Ledger(ledger), clock)


def adapter_of(spec: ActionSpec, secrets: Secrets, clock: Clock) -> Adapter:
    """The adapter that a part of the configuration describes; raises like `live_actions`."""
    match spec:
        case Releases():
            return ReleasesActions(spec, clock)
        case KubernetesActions():
            return KubernetesAdapter(spec, secrets, clock)
        case Flags():
            return FlagActions(spec, clock)
        case Command():
            return CommandActions(spec, secrets, clock)
        case Hotfix():
            return HotfixActions(spec, secrets, clock)
