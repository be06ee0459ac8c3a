"""What pages need of the world that an incident was opened with; its file is read once for each content."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from incidents.catalogue import Catalogue, Service
from incidents.document import read_yaml
from incidents.errors import SettingsError
from incidents.incident import Incident
from nexus.config.settings import Settings
from nexus.config.site import load_site
from nexus.home import Home
from nexus.store.records import WorldKind, WorldRef
from tools.felt import title


class WorldFacts(NamedTuple):
    """Its services, and the loss from which on people are called."""

    catalogue: Catalogue
    revenue_threshold: float | None


def world_facts(world: WorldRef, settings: Settings) -> WorldFacts:
    """The facts of a world; where its file cannot be read nothing is known, and the page shows the rest."""
    if world.kind is WorldKind.LIVE:
        path = Path(world.path)
        return _site(path, _written(path))
    file = Path(world.path) / "case.yaml"
    return WorldFacts(_case(file, _written(file)), settings.revenue_threshold)


async def title_of(home: Home, incident: Incident) -> str:
    """What users feel of an incident, in the words that its world has for its services."""
    world = await home.store.world_of(incident.id)
    return title(incident, world_facts(world, home.settings).catalogue)


def _written(path: Path) -> tuple[int, int]:
    """What another content of a file differs by."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=8)
def _site(path: Path, written: tuple[int, int]) -> WorldFacts:
    try:
        site = load_site(path)
    except SettingsError:
        return WorldFacts(Catalogue(), None)
    return WorldFacts(site.catalogue, site.thresholds.revenue)


@lru_cache(maxsize=64)
def _case(file: Path, written: tuple[int, int]) -> Catalogue:
    try:
        document = read_yaml(file.read_text(encoding="utf-8"), source=str(file), error=SettingsError)
    except (OSError, UnicodeDecodeError, SettingsError):
        return Catalogue()
    listed = document.get("services") if isinstance(document, dict) else None
    rows = listed if isinstance(listed, Sequence) else ()
    return Catalogue(services=tuple(Service.from_stored(row) for row in rows if isinstance(row, dict)))
