"""`status` of `nexus.yaml`: the public page, its static copy, mail to those who want it."""

from pathlib import Path

from pydantic import Field

from incidents.value import Value
from nexus.notify.smtp.settings import Mail


class StatusPageSettings(Value):
    """The page at `/status`; what stands on it is said by `public` of each service."""

    title: str = Field(default="Status", min_length=1, max_length=80, description="whose status it is")
    export: Path | None = Field(
        default=None, description="a folder that gets a static copy with every update; it outlives Nexus"
    )
    mail: Mail | None = Field(
        default=None, description="mail to those who subscribe; needs server.public_url"
    )
