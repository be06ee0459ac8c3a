"""Pictures of the configured pages as evidence: each is stored with an id, its page and its caption."""

import hashlib
import json
from dataclasses import dataclass

from incidents.errors import ToolFailed
from incidents.findings import Evidence, EvidenceStatus
from tools.ports import Screens, Shot
from tools.toolset import Toolset
from tools.wording import clock_time


@dataclass(frozen=True)
class Kept:
    """One picture that was kept."""

    evidence: Evidence
    shot: Shot


@dataclass(frozen=True)
class Screenshots:
    """The pictures of all pages that could be opened, and a sentence for each reason why others could not."""

    kept: tuple[Kept, ...] = ()
    gaps: tuple[str, ...] = ()


async def screenshots(toolset: Toolset) -> Screenshots:
    """Take a picture of every configured page and keep it in the name of the toolset's role.

    Returns:
        Nothing at all where the world has no pages, as in recordings.
    """
    screens = toolset.sources.world.screens
    if screens is None:
        return Screenshots()
    shots, gaps = await shoot_all(screens)
    kept = []
    for shot in shots:
        evidence = _evidence(toolset, shot)
        await toolset.store.put(evidence, shot.png)
        kept.append(Kept(evidence, shot))
    return Screenshots(tuple(kept), gaps)


async def shoot_all(screens: Screens) -> tuple[tuple[Shot, ...], tuple[str, ...]]:
    """A picture of every configured page, and a sentence for each that could not be taken."""
    shots, gaps = [], []
    for name in screens.pages:
        try:
            shots.append(await screens.shoot(name))
        except ToolFailed as error:
            gaps.append(str(error))
    return tuple(shots), tuple(dict.fromkeys(gaps))


def _evidence(toolset: Toolset, shot: Shot) -> Evidence:
    query = json.dumps({"page": shot.page}, sort_keys=True)
    digest = hashlib.sha256(shot.png).hexdigest()
    incident = toolset.sources.incident.id
    identity = hashlib.sha256(f"{incident} screenshot {query} {digest}".encode()).hexdigest()
    return Evidence(
        id=f"E-{identity[:8]}", incident=incident, tool="screenshot", query=query,
        role=toolset.role, at=shot.at,
        status=EvidenceStatus.OK,
        summary=f"picture of the page {shot.page} of {shot.service} at {clock_time(shot.at)}: {shot.said}",
        size=len(shot.png), digest=digest,
    )  # fmt: skip
