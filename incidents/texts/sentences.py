"""Sentences by key: English in a YAML document of the room that says them, other languages in gettext beside.

`sentences.yaml` holds groups of keys, each with a sentence or, where a count decides its form, with `one`
and `other`. `sentences.de.po` holds the translation of each: `msgctxt` is the key, `msgid` the English
sentence, so that one that was changed has no translation any more, which a test tells. What stands in braces
is the same in all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from gettext import NullTranslations
from importlib import resources
from string import Formatter

from incidents.language import Language
from incidents.value import Value


class Plural(Value):
    """A sentence whose form a count decides, in English."""

    one: str
    other: str


Text = str | Plural


class _Document(Value):
    groups: Mapping[str, Mapping[str, Text]]


@dataclass(frozen=True)
class Sentences:
    """The sentences of one room.

    Attributes:
        package: the room's, as `__package__` has it.
        name: of the document, without its ending.
    """

    package: str
    name: str = "sentences"

    @property
    def english(self) -> Mapping[str, Text]:
        """Every English sentence by its key, `group.name`."""
        return _english(self.package, self.name)

    def text(self, language: Language, key: str, count: int | None = None) -> str:
        """A sentence as it is before it is filled.

        Args:
            language: whose words.
            key: `group.name`.
            count: what decides its form, where it has several.

        Raises:
            KeyError: there is no such sentence.
        """
        return self.translated(language, key, self.english[key], count)

    def translated(self, language: Language, key: str, english: Text, count: int | None = None) -> str:
        """What the language has for an English text under that key; another English text stays as it is."""
        if isinstance(english, str):
            return self._translations(language).pgettext(key, english)
        if count is None:
            raise KeyError(f"{key} has forms, and no count decides which")
        return self._translations(language).npgettext(key, english.one, english.other, count)

    def said(self, language: Language, key: str, *, count: int | None = None, **values: str) -> str:
        """A sentence, filled with values that are in the language's forms already."""
        return self.text(language, key, count).format(**values)

    def _translations(self, language: Language) -> NullTranslations:
        return _translations(self.package, self.name, language)


def slots(text: str) -> frozenset[str]:
    """The names of the values that a sentence asks for."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


@cache
def _english(package: str, name: str) -> Mapping[str, Text]:
    from incidents.document import parse_document, read_yaml  # noqa: PLC0415 - light verbs read no YAML
    from incidents.errors import SettingsError  # noqa: PLC0415

    source = f"{name}.yaml"
    text = resources.files(package).joinpath(source).read_text(encoding="utf-8")
    found = read_yaml(text, source=source, error=SettingsError)
    groups = parse_document({"groups": found}, _Document, source=source, error=SettingsError).groups
    return {f"{group}.{key}": one for group, texts in groups.items() for key, one in texts.items()}


@cache
def _translations(package: str, name: str, language: Language) -> NullTranslations:
    if language is Language.EN:
        return NullTranslations()
    from incidents.texts.gettext_files import read_translations  # noqa: PLC0415 - English needs no Babel

    file = resources.files(package).joinpath(f"{name}.{language.value}.po")
    return read_translations(file.read_text(encoding="utf-8"), language)
