"""What was changed in a live world: one adapter per record of changes, merged into the changes port."""

from collections.abc import Sequence

from incidents.catalogue import Catalogue
from tools.live.changes.git import GitChanges
from tools.live.changes.github import GitHubChanges
from tools.live.changes.gitlab import GitLabChanges
from tools.live.changes.kubernetes import KubernetesChanges
from tools.live.changes.merged import MergedChanges, Source
from tools.live.changes.releases import LoggedChanges
from tools.live.secrets import Secrets
from tools.live.settings import ChangeSpec, Git, GitHub, GitLab, KubernetesHistory, ReleaseLog

__all__ = ["MergedChanges", "Source", "live_changes", "source_of"]


def live_changes(
    specs: Sequence[ChangeSpec], catalogue: Catalogue, secrets: Secrets, sent: Source | None = None
) -> MergedChanges:
    """The changes port, and that of pipelines, over everything that is configured; close it afterwards.

    `sent` is what senders told by themselves; what a configured source tells of the same change comes first.
    """
    sources = {f"{spec.kind} {number}": source_of(spec, secrets) for number, spec in enumerate(specs, 1)}
    return MergedChanges(sources | ({"senders": sent} if sent is not None else {}), catalogue.names)


def source_of(spec: ChangeSpec, secrets: Secrets) -> Source:
    """The adapter that a part of the configuration describes."""
    match spec:
        case ReleaseLog():
            return LoggedChanges(spec)
        case Git():
            return GitChanges(spec)
        case GitHub():
            return GitHubChanges(spec, secrets)
        case GitLab():
            return GitLabChanges(spec, secrets)
        case KubernetesHistory():
            return KubernetesChanges(spec, secrets)
