"""What the shop consists of: its services, how many instances each may have, where each one listens."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from demo.processes import free_port


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A part of the shop.

    Attributes:
        name: What everybody calls it.
        owner: The speciality that looks after it.
        depends_on: What it calls.
        first_version: The release it starts with; None for what runs elsewhere.
        kind: What sort of part it is.
        user_facing: Whether customers touch it.
        instances: How many processes it may have.
        started: How many of them run from the start.
    """

    name: str
    owner: str
    depends_on: tuple[str, ...] = ()
    first_version: str | None = None
    kind: Literal["service", "database", "external"] = "service"
    user_facing: bool = False
    instances: int = 1
    started: int = 1


CATALOGUE = (
    Entry(
        name="web",
        owner="frontend",
        depends_on=("catalogue", "checkout"),
        first_version="2026.11.1",
        user_facing=True,
    ),
    Entry(
        name="checkout",
        owner="backend",
        depends_on=("catalogue", "payment", "database"),
        first_version="2026.11.1",
    ),
    Entry(name="payment", owner="backend", depends_on=("card-network",), first_version="2026.10.4"),
    Entry(
        name="catalogue",
        owner="backend",
        depends_on=("database",),
        first_version="2026.11.3",
        instances=4,
    ),
    # The second instance is the replica of the first.
    Entry(
        name="database",
        owner="data",
        first_version="2026.9.2",
        kind="database",
        instances=2,
        started=2,
    ),
    Entry(name="card-network", owner="backend", kind="external"),
)

#: What runs from the releases folder, under the supervisor.
DEPLOYED: Mapping[str, Entry] = {entry.name: entry for entry in CATALOGUE if entry.first_version}
FIRST_VERSIONS: Mapping[str, str] = {
    entry.name: entry.first_version for entry in CATALOGUE if entry.first_version
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an instance listens."""

    port: int
    instance: str


Inventory = Mapping[str, tuple[Place, ...]]


def take_places() -> Inventory:
    """A free port for every instance of every part."""
    return {
        entry.name: tuple(
            Place(port=free_port(), instance=f"{entry.name}-{number}")
            for number in range(1, entry.instances + 1)
        )
        for entry in CATALOGUE
    }


def write_inventory(file: Path, inventory: Inventory) -> None:
    """Tells the services where the others are."""
    file.write_text(
        json.dumps({name: [asdict(place) for place in places] for name, places in inventory.items()})
    )


def read_inventory(file: Path) -> Inventory:
    """What `write_inventory` wrote."""
    known = json.loads(file.read_text())
    return {name: tuple(Place(**place) for place in places) for name, places in known.items()}
