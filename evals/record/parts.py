"""What every recording of a world has, whichever incident it is of: the sources, the services, the files."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from evals.record.snapshot import Snapshot
from incidents.catalogue import Catalogue
from incidents.errors import ToolFailed
from tools.ports import World
from tools.recorded import CaseAlert
from tools.recorded.code import CODE
from tools.recorded.document import BaselineEntry, ServiceEntry
from tools.recorded.write import write_pages
from tools.source_code import Bundle


async def bundles_of(world: World, at: datetime, shot: Snapshot) -> tuple[Bundle, ...]:
    """The sources as they could be released at a moment; what cannot be kept is noted in `shot`."""
    if (code := world.code) is None:
        return ()
    kept = []
    for service in code.services:
        try:
            kept.append(await code.bundle(service, at))
        except ToolFailed as error:
            shot.left_out.append(f"{CODE}/{service}.bundle: {error}")
    return tuple(kept)


def services_of(catalogue: Catalogue, instances: Mapping[str, int]) -> tuple[ServiceEntry, ...]:
    """The catalogue as a case holds it."""
    return tuple(
        ServiceEntry.model_validate(one.model_dump() | {"instances": instances.get(one.name)})
        for one in catalogue.services
    )


def baseline_of(shot: Snapshot) -> BaselineEntry | None:
    """The quiet time inside the recording, if there is one."""
    return BaselineEntry(start=shot.quiet.start, end=shot.quiet.end) if shot.quiet is not None else None


def write_parts(
    folder: Path, shot: Snapshot, bundles: Sequence[Bundle], late: Mapping[str, tuple[CaseAlert, ...]]
) -> None:
    """Write the telemetry of a snapshot and the sources into a case's folder.

    Args:
        folder: the case.
        shot: what was read.
        bundles: the sources.
        late: alerts that came after an executed action, by the action's key.
    """
    write_pages(folder / "telemetry", shot.pages)
    if shot.baseline is not None:
        write_pages(folder / "baseline", shot.baseline)
    for key, pages in shot.aftermaths.items():
        write_pages(folder / "aftermath" / key, pages.told(late.get(key, ())))
    for bundle in bundles:
        (folder / CODE).mkdir(exist_ok=True)
        (folder / CODE / f"{bundle.service}.bundle").write_bytes(bundle.data)
