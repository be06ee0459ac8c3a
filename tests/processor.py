"""What processes use of the processor; Linux only."""

import os
from pathlib import Path


def processor(pid: int) -> float:
    """The seconds that a process and all that it has started have used so far."""
    stats = {one: stat for one in map(int, _pids()) if (stat := _stat(one)) is not None}
    family, found = {pid}, 0
    while len(family) > found:
        found = len(family)
        family |= {one for one, stat in stats.items() if int(stat[1]) in family}
    ticks = sum(int(part) for one in family & stats.keys() for part in stats[one][11:15])
    return ticks / float(os.sysconf("SC_CLK_TCK"))


def _pids() -> list[str]:
    return [folder.name for folder in Path("/proc").iterdir() if folder.name.isdecimal()]


def _stat(pid: int) -> list[str] | None:
    """The fields from the state on: 1 is the parent, 11 to 14 the time of its own and of dead children."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
