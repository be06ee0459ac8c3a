"""The page on which people sign is in the team's language; English stays what nobody wrote a form for."""

import html
import re
from pathlib import Path

import pytest

from incidents.language import Language
from nexus.server.pages.shell import LABELS
from tests.nexus.sample import ID
from tests.nexus.server.rooms import room

TEMPLATES = Path("nexus/templates/pages")
PAGE = f"/incidents/{ID}/decisions/A1"
#: A label whose last word is a value's.
_BUILT = re.compile(r'say\("([a-z]+\.[a-z_]*)" ~')


@pytest.mark.parametrize("language", list(Language))
def test_a_decision_is_shown_in_the_language_of_the_site(tmp_path: Path, language: Language) -> None:
    with room(tmp_path, more=f"language: {language}") as made:
        page = made.browser("approver").get(PAGE).text
    assert f'<html lang="{language}">' in page
    assert f'tabindex="-1" lang="{language}">' in page
    words = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
    for key in ("why.title", "signers.title", "card.wrong", "card.undo", "sign.one_of", "card.reject_does"):
        assert LABELS.said(language, key, n="2") in words
    if language is not Language.EN:
        english = [one for one in LABELS.english.values() if isinstance(one, str) and one.count(" ") > 1]
        assert [one for one in english if "{" not in one and one in words] == []
        assert "Nothing runs until" not in words


def test_every_label_is_shown_somewhere_and_none_is_missing() -> None:
    text = "\n".join(file.read_text("utf-8") for file in TEMPLATES.rglob("*.html"))
    known = set(LABELS.english)
    named = set(re.findall(r'"([a-z]+\.[a-z_]+)"', text)) & {f"{key}" for key in known}
    said = set(re.findall(r'say\("([a-z]+\.[a-z_]+)"[,)]', text))
    assert said <= known
    built = tuple(_BUILT.findall(text))
    assert {key for key in known - named - said if not key.startswith(built)} == set()
