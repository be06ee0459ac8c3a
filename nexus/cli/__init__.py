"""The command line: what people and scripts type.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the incident waits for people.
"""

import atexit
import gc


def main() -> None:
    """Run the verb that was typed."""
    # Before anything is imported: what is imported stays. To look for garbage among it again and again, and
    # once more at the end, is a quarter of what a short verb costs.
    gc.set_threshold(1_000_000, 20, 20)  # `collect_garbage` sets it for verbs that go on for a while
    atexit.register(gc.freeze)
    from nexus.cli.verbs import run

    run()
