"""The verbs: where each is declared. They import what they need when they are called.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the incident waits for people.
"""

import sys
from contextlib import redirect_stderr
from importlib import import_module
from typing import TextIO, cast

import typer

from incidents.errors import NexusError
from nexus.cli.base import command_line, complain, tune_libraries
from nexus.sanitize import RedactedStream

#: Where each verb is declared, in the order of the help. Only the module of the typed verb is imported.
VERBS = {
    "run": ("demo", "run", "resume"),
    "live": ("serve", "init"),
    "gameday": ("gameday",),
    "read": ("incidents", "show", "watch", "approvals", "backlog"),
    "ask": ("ask",),
    "trace": ("trace",),
    "commands": ("approve", "reject", "note", "severity", "stop", "settle"),
    "handling": (
        "declare", "take", "give-back", "changed", "mitigated", "resolve", "false-alarm", "reopen",
    ),
    "regrouping": ("split", "merge"),
    "people": ("people",),
    "services": ("services",),
    "alerts": ("alerts",),
    "about": ("graph", "runbook", "roles", "doctor"),
    "evaluate": ("eval",),
    "cases": ("record", "truth", "import"),
    "prune": ("prune",),
    "schema": ("schema",),
}  # fmt: skip


def run() -> None:
    """Run the verb that was typed; a user's mistake is one sentence, never a traceback."""
    tune_libraries()
    with redirect_stderr(cast("TextIO", RedactedStream(sys.stderr))):
        _run()


def _run() -> None:
    try:
        application(sys.argv[1] if len(sys.argv) > 1 else "")()
    except NexusError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        complain("stopped; `nexus resume` goes on where it was")
        sys.exit(130)


def application(verb: str) -> typer.Typer:
    """The command line with the verbs of the module that has this one; with all of them if none has it."""
    modules = [module for module, verbs in VERBS.items() if verb in verbs] or list(VERBS)
    app = command_line()
    for module in modules:
        import_module(f"nexus.cli.{module}").register(app)
    return app
