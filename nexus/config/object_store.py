"""Where incidents' files lie, if neither in the home nor in the database: a bucket, or a shared folder."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from incidents.errors import SettingsError
from incidents.value import Value
from nexus.config.database import said_of_store
from nexus.config.settings import Settings
from tools.extras import install_command, missing_extras
from tools.live.secrets import REFERENCE, Secrets


class ObjectStore(Value):
    """An address with what is needed there.

    Attributes:
        scheme: `s3`, or another that fsspec knows; `file`: a folder.
        root: the bucket and what stands before every name in it; of a folder its path.
        options: of fsspec's file system, as `endpoint_url`, `key`, `secret`.
    """

    scheme: str
    root: str
    options: Mapping[str, SecretStr] = {}


def object_store_of(
    settings: Settings, environment: Mapping[str, str], path: Path | None = None
) -> ObjectStore | None:
    """What `store.files` of `nexus.yaml` says; None: files lie where the incidents do.

    Raises:
        SettingsError: it cannot be read, names a secret that is not there, or needs what is not installed.
    """
    said = said_of_store(path or settings.config)
    if said is None or said.files is None:
        return None
    scheme, _, root = said.files.partition("://")
    if scheme != "file" and missing_extras(("objects",)):
        raise SettingsError(
            f"store.files needs the extra `objects`, not installed here; {install_command('objects')}"
        )
    secrets = Secrets(environment)
    options = {
        name: secrets(value) if REFERENCE.fullmatch(value) else SecretStr(value)
        for name, value in said.files_options.items()
    }
    return ObjectStore(scheme=scheme, root=root.rstrip("/"), options=options)
