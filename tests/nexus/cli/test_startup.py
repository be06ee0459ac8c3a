"""What a process of the command line settles first."""

import subprocess
import sys

import pytest

_PREPARED = """
import sys
from nexus.cli.startup import prepare
prepare()
import pydantic.plugin._loader
pydantic.plugin._loader.get_plugins()
assert "email" not in sys.modules
"""


@pytest.mark.parametrize(
    "asks",
    [
        "from importlib.metadata import version; assert version('pydantic')",
        "import importlib.metadata; assert importlib.metadata.version('pydantic')",
        "from importlib import metadata; assert metadata.version('pydantic')",
        "import importlib.metadata as m; assert m.version('pydantic'); assert m.version('rich')",
        "import importlib.metadata._meta; assert importlib.metadata.version('rich')",
        "from importlib.metadata import entry_points; assert entry_points(group='console_scripts')",
        "from importlib.metadata import PackageNotFoundError, version\n"
        "try: version('no-such-package')\nexcept PackageNotFoundError: pass\nelse: raise SystemExit(1)",
        "import sys, importlib.metadata\nimportlib.metadata.version('rich')\n"
        "assert importlib.metadata is sys.modules['importlib.metadata']",
    ],
)
def test_what_is_installed_can_be_asked_although_it_is_not_imported_at_the_start(asks: str) -> None:
    subprocess.run([sys.executable, "-c", f"{_PREPARED}\n{asks}"], check=True)  # noqa: S603 - the test's own words
