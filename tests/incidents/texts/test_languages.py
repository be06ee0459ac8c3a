"""Every language has every sentence, with the same values in it, in words that are its own."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from babel.messages.catalog import Catalog, Message
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

from graph.steps.communications import UPDATES
from incidents.deeds import ENGLISH
from incidents.deeds import SENTENCES as DEEDS
from incidents.language import Language
from incidents.texts import Sentences, Text
from incidents.texts.sentences import slots
from nexus.config.runbook import runbook_of
from nexus.config.settings import Settings
from tests.incidents.texts.forms_of_words import wrong

ROOT = Path(__file__).parents[3]
ROOMS = ("agents", "graph", "incidents", "nexus", "prompts", "tools")
#: Every file of translations that ships: each has the document of English sentences beside it.
FILES = sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.po"))
OTHERS = [language for language in Language if language is not Language.EN]


def sentences_of(file: Path) -> Sentences:
    name = file.name.partition(".")[0]
    return Sentences(".".join(file.parent.relative_to(ROOT).parts), name)


def english_of(one: Sentences) -> dict[str, Text]:
    """The English of a room; that of an update's form stands in the runbook, that of changes in code."""
    if one == DEEDS:
        return ENGLISH
    known = dict(one.english)
    if one == UPDATES:
        templates = runbook_of(Settings()).templates
        known["runbook.status_update"] = templates.status_update
        known["runbook.brief"] = templates.brief
    return known


@cache
def catalog_of(file: Path) -> Catalog:
    with file.open("rb") as opened:
        return read_po(opened, abort_invalid=True)


def language_of(file: Path) -> Language:
    return Language(file.name.split(".")[1])


def messages() -> Iterator[Any]:
    for file in FILES:
        for message in catalog_of(file):
            if message.id:
                yield pytest.param(file, message, id=f"{file.name} {message.context}")


def forms(held: Any) -> tuple[str, ...]:
    return (held,) if isinstance(held, str) else tuple(held)


def test_whoever_has_one_language_has_them_all() -> None:
    rooms = {sentences_of(file) for file in FILES}
    assert len(rooms) > 2
    wanted = {
        ROOT.joinpath(*one.package.split("."), f"{one.name}.{language}.po")
        for one in rooms
        for language in OTHERS
    }
    assert wanted == set(FILES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_language_has_every_sentence_as_english_has_it_now_and_no_other(file: Path) -> None:
    wanted = {
        key: (text,) if isinstance(text, str) else (text.one, text.other)
        for key, text in english_of(sentences_of(file)).items()
    }
    translated = {
        message.context: forms(message.id)
        for message in catalog_of(file)
        if message.id and not message.fuzzy and all(forms(message.string))
    }
    assert translated == wanted
    assert not catalog_of(file).obsolete


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_plurals_of_a_language_are_those_of_cldr(file: Path) -> None:
    catalog, wanted = catalog_of(file), get_plural(language_of(file).value)
    assert catalog.locale_identifier == language_of(file).value
    assert (catalog.num_plurals, catalog.plural_expr) == (wanted.num_plurals, wanted.plural_expr)
    for message in catalog:
        if message.pluralizable:
            assert len(forms(message.string)) == wanted.num_plurals, message.context


@pytest.mark.parametrize(("file", "message"), list(messages()))
def test_a_sentence_asks_for_the_same_values_in_words_of_its_language(file: Path, message: Message) -> None:
    wanted = {slots(text) for text in forms(message.id)}
    for text in forms(message.string):
        assert slots(text) in wanted
        assert wrong(text.format(**dict.fromkeys(slots(text), "x")), language_of(file)) == []
    # a sentence stays one, and a word stays one
    assert {text.rstrip()[-1:] in ".!?" for text in forms(message.string)} == {
        text.rstrip()[-1:] in ".!?" for text in forms(message.id)
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_key_stands_twice(file: Path) -> None:
    keys = [line for line in file.read_text("utf-8").splitlines() if line.startswith("msgctxt")]
    assert sorted(set(keys)) == sorted(keys)


def test_a_form_of_the_teams_own_is_used_as_it_is() -> None:
    own = "{timestamp}: {service} {status} {impact} {current_action} {next_update}"
    assert UPDATES.translated(Language.DE, "runbook.status_update", own) == own


@pytest.mark.parametrize(
    ("count", "english", "german", "french"),
    [
        (0, "0 orders failed.", "0 Bestellungen schlugen fehl.", "0 commande a échoué."),
        (1, "1 order failed.", "1 Bestellung schlug fehl.", "1 commande a échoué."),
        (2, "2 orders failed.", "2 Bestellungen schlugen fehl.", "2 commandes ont échoué."),
        (10**6, "1000000 orders failed.", "1000000 Bestellungen schlugen fehl.",
         "1000000 de commandes ont échoué."),
    ],
)  # fmt: skip
def test_a_count_decides_the_form(count: int, english: str, german: str, french: str) -> None:
    room = Sentences("tests.incidents.texts.room")
    told = [room.said(one, "orders.failed", count=count, n=str(count)) for one in Language]
    assert told == [english, german, french]
    with pytest.raises(KeyError, match="no count decides"):
        room.text(Language.DE, "orders.failed")
    with pytest.raises(KeyError, match=r"orders\.paid"):
        room.text(Language.DE, "orders.paid")


def test_what_is_not_sure_is_no_translation() -> None:
    room = Sentences("tests.incidents.texts.room")
    assert room.said(Language.DE, "orders.held") == "Orders are held."


def test_english_documents_with_translations_hold_nothing_but_groups_of_sentences() -> None:
    for one in {sentences_of(file) for file in FILES} - {DEEDS}:
        file = ROOT.joinpath(*one.package.split("."), f"{one.name}.yaml")
        held = yaml.safe_load(file.read_text("utf-8"))
        assert sum(len(group) for group in held.values()) == len(one.english)
