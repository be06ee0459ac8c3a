"""The code and patches ports of a live world, over the repositories that its hotfixes name."""

from collections.abc import Sequence

from tools.live.code.git import GitCode, Source
from tools.live.code.patches import GitPatches
from tools.live.repository import Repository
from tools.live.settings import ActionSpec, Hotfix


def live_code(specs: Sequence[ActionSpec]) -> GitCode | None:
    """The code port over every repository that a hotfix names; the first that has a service shows it."""
    found: dict[str, Source] = {}
    for spec in specs:
        if isinstance(spec, Hotfix):
            repository = Repository(spec.repository)
            for service in spec.services:
                folder = spec.paths.get(service, "")
                found.setdefault(service, Source(repository, f"refs/heads/{spec.base}", folder))
    return GitCode(found) if found else None


def live_patches(specs: Sequence[ActionSpec]) -> GitPatches | None:
    """The patches port over every hotfix that says `patches`."""
    allowed = [spec for spec in specs if isinstance(spec, Hotfix) and spec.patches]
    return GitPatches(allowed) if allowed else None
