"""The command line: what people and scripts type.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the incident waits for people.
"""

from nexus.cli.startup import prepare


def main() -> None:
    """Run the verb that was typed."""
    prepare()
    from nexus.cli.verbs import run

    run()
