"""A team's own patterns: applied like those that ship, and refused in a sentence that names the field."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from incidents.disposition import AlertDisposition, AlertOutcome
from incidents.errors import SettingsError
from tools.redaction.redact import redact
from tools.redaction.table import use
from tools.redaction.tree import clean_json, redact_body, redact_texts

BADGE = """
patterns:
- {name: badge, hints: [bdg-], pattern: '\\bBDG-\\d{6}\\b'}
- {name: api-key, prefixes: [shopk_], check: random}
"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "redaction.yaml"
    use(None)


def test_own_patterns_are_applied_beside_those_that_ship(own: Path) -> None:
    own.write_text(BADGE)
    text = "BDG-123456 opened shopk_a1b2c3d4e5f6a7b8c9d0, password=hunter22"
    before = redact_texts(text)
    use(own)
    clean = redact(text)
    assert clean.startswith("<badge-")
    assert "shopk_" not in clean
    assert "hunter22" not in clean
    assert before != redact_texts(text)
    assert redact(clean) == clean
    use(None)
    assert redact("BDG-123456") == "BDG-123456"


def test_a_sign_is_found_however_json_writes_it(own: Path) -> None:
    own.write_text("patterns: [{name: pin, hints: ['pin \"'], pattern: 'pin \"(?P<it>[0-9]+)'}]")
    use(own)
    value = AlertOutcome(disposition=AlertDisposition.OPENED, reason='the pin "4711" is wrong')
    for kept in (redact_body(rb'{"text": "pin \"4711\""}').decode(), clean_json(value)):
        assert "4711" not in kept
        assert "<pin-" in kept


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("patterns: [{name: badge, pattern: 'x'}]", "patterns.0: hints"),
        ("patterns: [{name: badge, hints: [a], pattern: '('}]", "patterns.0: is no regular expression"),
        (
            "patterns: [{name: badge, hints: [a], pattern: 'a*'}]",
            "patterns.0: pattern: matches the empty text",
        ),
        ("patterns: [{name: Badge 1, hints: [a], pattern: 'a'}]", "patterns.0: name"),
        ("patterns: [{name: badge, hints: [a]}]", "needs either"),
        ("patterns: [{name: badge, hints: [a], pattern: a, check: lucky}]", "check: is none of"),
        (
            "patterns: [{name: badge, numbers: '(?<=a)1', pattern: a1}]",
            "patterns.0: is no regular expression",
        ),
        ("patterns: [{name: badge, hint: [a], pattern: a}]", "patterns.0.hint"),
        ("other: 1", "patterns"),
        ("", "patterns"),
        ("{", "no YAML"),
    ],
)
def test_a_pattern_that_does_not_fit_is_named(own: Path, content: str, named: str) -> None:
    own.write_text(content)
    with pytest.raises(SettingsError, match="(?s)" + named.replace(".", "[.]")):
        use(own)
