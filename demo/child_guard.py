"""Runs a program and ends it when standard input closes.

For programs that cannot watch their launcher themselves: not even a killed launcher leaves them behind.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence


def keep(argv: Sequence[str]) -> int:
    """Runs the program until it ends, or until SIGTERM or the end of standard input ends it."""
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL)  # noqa: S603 - what the launcher asked for
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())

    def watch() -> None:
        os.read(0, 1)  # past Python's buffer: a thread blocked in there upsets the interpreter's exit
        child.terminate()

    threading.Thread(target=watch, daemon=True).start()
    return child.wait()


if __name__ == "__main__":
    sys.exit(keep(sys.argv[1:]))
