"""What some of these tests need and not every machine has."""

import shutil
from importlib.util import find_spec

import pytest

from demo.monitoring.stack import PROGRAMS

_programs = [name for name in PROGRAMS if shutil.which(name) is None]

SHOP = pytest.mark.skipif(
    find_spec("prometheus_client") is None, reason="the shop needs the extra 'shop' (prometheus-client)"
)
MONITORING = pytest.mark.skipif(
    bool(_programs), reason=f"not installed on this machine: {', '.join(_programs)} (apt)"
)
