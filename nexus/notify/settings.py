"""What every destination of `nexus.yaml` says of itself, whatever its kind."""

from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from incidents.duration import Duration
from incidents.value import Value
from tools.live.secrets import REFERENCE


def _address(text: Any) -> Any:
    """Refuse what is neither an address nor the name of one, without repeating it: it may hold a secret."""
    if isinstance(text, str) and REFERENCE.fullmatch(text):
        return text
    try:
        parts = urlsplit(text) if isinstance(text, str) else None
        good = parts is not None and parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        good = False
    if not good or (parts is not None and (parts.username or parts.password)):
        raise PydanticCustomError(
            "address", "no address: write https://HOST/PATH, or env:NAME or file:/PATH where it is a secret"
        )
    return text


#: `https://HOST/PATH`, or a reference to one that nobody may read.
Address = Annotated[str, BeforeValidator(_address)]


class DestinationSettings(Value):
    """The base of a kind's settings; each kind adds `kind`, a literal by which it is told from the others."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="as routes and pages call it")
    limit: Duration = Field(default=timedelta(seconds=10), description="how long one try may take")
    per_minute: int | None = Field(
        default=None, ge=1, description="what wakes nobody is held back beyond so many, and then said as one"
    )
    at_once: int = Field(
        default=8, ge=1, le=100, description="tries at the same time; one more is kept for P0 and P1"
    )
