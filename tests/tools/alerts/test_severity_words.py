"""What senders call severe is read by one table; what it does not know is said."""

import json
from pathlib import Path

import pytest

from incidents.severity import Severity
from nexus.config.runbook import runbook_of
from nexus.config.settings import Settings
from tools.alerts.severity_words import read_severity

RUNBOOK = runbook_of(Settings())
INPUTS = Path(__file__).parents[3] / ".." / "shared" / "inputs" / "alertmanager" / "severities"


@pytest.mark.parametrize(
    ("words", "severity"),
    [
        ("disaster emergency emerg P0 SEV-0 s0 sev0", Severity.P0),
        (
            "critical CRITICAL crit page error err high fatal major P1 p1 sev1 SEV-1 sev_1 Sev.1 S1 prio1",
            Severity.P1,
        ),
        ("warning S2 SEV2 p-2 priority-2", Severity.P2),
        ("info none S3 S4 P5 Informational", Severity.P3),
    ],
)
def test_a_word_is_a_level_in_any_spelling(words: str, severity: Severity) -> None:
    assert {word: read_severity(word, RUNBOOK) for word in words.split()} == dict.fromkeys(
        words.split(), (severity, None)
    )
    assert read_severity(" Severity 1 ", RUNBOOK).severity is Severity.P1


@pytest.mark.parametrize(("word", "severity"), [("1", Severity.P1), ("2", Severity.P2), ("5", Severity.P3)])
def test_a_bare_number_is_read_as_a_level_and_said_so(word: str, severity: Severity) -> None:
    assert read_severity(word, RUNBOOK) == (
        severity,
        f"the severity {word} is a bare number; it is read as {severity}",
    )


@pytest.mark.parametrize(
    "word", ["ok", "9", "sev9", "SEV-11", "p", "not high", "warning-low", "Medium-High", "5 - Planning"]
)
def test_a_word_that_is_not_known_is_said(word: str) -> None:
    read = read_severity(word, RUNBOOK)
    assert read.severity is None
    assert read.remark == (
        f"the severity {word!r} is not known to the runbook's `alert_severities`; the facts decide"
    )


@pytest.mark.parametrize(
    ("sent", "severity"),
    [
        ("1 - Critical", Severity.P1),
        ("3 - Moderate", Severity.P2),
        ("P2 - High", Severity.P2),
        ("SEV1 (Critical)", Severity.P1),
        ("P0/Emergency", Severity.P0),
        ("🔴 Critical", Severity.P1),
        ("critical!", Severity.P1),
        ("high urgency", Severity.P1),
        ("Very High", Severity.P1),
        ("Very Low", Severity.P3),
        ("Blocker", Severity.P1),
    ],
)
def test_of_several_words_the_level_counts_else_the_word(sent: str, severity: Severity) -> None:
    assert read_severity(sent, RUNBOOK).severity is severity


@pytest.mark.parametrize("word", [None, "", "  "])
def test_no_word_is_no_news(word: str | None) -> None:
    assert read_severity(word, RUNBOOK) == (None, None)


@pytest.mark.skipif(not INPUTS.is_dir(), reason="the shared inputs are not beside the project")
def test_the_given_words_are_read_as_their_table_says() -> None:
    bodies = [json.loads(path.read_text()) for path in sorted(INPUTS.glob("*"))]
    sent = [body["alerts"][0]["labels"]["severity"] for body in bodies]
    table = {
        Severity.P0: "disaster emergency",
        Severity.P1: "critical Critical CRITICAL page error high High major fatal P1 p1 sev1 SEV-1 1",
        Severity.P2: "warning S2",
        Severity.P3: "info none 5",
    }
    known = {word: severity for severity, words in table.items() for word in words.split()}
    assert {word: read_severity(word, RUNBOOK).severity for word in sent} == {**known, "ok": None, "": None}
