"""Where the incidents are kept: in the home's file, or in a PostgreSQL that several processes share."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

from incidents.errors import SettingsError
from incidents.value import Value
from nexus.config.settings import PREFIX, Settings
from tools.extras import install_command, missing_extras
from tools.live.secrets import REFERENCE, Secrets

_ADDRESS = ("postgresql://", "postgres://")
_NO_ADDRESS = "the address of a PostgreSQL is expected: postgresql://…, env:NAME or file:/PATH"
_NAMED = "a secret is named, never written here: env:NAME or file:/PATH"
_FILES = re.compile(r"(s3|gs|abfs)://[a-z0-9][A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*/?|file:///[^?#]+")
_SECRET = re.compile(r"key|secret|token|password|credential|connection_string|sas")
_NEVER_HERE = "a password is named, never written here; the whole address may be env:NAME or file:/PATH"
#: What a file that says nothing of a store does not hold: it need not be read.
_SAYS_SO = re.compile(r"\bstore['\"]?\s*:")


def _without_password(text: Any) -> Any:
    """Refuse what is no address, and a password that is written out, without repeating it."""
    if isinstance(text, str) and REFERENCE.fullmatch(text):
        return text
    if not isinstance(text, str) or not text.startswith(_ADDRESS):
        raise PydanticCustomError("secret", _NO_ADDRESS)
    parts = urlsplit(text)
    if parts.password or "password" in parse_qs(parts.query):
        raise PydanticCustomError("secret", _NEVER_HERE)
    return text


#: `postgresql://…` without a password, or where the whole address is: `env:NAME`, `file:/absolute/path`.
DatabaseUrl = Annotated[str, BeforeValidator(_without_password)]


def _shared(text: Any) -> Any:
    if not isinstance(text, str) or not _FILES.fullmatch(text):
        raise ValueError(
            f"{text!r} is no place for files: s3://BUCKET/NAME, gs://…, abfs://… or file:///PATH"
        )
    return text


#: An address without user, password and query.
FilesUrl = Annotated[str, BeforeValidator(_shared)]


class StoreSettings(Value):
    """Where the incidents are kept.

    Attributes:
        url: the database; None: a file in the home.
        direct_url: past a pooler that gives out connections by transaction.
        files: where the incidents' files lie, `s3://BUCKET/NAME` or `file:///PATH`; None: where incidents do.
        files_options: what that needs, as fsspec calls it: `endpoint_url`, `key`; secrets are named.
        retention_days: incidents that were closed longer ago are deleted by the server itself; None: none is.
    """

    url: DatabaseUrl | None = None
    direct_url: DatabaseUrl | None = None
    files: FilesUrl | None = None
    files_options: dict[str, str] = Field(default={})
    retention_days: int | None = Field(default=None, ge=1)

    @field_validator("files_options")
    @classmethod
    def _named(cls, options: dict[str, str]) -> dict[str, str]:
        for name, value in options.items():
            if _SECRET.search(name) and not REFERENCE.fullmatch(value):
                raise PydanticCustomError("secret", f"{name}: {_NAMED}")  # its value is not repeated
        return options


class Database(Value):
    """The addresses of a database, with what is secret in them."""

    url: SecretStr
    direct_url: SecretStr | None = None


def database_of(
    settings: Settings, environment: Mapping[str, str], path: Path | None = None
) -> Database | None:
    """The database of `NEXUS_DATABASE_URL`, else of `store` in `nexus.yaml`; None: the home's own file.

    Args:
        settings: read from the environment.
        environment: where the references of `nexus.yaml` are looked up.
        path: the `nexus.yaml`; None: the one that the settings name, if it is there.

    Raises:
        SettingsError: what it says of a store cannot be read, or what it needs is not installed.
    """
    found = _in_environment(settings) or _in_file(path or settings.config, Secrets(environment))
    if found is not None and missing_extras(("postgres",)):
        raise SettingsError(
            f"The store needs the extra `postgres`, not installed here; {install_command('postgres')}"
        )
    return found


def _in_environment(settings: Settings) -> Database | None:
    if settings.database_url is None:
        if settings.database_direct_url is not None:
            raise SettingsError(f"{PREFIX}DATABASE_DIRECT_URL: it stands beside a {PREFIX}DATABASE_URL")
        return None
    return Database(url=settings.database_url, direct_url=settings.database_direct_url)


def said_of_store(path: Path) -> StoreSettings | None:
    """What a `nexus.yaml` says of the store; None: nothing, or the file cannot be read.

    Raises:
        SettingsError: it says something that cannot be used.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None  # who needs the file says what is wrong with it
    if not _SAYS_SO.search(text):
        return None
    from incidents.document import parse_document, read_yaml  # noqa: PLC0415 - most verbs read no YAML

    content = read_yaml(text, source=str(path), error=SettingsError).get("store")
    if content is None:
        return None
    return parse_document(content, StoreSettings, source=str(path), error=SettingsError, under="store")


def _in_file(path: Path, secrets: Secrets) -> Database | None:
    said = said_of_store(path)
    if said is None or said.url is None:
        return None
    return Database(
        url=_address(said.url, secrets), direct_url=said.direct_url and _address(said.direct_url, secrets)
    )


def _address(given: str, secrets: Secrets) -> SecretStr:
    return secrets(given) if REFERENCE.fullmatch(given) else SecretStr(given)
