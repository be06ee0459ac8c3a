"""The verbs: where each is declared. They import what they need when they are called.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the incident waits for people.
"""

import os
import sys
from contextlib import redirect_stderr
from importlib import import_module
from typing import TextIO, cast

from incidents.errors import NexusError
from nexus.cli.base import complain
from nexus.cli.parser import Group, Verb, Verbs, call
from nexus.sanitize import RedactedStream

SAYS = "Runs an incident runbook with named agents: triage, diagnosis, an approved fix, a post-mortem."

#: Where each verb is declared, in the order of the help. Only the module of the typed verb is imported.
VERBS = {
    "run": ("demo", "run", "resume"),
    "live": ("serve", "worker", "init"),
    "gameday": ("gameday",),
    "read": ("incidents", "show", "watch", "approvals", "backlog"),
    "ask": ("ask",),
    "mcp": ("mcp",),
    "trace": ("trace",),
    "commands": (
        "approve", "reject", "another-way", "revoke", "note", "severity", "stop", "settle", "replay",
    ),
    "handling": (
        "declare", "acknowledge", "take-over", "hand-over", "take", "give-back", "changed", "mitigated",
        "resolve", "false-alarm", "reopen",
    ),
    "regrouping": ("split", "merge"),
    "restricting": ("restrict",),
    "hindsight": ("verdict", "verdicts"),
    "tickets": ("tickets",),
    "people": ("people",),
    "services": ("services",),
    "rights": ("rights",),
    "alerts": ("alerts",),
    "workers": ("workers",),
    "oncall": ("oncall",),
    "audit": ("audit",),
    "status": ("status",),
    "destinations": ("destinations",),
    "files": ("files",),
    "about": ("graph", "runbook", "roles", "doctor"),
    "evaluate": ("eval",),
    "cases": ("record", "truth", "import"),
    "backtest": ("backtest",),
    "drill": ("drill",),
    "trust": ("trust",),
    "autonomy": ("policy",),
    "prune": ("prune",),
    "migrate": ("migrate",),
    "move": ("move",),
    "schema": ("schema",),
}  # fmt: skip


def run() -> None:
    """Run the verb that was typed; a user's mistake is one sentence, never a traceback."""
    with redirect_stderr(cast("TextIO", RedactedStream(sys.stderr))):
        _run()


def _run() -> None:
    try:
        words = sys.argv[1:]
        call(Group(SAYS, known(words[0] if words else "")), words, "nexus")
        sys.stdout.flush()
    except NexusError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        complain("stopped; `nexus resume` goes on where it was")
        sys.exit(130)
    except EOFError:
        complain("the input ended before the question was answered")
        sys.exit(1)
    except BrokenPipeError:  # whoever read the output has enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def known(verb: str) -> Verbs:
    """The verbs of the module that has this one; all of them if none has it."""
    modules = [module for module, verbs in VERBS.items() if verb in verbs] or list(VERBS)
    found: dict[str, Verb | Group] = {}
    for module in modules:
        found |= import_module(f"nexus.cli.{module}").verbs()
    return found
