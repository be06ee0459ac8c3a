"""What code says of an incident, told again: every form as a whole, and what is no form as it was."""

# ruff: noqa: E501, RUF001 - sentences stand whole, with the marks of their language

import re
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.playbook.tasks.prevention import KINDS
from incidents.deeds import ENGLISH as DEEDS
from incidents.language import Language
from incidents.texts import Text
from nexus.config.causes import shipped_causes
from tests.incidents.texts.forms_of_words import wrong
from tools.retold import SENTENCES, retold

OTHERS = [Language.DE, Language.FR]
SAMPLES = {
    "name": "checkout", "names": "web, cart", "source": "Alertmanager", "service": "checkout", "version": "2026.11.2", "flag": "f1",
    "patch": "ab12", "commit": "ab12", "id": "A1", "text": "xyz", "metric": "workers busy", "time": "07:47:35 UTC",
    "share": "52 %", "n": "4", "number": "2.5", "times": "20", "level": "2.0 s", "money": "22,800 EUR",
    "severity": "P1", "sure": "high", "inwords": "eight minutes",
}  # fmt: skip


def filled(text: Text) -> str:
    """An English form with values; a nested one is the first of its group."""
    one = text if isinstance(text, str) else text.other
    slots = {slot for _, slot, _, _ in Formatter().parse(one) if slot}
    return one.format(**{slot: value(slot.rstrip("0123456789")) for slot in slots})


def value(kind: str) -> str:
    if kind in SAMPLES:
        return SAMPLES[kind]
    if kind in {"plan", "made"}:
        return filled(DEEDS[f"{'done' if kind == 'made' else kind}.restart"])
    return filled(next(text for key, text in SENTENCES.english.items() if key.startswith(f"{kind}.")))


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("key", list(SENTENCES.english))
def test_every_form_is_recognised_and_told_in_words_of_the_language(key: str, language: Language) -> None:
    english = filled(SENTENCES.english[key])
    group = key.partition(".")[0]
    told = retold(english, language, group)
    quoted = re.sub(r"„[^“]*“|«[^»]*»", "x", told)
    assert wrong(quoted, language) == []
    assert "{" not in told
    again = retold(english[:1].upper() + english[1:], language, group)
    assert again[1:] == told[1:]


def lines() -> list[str]:
    """Every measure that ships."""
    causes = shipped_causes()
    sheets = [*(card.prevention for card in causes.cards), causes.prevention]
    return [line.text for sheet in sheets for kind in KINDS for line in sheet.of(kind)]


@pytest.mark.parametrize("resource", ["resources", "disk used"])
def test_every_measure_that_ships_has_a_form(resource: str) -> None:
    fields = {
        "service": "checkout", "callers": "web, cart", "alerted": "web", "metric": "error ratio", "lag": "7",
        "resource": resource, "lasted": "4 min", "waited": "12",
    }  # fmt: skip
    english = [text.format_map(fields) for text in lines()]
    assert len(english) > 70
    assert [one for one in english for language in OTHERS if retold(one, language) == one] == []


def test_a_diagnosis_in_german_and_french() -> None:
    english = (
        "The release 2026.11.2 of checkout at 07:47:35 UTC (“Bundle; ask”) brought it; since then 52 % of its "
        "requests fail, usually none, and it logs “TypeError: a, and b” (high confidence)."
    )
    assert retold(english, Language.EN) == english
    assert retold(english, Language.DE) == (
        "Das Release 2026.11.2 von checkout um 07:47:35 UTC („Bundle; ask“) hat es ausgelöst; seitdem: "
        "52\u00a0% der Anfragen scheitern, sonst keine; der Dienst protokolliert „TypeError: a, and b“ "
        "(Sicherheit: hoch)."
    )
    assert retold(english, Language.FR) == (
        "La version 2026.11.2 du service checkout à 07:47:35 UTC («\u00a0Bundle; ask\u00a0») l’a provoqué\u00a0; "
        "depuis\u00a0: 52\u00a0% des requêtes échouent, d’habitude aucune\u00a0; le service journalise «\u00a0TypeError: "
        "a, and b\u00a0» (confiance\u00a0: élevée)."
    )


def test_a_sentence_that_is_no_form_stays_whole_beside_one_that_is() -> None:
    text = "The cause stayed unknown. Squirrels chewed the cable."
    assert retold(text, Language.DE) == "Die Ursache blieb unbekannt. Squirrels chewed the cable."
    half = "web failed first at 07:47:35 UTC: squirrels chewed the cable."
    assert retold(half, Language.DE) == half


@given(st.text(max_size=80), st.sampled_from(OTHERS))
def test_what_a_model_wrote_in_the_language_stays(text: str, language: Language) -> None:
    said = f"Der Dienst {text} ist gestört"
    assert retold(said, language).split() == said.split()


def test_figures_take_the_form_of_the_language() -> None:
    told = [
        retold(one, Language.DE, "reading") for one in ("none", "2.0 s", "0.4 %", "1,234", "no data", "n/a")
    ]
    assert told == ["0\u00a0%", "2,0\u00a0s", "0,4\u00a0%", "1.234", "keine Daten", "n/a"]
