"""Homes that earlier releases have written, unpacked for a test."""

import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

FOLDER = Path(__file__).parent
CASES = FOLDER.parents[1] / "evals" / "cases"

#: The incidents of each of them.
RECORDED, LIVE = "INC-2026-11-23-001", "INC-2026-11-29-001"


def unpacked(release: str, into: Path) -> Path:
    """The home of a release, whose recorded incident finds its case in this checkout."""
    with tarfile.open(FOLDER / f"{release}.tar.xz") as archive:
        archive.extractall(into, filter="data")
    home = into / release
    with closing(sqlite3.connect(home / "nexus.db")) as file, file:
        file.execute("update incidents set world = replace(world, '/srv/cases', ?)", (str(CASES),))
    return home
