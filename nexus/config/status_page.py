"""`status` of `nexus.yaml`: the public page, its static copy, mail to those who want it."""

from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from incidents.value import Value
from tools.live.secrets import SecretRef


class Mail(Value):
    """Through which server mail leaves, and as whose."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65535)
    tls: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="none: only within this machine"
    )
    user: str | None = None
    password: SecretRef | None = None
    sender: str = Field(alias="from", pattern=r"^[^@\s<>]+@[^@\s<>]+$", description="its address")

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> "Mail":
        if self.tls == "none" and self.host not in {"localhost", "127.0.0.1", "::1"}:
            raise ValueError(
                "`tls: none` is for a server on this machine; let another one use starttls or tls"
            )
        return self


class StatusPageSettings(Value):
    """The page at `/status`; what stands on it is said by `public` of each service."""

    title: str = Field(default="Status", min_length=1, max_length=80, description="whose status it is")
    export: Path | None = Field(
        default=None, description="a folder that gets a static copy with every update; it outlives Nexus"
    )
    mail: Mail | None = Field(
        default=None, description="mail to those who subscribe; needs server.public_url"
    )
