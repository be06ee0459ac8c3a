"""Verbs about the audit: who did what, and whether it is still what was written."""

from pathlib import Path
from typing import Annotated

from incidents.errors import UsageError
from nexus.cli.base import Json, all_of, answered, complain, home, say, write, write_json
from nexus.cli.parser import Group, Option, Verbs
from nexus.cli.seeing import unseen

Of = Annotated[str | None, Option("--incident", help="Of this incident alone.")]


def verbs() -> Verbs:
    """The verbs of this module."""
    says = "Who did what: decisions, overrides, logins, rights, reads of raw evidence."
    return {"audit": Group(says, {"list": list_deeds, "export": export, "verify": verify})}


def list_deeds(
    incident: Of = None,
    after: Annotated[int, Option("--after", min=0, help="Behind the row of this number.")] = 0,
    limit: Annotated[int, Option("--limit", min=1, help="So many at most.")] = 100,
    as_json: Json = False,
) -> None:
    """List what was done, oldest first; people by their ids."""
    from nexus.service.auditing import lines_of

    with home(listing=as_json, threads=False) as opened:
        hidden = unseen()
        found = answered(all_of(lines_of(opened, incident, after), limit))
        lines = [one for one in found if not {one.incident, one.about} & hidden]
    if as_json:
        write_json(lines)
        return
    for line in lines:
        what = " ".join(word for word in (line.kind.replace("_", " "), line.said, line.about) if word)
        where = f" of {line.incident}" if line.incident else ""
        who = f"{line.person or '-'} ({line.via or '-'})"
        say(f"{line.number} {line.at:%Y-%m-%d %H:%M:%S}Z {who}: {what}{where}")
    if not lines:
        say("Nothing is recorded.")


def export(
    incident: Of = None,
    path: Annotated[Path | None, Option("--out", help="The file to write; none: stdout.")] = None,
) -> None:
    """Write the audit as JSON lines, and say the head that proves it: keep that somewhere else."""
    from nexus.service.auditing import lines_of

    with home(threads=False) as opened:
        rows = answered(all_of(lines_of(opened, incident)))
        head = answered(opened.store.audit_head())
    text = "".join(f"{row.model_dump_json()}\n" for row in rows)
    if path is None:
        write(text) if text else None
    else:
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--out {path} cannot be written: {error.strerror}") from None
    # Beside the rows, which may be piped somewhere.
    complain(f"{len(rows)} rows; the head is {head}" if head else "nothing is recorded")


def verify(
    head: Annotated[
        str | None, Option("--head", help="NUMBER:DIGEST that was kept elsewhere, as the log tells it.")
    ] = None,
) -> None:
    """Show whether the audit is what was written; without a head only accidental damage is seen."""
    from nexus.service.auditing import head_of, verified

    kept = head_of(head) if head is not None else None
    with home(threads=False) as opened:
        found = answered(verified(opened.store, kept))
    say(found.told)
    if found.head is not None and found.whole:
        say(f"The head is {found.head}")
    if not found.good:
        raise SystemExit(1)
