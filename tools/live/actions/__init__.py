"""What can change a live world: one adapter per means, composed into the actions port."""

from collections.abc import Sequence
from pathlib import Path

from incidents.catalogue import Catalogue
from tools.clock import Clock
from tools.live.actions.action_log import ActionLog, ActionRecords
from tools.live.actions.adapter import Adapter
from tools.live.actions.command import CommandActions
from tools.live.actions.compose import LiveActions
from tools.live.actions.flags import FlagActions
from tools.live.actions.gitops import GitOpsActions
from tools.live.actions.hotfix import HotfixActions
from tools.live.actions.kubernetes import KubernetesAdapter
from tools.live.actions.mcp import McpActions
from tools.live.actions.releases import ReleasesActions
from tools.live.secrets import Secrets
from tools.live.settings import ActionSpec, Command, Flags, GitOps, Hotfix, KubernetesActions, Releases
from tools.live.settings_tools import McpServer

__all__ = ["LiveActions", "McpActions", "adapter_of", "live_actions"]


def live_actions(
    specs: Sequence[ActionSpec],
    catalogue: Catalogue,
    secrets: Secrets,
    clock: Clock,
    ledger: Path,
    servers: Sequence[McpServer] = (),
    records: ActionRecords | None = None,
) -> LiveActions:
    """The actions port over everything that is configured; close it afterwards.

    Args:
        specs: what is configured; the first that can make a change makes it.
        catalogue: the only services that can be a target.
        secrets: resolves credentials when they are needed.
        clock: the wall's.
        ledger: a file that lasts as long as the store: what was begun, and what became of it.
        servers: MCP servers; the actions that are declared of them come after the others.
        records: where that is written instead, where several machines share a store.

    Raises:
        SettingsError: an adapter cannot be used as it is configured.
    """
    adapters = [adapter_of(spec, secrets, clock) for spec in specs]
    adapters += [McpActions(one, declared, secrets, clock) for one in servers for declared in one.actions]
    return LiveActions(adapters, catalogue, ActionLog(ledger, records), clock)


def adapter_of(spec: ActionSpec, secrets: Secrets, clock: Clock) -> Adapter:
    """The adapter that a part of the configuration describes; raises like `live_actions`."""
    match spec:
        case Releases():
            return ReleasesActions(spec, clock)
        case KubernetesActions():
            return KubernetesAdapter(spec, secrets, clock)
        case Flags():
            return FlagActions(spec, secrets, clock)
        case Command():
            return CommandActions(spec, secrets, clock)
        case Hotfix():
            return HotfixActions(spec, secrets, clock)
        case GitOps():
            return GitOpsActions(spec, secrets, clock)
