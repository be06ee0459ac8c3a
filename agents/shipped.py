"""YAML documents that ship inside a package of the agents, as values."""

from importlib import resources
from typing import TypeVar

from incidents.document import parse_document, read_yaml
from incidents.errors import SettingsError
from incidents.value import Value

V = TypeVar("V", bound=Value)


def shipped(package: str, name: str, model: type[V]) -> V:
    """A document of a package.

    Args:
        package: `__package__` of whose it is.
        name: its path below the package.
        model: the value's type.

    Raises:
        SettingsError: it cannot be used; one line for each mistake.
    """
    text = resources.files(package).joinpath(name).read_text(encoding="utf-8")
    return parse_document(
        read_yaml(text, source=name, error=SettingsError), model, source=name, error=SettingsError
    )
