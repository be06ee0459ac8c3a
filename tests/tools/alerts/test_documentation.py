"""The page about alerts tells what the forms are."""

from pathlib import Path

from tools.alerts.table import senders_table

PAGE = Path(__file__).parents[3] / "docs" / "alerts.md"


def test_the_page_has_the_table_of_senders_as_the_forms_have_it() -> None:
    assert senders_table() in PAGE.read_text(encoding="utf-8"), "python -m tools.alerts.table prints it anew"
