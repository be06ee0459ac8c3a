"""Where the database is; what stands in it is secret."""

from dataclasses import dataclass

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from incidents.errors import SettingsError


@dataclass(frozen=True)
class Address:
    """A database.

    Attributes:
        url: `postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…`; it may lead to a pooler.
        direct_url: past a pooler that gives out connections by transaction; for what needs one of its own.
    """

    url: SecretStr
    direct_url: SecretStr | None = None

    def __post_init__(self) -> None:
        for name, url in (("store.url", self.url), ("store.direct_url", self.direct_url)):
            if url is not None:
                _parts(name, url)

    @property
    def direct(self) -> SecretStr:
        """The way past a pooler, if there is one."""
        return self.direct_url or self.url

    def __str__(self) -> str:
        """How people are told of it: without user and password."""
        parts = _parts("store.url", self.url)
        port = f":{parts['port']}" if parts.get("port") else ""
        return f"{parts.get('host') or 'localhost'}{port}/{parts.get('dbname') or parts.get('user') or ''}"

    def hidden(self, text: str) -> str:
        """A text of the driver's without the passwords that it may repeat."""
        for url in (self.url, self.direct_url):
            secret = _parts("store.url", url).get("password") if url is not None else None
            text = text.replace(str(secret), "***") if secret else text
        return text


def _parts(name: str, url: SecretStr) -> dict[str, object]:
    value = url.get_secret_value()
    if not value.startswith(("postgresql://", "postgres://")):
        raise SettingsError(f"{name}: it is no address of a PostgreSQL: postgresql://USER@HOST/DATABASE")
    try:
        return dict(conninfo_to_dict(value))
    except psycopg.ProgrammingError:  # its message repeats the address, which holds the password
        raise SettingsError(
            f"{name}: it cannot be read; write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, and what is "
            "special in the password percent-encoded"
        ) from None
