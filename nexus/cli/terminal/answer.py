"""The answer to a person's question, each sentence with its sources."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nexus.cli.terminal.style import LABEL, cited, plain
from nexus.service.answers import Answer


def answer_view(answer: Answer) -> RenderableType:
    """The sentences, their sources under them, and what is to be said about the answer itself."""
    rows = Table.grid(padding=(0, 1))
    rows.add_column(no_wrap=True, style="cyan")
    rows.add_column(overflow="fold")
    for claim in answer.claims:
        text = plain(claim.text)
        rows.add_row("◇", text.append(" ").append_text(cited(claim.evidence)) if claim.evidence else text)
    parts: list[RenderableType] = [rows] if answer.claims else []
    if answer.note:
        parts.append(plain(answer.note, "yellow"))
    how = "by the model, each sentence held against its records" if answer.engine == "llm" else "by keyword"
    return Group(*parts, Text(f"Answered {how}; nothing was changed.", LABEL))
