"""Another checkout beside this one (`git worktree add --detach ../older 6376209`), with its own venv in it.

What it needs may have gone from what this one needs, so it is run by the interpreter of its own `.venv`:
`python -m venv .venv && .venv/bin/pip install --require-hashes -r constraints.txt` in its folder.
"""

import sys
from pathlib import Path


def python_of(checkout: Path) -> str:
    """The interpreter that has what a checkout needs: that of its `.venv`, else the one that runs this."""
    own = checkout.absolute() / ".venv" / "bin" / "python"
    return str(own) if own.exists() else sys.executable
