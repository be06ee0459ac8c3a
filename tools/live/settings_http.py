"""How a backend is reached over HTTP: address, credentials, time limit."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, HttpUrl, field_validator
from pydantic_core import PydanticCustomError

from incidents.duration import Duration
from incidents.value import Value
from tools.live.secrets import SecretRef


class Auth(Value):
    """How to log in; at most one of bearer and user is used."""

    bearer: SecretRef | None = None
    user: str | None = None
    password: SecretRef | None = None
    headers: dict[str, SecretRef] = Field(default={}, description="further headers, such as X-Scope-OrgID")
    ca_file: Path | None = Field(default=None, description="certificates to trust for this backend")


class Http(Value):
    """A backend that is asked over HTTP."""

    url: HttpUrl
    auth: Auth = Auth()
    timeout: Duration = Field(default=timedelta(seconds=10), description="of one request")

    @field_validator("url")
    @classmethod
    def _plain(cls, url: HttpUrl) -> HttpUrl:
        if url.username or url.password or url.query or url.fragment:
            # The value is not repeated: it may hold the very password that this forbids.
            raise PydanticCustomError(
                "secret", "an address without user, password and query; credentials belong into `auth`"
            )
        return url
