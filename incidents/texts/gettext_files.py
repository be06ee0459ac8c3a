"""Translations as gettext keeps them, read as people write them: nothing has to be compiled before."""

from gettext import GNUTranslations
from io import BytesIO, StringIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from incidents.language import Language


def read_translations(text: str, language: Language) -> GNUTranslations:
    """What a `.po` file says; sentences that are marked as fuzzy have no translation.

    Raises:
        PoFileError: it is no such file.
    """
    compiled = BytesIO()
    write_mo(compiled, read_po(StringIO(text), locale=language.value, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)
