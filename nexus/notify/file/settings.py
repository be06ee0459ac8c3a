"""`kind: file`."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from nexus.notify.settings import DestinationSettings


class FileSettings(DestinationSettings):
    """Each notice is a line of JSON at the end of a file."""

    kind: Literal["file"]
    path: Path = Field(description="the file; one without a whole path lies in the folder of nexus.yaml")
