"""The verb that prints which rights Nexus needs elsewhere, ready to be given."""

from pathlib import Path
from typing import Annotated

from incidents.errors import NexusError, UsageError
from nexus.cli.base import settings, write
from nexus.cli.parser import Group, Option, Verbs

_ACCOUNT = "The service account that gets them, NAMESPACE/NAME."


def verbs() -> Verbs:
    """The verbs of this module."""
    return {"rights": Group("The rights that what nexus.yaml names needs.", {"kubernetes": kubernetes})}


def kubernetes(
    account: Annotated[str, Option("--account", help=_ACCOUNT)] = "nexus/nexus-worker",
    config: Annotated[
        Path | None, Option("--config", help="The configuration; default: nexus.yaml here.")
    ] = None,
) -> None:
    """Print them as Roles for `kubectl apply -f -`: what reads, what changes; `doctor` tells which lack."""
    from nexus.config.site import load_site
    from tools.live.cluster.act_accounts import act_accounts
    from tools.live.cluster.rights import grants
    from tools.live.cluster.roles import Account, manifests

    namespace, _, name = account.partition("/")
    if not namespace or not name or "/" in name:
        raise UsageError(f"--account is NAMESPACE/NAME, not {account!r}")
    path = (config or settings().config).resolve()
    backends = load_site(path).backends
    found = grants(backends)
    if not found:
        raise NexusError(f"{path} names nothing of Kubernetes: no right is needed")
    write(manifests(found, Account(namespace, name), act_accounts(backends)))
