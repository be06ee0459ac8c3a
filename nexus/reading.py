"""The home of who asks or decides: the settings, and of the store what that takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Self, TypeAlias, TypeVar

from nexus.config.settings import Settings
from nexus.store.records import WorldKind, WorldRef
from nexus.store.relational.lists import ListReads
from nexus.store.relational.transactions import Transactions
from nexus.store.sqlite.direct import DirectDatabase
from nexus.store.sqlite.opening import FILE
from tools.live.secrets import Secrets

if TYPE_CHECKING:
    from incidents.policy import ApprovalPolicy
    from nexus.config.database import Database
    from nexus.store.relational.decisions import Decisions
    from nexus.store.relational.proposals import ProposalReads
    from nexus.store.relational.reads import IncidentReads
    from tools.clock import Clock

S_co = TypeVar("S_co", bound=ListReads, covariant=True)


@dataclass(frozen=True)
class ReadableHome(Generic[S_co]):
    """What is configured, and of the store what is asked for."""

    settings: Settings
    store: S_co
    environment: Mapping[str, str] = field(default_factory=dict, repr=False, kw_only=True)

    @property
    def clock(self) -> "Clock":
        """The wall's time, as all processes that share the store have it."""
        return self.store

    @property
    def secrets(self) -> Secrets:
        """Resolves the references of `nexus.yaml`."""
        return Secrets(self.environment)

    @property
    def policy(self) -> "ApprovalPolicy":
        """Who may approve what in recorded worlds."""
        from incidents.policy import ApprovalPolicy  # noqa: PLC0415 - who only looks has none

        return ApprovalPolicy(people=self.settings.people)

    def policy_of(self, world: WorldRef) -> "ApprovalPolicy":
        """Who may approve what in the world of an incident.

        Raises:
            SettingsError: the world is a live one and its `nexus.yaml` cannot be read.
        """
        if world.kind is WorldKind.CASE:
            return self.policy
        # Imported late: the settings of backends are not needed for incidents of recorded worlds.
        from nexus.config.site import load_site  # noqa: PLC0415

        return load_site(Path(world.path)).policy

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


#: Of who decides.
DecisionHome: TypeAlias = "ReadableHome[Decisions]"

# No more is imported than a verb opens: an incident is made of sixty types, a line of a list of three.


def open_lists(
    settings: Settings, environment: Mapping[str, str], database: "Database | None" = None
) -> ReadableHome[ListReads]:
    """Open what lists need; it answers in the thread that asks.

    Args:
        settings: what is configured; its home holds the file.
        environment: where secrets are looked up.
        database: the PostgreSQL that holds the incidents; None: a file in the home.

    Raises:
        UsageError: there is no store yet, or a newer Nexus wrote it.
        NexusError: it cannot be read.
    """
    return ReadableHome(settings, ListReads(_opened(settings, database)), environment=environment)


def open_proposals(
    settings: Settings, environment: Mapping[str, str], database: "Database | None" = None
) -> "ReadableHome[ProposalReads]":
    """Open what proposals need; as `open_lists`."""
    from nexus.store.relational.proposals import ProposalReads  # noqa: PLC0415

    return ReadableHome(settings, ProposalReads(_opened(settings, database)), environment=environment)


def open_decisions(
    settings: Settings, environment: Mapping[str, str], database: "Database | None" = None
) -> DecisionHome:
    """Open what a decision needs; as `open_lists`."""
    from nexus.store.relational.decisions import Decisions  # noqa: PLC0415

    return ReadableHome(settings, Decisions(_opened(settings, database)), environment=environment)


def open_incidents(
    settings: Settings, environment: Mapping[str, str], database: "Database | None" = None
) -> "ReadableHome[IncidentReads]":
    """Open what whole incidents need; as `open_lists`."""
    from nexus.store.relational.reads import IncidentReads  # noqa: PLC0415

    return ReadableHome(settings, IncidentReads(_opened(settings, database)), environment=environment)


def _opened(settings: Settings, database: "Database | None") -> Transactions:
    if database is None:
        return DirectDatabase(settings.home / FILE, create=False)
    # Imported late: teams without PostgreSQL have none of its packages.
    from nexus.store.postgres.address import Address  # noqa: PLC0415
    from nexus.store.postgres.direct import opened  # noqa: PLC0415

    return opened(Address(database.url, database.direct_url))
