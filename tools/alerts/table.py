"""The table of senders in `docs/alerts.md`; `python -m tools.alerts.table` writes it out."""

import sys

from tools.alerts.registry import all_forms
from tools.alerts.retrying import all_retrying, sender_rows

COLUMNS = ("title", "service", "state", "time", "key")


def senders_table() -> str:
    """One row per form, in Markdown, by product."""
    head = (
        "| sender | name | setting there | "
        + " | ".join(COLUMNS)
        + " | tries again on | shows who it is by |"
    )
    lines = [head, "|" + "---|" * (head.count("|") - 1)]
    for form in sorted(all_forms(), key=lambda form: (form.name == "generic", form.product.casefold())):
        row = sender_rows()[form.name]
        names = ", ".join(f"`{name}`" for name in (form.name, *form.aliases))
        cells = [form.product, names, row["setting"], *(row[column] for column in COLUMNS)]
        cells += [all_retrying()[form.name].sentence, row.get("shows", "headers of your choice")]
        lines.append("| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(senders_table() + "\n")
