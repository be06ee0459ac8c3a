"""The command line: what people and scripts type. Verbs import what they need when they are called.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the incident waits for people.
"""

import sys
from contextlib import redirect_stderr
from typing import TextIO, cast

from incidents.errors import NexusError
from nexus.cli.about import register_about
from nexus.cli.ask import register_ask
from nexus.cli.base import app, complain
from nexus.cli.cases import register_cases
from nexus.cli.commands import register_decide
from nexus.cli.evaluate import register_evaluate
from nexus.cli.gameday import register_gameday
from nexus.cli.handling import register_handling
from nexus.cli.live import register_live
from nexus.cli.people import register_people
from nexus.cli.prune import register_prune
from nexus.cli.read import register_look
from nexus.cli.run import register_run
from nexus.cli.trace import register_trace
from nexus.sanitize import RedactedStream

register_run(app)
register_live(app)
register_gameday(app)
register_look(app)
register_ask(app)
register_trace(app)
register_decide(app)
register_handling(app)
register_people(app)
register_about(app)
register_evaluate(app)
register_cases(app)
register_prune(app)


def main() -> None:
    """Run a verb; a user's mistake is one sentence, never a traceback."""
    with redirect_stderr(cast("TextIO", RedactedStream(sys.stderr))):
        _run()


def _run() -> None:
    try:
        app()
    except NexusError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        complain("stopped; `nexus resume` goes on where it was")
        sys.exit(130)
