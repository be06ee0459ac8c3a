"""In which language a team is told what happens: that of the texts, never of evidence, logs and keys."""

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator


class Language(StrEnum):
    """The languages in which every text for people exists, by their code of ISO 639."""

    EN = "en"
    DE = "de"
    FR = "fr"


NAMES = {Language.EN: "English", Language.DE: "Deutsch", Language.FR: "Français"}


def _known(given: object) -> object:
    if given not in list(Language):
        there_is = ", ".join(f"{code.value} ({name})" for code, name in NAMES.items())
        raise ValueError(f"there are no texts in it; there is {there_is}")
    return given


#: A language as people set it.
LanguageSetting = Annotated[Language, BeforeValidator(_known)]
