"""Marks for tests of what an extra brings: they are left out, with the reason, where it is not installed."""

import pytest

from tools.extras import install_command, missing_extras

needs_calendar = pytest.mark.skipif(
    bool(missing_extras(("calendar",))),
    reason=f"the extra `calendar` is not installed: {install_command('calendar')}",
)
