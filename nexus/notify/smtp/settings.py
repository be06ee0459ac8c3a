"""`kind: mail`, and the server that mail leaves through."""

from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from incidents.value import Value
from nexus.notify.settings import DestinationSettings
from tools.live.secrets import SecretRef

ADDRESS = r"^[^@\s<>,;:\"\\]+@[^@\s<>,;:\"\\]+$"


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


class MailSettings(DestinationSettings):
    """Each notice is a letter to one address; those of an incident are one conversation."""

    kind: Literal["mail"]
    to: str = Field(pattern=ADDRESS, max_length=254, description="one address, of a person or of a list")
    server: Mail = Field(description="through which mail leaves")
