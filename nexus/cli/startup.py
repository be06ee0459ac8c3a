"""What a process of the command line settles before it imports anything else: a short verb is to be fast."""

import atexit
import gc
import os


def prepare() -> None:
    """Tune the interpreter and the libraries.

    What is imported stays: to look for garbage among it again and again, and once more at the end, is a
    quarter of what a short verb costs. `collect_garbage` sets it for verbs that go on for a while.

    Libraries are told what they read from the environment when they are imported, unless it is told already:
    frames of an incident have thousands of rows, for which handing parts from thread to thread does not pay;
    plug-ins of pydantic are looked for in the metadata of all that is installed, and none is used.
    """
    gc.set_threshold(1_000_000, 20, 20)
    atexit.register(gc.freeze)
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
