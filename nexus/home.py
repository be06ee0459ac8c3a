"""The part of the home that every verb needs and that opens fast: settings, store, folder, policy.

Nothing here imports the graph, the frames or a model; what needs those is in `nexus.runtime.wiring`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from incidents.errors import SettingsError
from incidents.incident import Incident
from incidents.policy import ApprovalPolicy
from nexus.config.settings import Settings
from nexus.files import IncidentFiles, IncidentFolder, InStore, Relocated
from nexus.reading import ReadableHome
from nexus.store.find import find_incident
from nexus.store.records import WorldKind, WorldRef
from nexus.store.relational.store import RelationalStore
from nexus.store.sqlite.store import Store

if TYPE_CHECKING:
    from nexus.config.database import Database
    from nexus.config.object_store import ObjectStore


@dataclass(frozen=True)
class Home(ReadableHome[RelationalStore]):
    """What is configured, and the store with all that it does.

    Attributes:
        files: what the incidents' steps write for people.
        folder: this machine's, for what recorded worlds play with and what older versions left.
    """

    files: IncidentFiles
    folder: IncidentFolder

    def services_of(self, world: WorldRef) -> tuple[str, ...]:
        """The names of the services in the world of an incident.

        Raises:
            SettingsError: its `nexus.yaml`, or the case, cannot be read.
        """
        if world.kind is WorldKind.CASE:
            return services_of_case(Path(world.path))
        from nexus.config.site import load_site  # noqa: PLC0415  # as above

        return load_site(Path(world.path)).catalogue.names

    async def policy_for(self, identity: str) -> ApprovalPolicy:
        """Who may approve what in an incident.

        Raises:
            UnknownName: there is none of that id.
            SettingsError: as `policy_of`.
        """
        return self.policy_of(await self.store.world_of(identity))

    async def find(self, identity: str) -> Incident:
        """The incident of an id.

        Raises:
            UnknownName: there is none.
        """
        return await find_incident(self.store, identity)


def services_of_case(folder: Path) -> tuple[str, ...]:
    """The services that a recorded world lists; the rest of the case is not needed, and not read.

    Raises:
        SettingsError: its `case.yaml` cannot be read.
    """
    file = folder / "case.yaml"
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{file} cannot be read ({error.strerror}); was the case moved?") from None
    from incidents.document import read_yaml  # noqa: PLC0415  # as above: most verbs read no YAML

    listed = read_yaml(text, source=str(file), error=SettingsError).get("services") or ()
    return tuple(str(one["name"]) for one in listed if isinstance(one, dict) and "name" in one)


def open_home(
    settings: Settings,
    *,
    create: bool,
    environment: Mapping[str, str] | None = None,
    threads: bool = True,
    database: "Database | None" = None,
    migrate: bool = True,
    objects: "ObjectStore | None" = None,
) -> Home:
    """Open the store.

    Args:
        settings: what is configured; its home holds the files, whatever holds the incidents.
        create: make the store where there is none.
        environment: where secrets are looked up.
        threads: as the stores have it.
        database: the PostgreSQL that holds the incidents; None: a file in the home.
        migrate: make and upgrade the database's tables with `create`; a file is always upgraded.
        objects: where files lie; None: in the home, or in the database.

    Raises:
        UsageError: there is no store yet and none was to be made, or a newer Nexus wrote it.
        NexusError: it cannot be read or written.
    """
    folder = IncidentFolder(settings.home)
    known = environment or {}
    if database is None:
        store = Store.open(settings.home, create=create, threads=threads)
        return Home(settings, store, _files(objects, folder), folder, environment=known)
    # Imported late: teams without PostgreSQL have none of its packages.
    from nexus.store.postgres.address import Address  # noqa: PLC0415
    from nexus.store.postgres.store import PostgresStore  # noqa: PLC0415

    address = Address(database.url, database.direct_url)
    shared = PostgresStore.open(address, create=create and migrate, threads=threads)
    return Home(settings, shared, _files(objects, InStore(shared)), folder, environment=known)


def _files(objects: "ObjectStore | None", beside: IncidentFiles) -> IncidentFiles:
    return beside if objects is None else Relocated(elsewhere(objects), beside)


def elsewhere(objects: "ObjectStore") -> IncidentFiles:
    """The files at an address.

    Raises:
        SettingsError: what it needs is not installed, or it does not take an option.
    """
    if objects.scheme == "file":
        return IncidentFolder(Path(objects.root))
    from nexus.objects import IncidentObjects  # noqa: PLC0415 - few houses have one

    return IncidentObjects.open(objects)
