"""Writes what was tried through what into docs/models.md: `python -m tests.agents.llm.wire.matrix`.

Every form is sent by a scripted server to the engine, and counts as right if its row says what came of it.
"""

import asyncio
import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from tests.agents.llm.wire.forms import Form

from tests.agents.llm.wire.forms_first import FIRST
from tests.agents.llm.wire.forms_fourth import FOURTH
from tests.agents.llm.wire.forms_second import SECOND
from tests.agents.llm.wire.forms_third import THIRD
from tests.agents.llm.wire.reading import wrong

PAGE = Path("docs/models.md")
BEGIN, END = "<!-- tried: begin -->", "<!-- tried: end -->"
FORMS = (*FIRST, *SECOND, *THIRD, *FOURTH)


def rows(right: dict[str, bool]) -> list[str]:
    """The table: one row for each kind of server, with the forms it is known for."""
    by_server: dict[str, list[Form]] = {}
    for form in FORMS:
        for server in form.server.split(", "):
            by_server.setdefault(server, []).append(form)
    head = ["| Server or model | Forms, scripted after it | Read as written down |", "|---|---|---|"]
    return head + [
        f"| {server} | {'; '.join(form.name for form in forms)} | "
        f"{sum(right[form.name] for form in forms)} of {len(forms)} |"
        for server, forms in sorted(by_server.items(), key=lambda row: row[0].lower())
    ]


def written(page: str, table: list[str]) -> str:
    """The page with the table in its place."""
    whole = "\n".join([BEGIN, *table, END])
    return re.sub(f"{BEGIN}.*{END}", lambda _: whole, page, flags=re.DOTALL)


async def tried() -> dict[str, bool]:
    """Which forms are read as their rows say, by name."""
    return {form.name: await wrong(form) is None for form in FORMS}


def main() -> None:
    """Try everything and write the table."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    PAGE.write_text(written(PAGE.read_text(), rows(asyncio.run(tried()))))


if __name__ == "__main__":
    main()
