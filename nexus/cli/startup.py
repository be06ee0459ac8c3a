"""What a process of the command line settles before it imports anything else: a short verb is to be fast."""

import atexit
import gc
import importlib
import os
import sys
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any


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
    if _METADATA not in sys.modules:
        sys.modules[_METADATA] = importlib.metadata = _Metadata()


_METADATA = "importlib.metadata"


class _Metadata(ModuleType):
    """Stands for `importlib.metadata` until somebody asks it for something.

    pydantic 2.14 imports `entry_points` from it, with all of e-mail, zip and csv, before it sees that it is
    to look for no plug-ins: a twentieth of what `nexus approvals` costs.
    """

    def __init__(self) -> None:
        super().__init__(_METADATA)
        self.__spec__ = PathFinder.find_spec(_METADATA, importlib.__path__)
        self.__path__ = getattr(self.__spec__, "submodule_search_locations", [])

    def entry_points(self, **selected: Any) -> Any:
        """Those of what is installed."""
        return _real().entry_points(**selected)

    def __getattr__(self, name: str) -> Any:
        return getattr(_real(), name)


def _real() -> ModuleType:
    if isinstance(sys.modules[_METADATA], _Metadata):
        del sys.modules[_METADATA]
    return importlib.import_module(_METADATA)
