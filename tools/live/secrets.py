"""Secrets by reference: a document names where one is, never what it is."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, SecretStr
from pydantic_core import PydanticCustomError

from incidents.errors import SettingsError

#: How a secret is referred to.
REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:/.+")


def _referred(text: Any) -> Any:
    """Refuse a secret that is written out, without repeating it."""
    if not isinstance(text, str) or not REFERENCE.fullmatch(text):
        raise PydanticCustomError("secret", "a secret is named, never written here: env:NAME or file:/PATH")
    return text


#: A shorter value is no secret, and replacing it would garble what is said; nor is a shorter word of one.
_SECRET, _WORD = 4, 8

#: `env:NAME` or `file:/absolute/path`.
SecretRef = Annotated[str, BeforeValidator(_referred)]


class Secrets:
    """Resolves references at the moment they are needed, so that no value holds a secret.

    Args:
        environment: where `env:` references are looked up.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def __call__(self, ref: SecretRef) -> SecretStr:
        """What a reference stands for.

        Raises:
            SettingsError: the variable is not set, or the file cannot be read.
        """
        kind, _, name = ref.partition(":")
        if kind == "env":
            value = self._environment.get(name)
            if not value:
                raise SettingsError(f"{ref}: the variable {name} is not set in the environment of nexus")
            return SecretStr(value)
        try:
            return SecretStr(Path(name).read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{ref}: the file cannot be read: {error}") from None


def without(text: str, secrets: Iterable[str]) -> str:
    """A text that may repeat what somebody was given: each secret, and each long word of one, replaced."""
    given = {secret for secret in secrets if len(secret) >= _SECRET}
    given |= {word for secret in given for word in secret.split() if len(word) >= _WORD}
    for word in sorted(given, key=len, reverse=True):
        text = text.replace(word, "<credential>")
    return text


def cores(secret: str) -> tuple[str, ...]:
    """The secret in a header's value, which a server may repeat alone: `Token token=KEY`, `Bearer KEY`."""
    last = (secret.split() or [""])[-1]
    return tuple(part for part in (last, last.partition("=")[2]) if len(part) >= _WORD)
