"""How a body of alerts was read, field by field."""

from rich.console import Group, RenderableType
from rich.text import Text

from nexus.cli.terminal.style import LABEL, plain, table
from tools.alerts.reading import FieldSource, Reading


def reading_view(reading: Reading) -> RenderableType:
    """The sender's form, then for each alert, change and notice its values and where they stood."""
    counts = [
        f"{len(values)} {one if len(values) == 1 else one + 's'}"
        for one, values in (
            ("alert", reading.alerts),
            ("change", reading.changes),
            ("notice", reading.notices),
        )
        if values
    ]
    head = Text.assemble(
        "Read as ", (reading.sender, "bold"), f": {', '.join(counts) or 'nothing to act on'}"
    )
    notes = [plain(note, LABEL) for note in reading.notes]
    matches = [
        plain(f"{one.title}: {one.matched_by.sentence}")
        for one in reading.alerts
        if one.matched_by is not None
    ]
    return Group(head, *(_fields(fields) for fields in reading.fields), *matches, *notes)


def _fields(fields: tuple[FieldSource, ...]) -> RenderableType:
    made = table("Field", "Value", "Stands at")
    for one in fields:
        made.add_row(plain(one.field), plain(one.value), plain(one.path or "-", LABEL))
    return made
