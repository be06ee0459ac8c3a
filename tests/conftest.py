"""What holds for all tests: nothing is timed, the environment does not reach in, the log is plain."""

import gc
import os
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import HealthCheck, Phase, settings

from nexus.cli import startup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.postgres import PostgresServer

# As every verb: frames are worked on by one thread, and the collector of garbage looks seldom.
startup.prepare()
gc.set_threshold(50_000, 20, 20)

# The explain phase traces every line of every example, which makes whole-graph properties ten times slower.
settings.register_profile(
    "nexus",
    deadline=None,
    phases=[phase for phase in Phase if phase is not Phase.explain],
    suppress_health_check=[HealthCheck.too_slow],
)
# For `--hypothesis-profile`: the same examples every time, and many more of them in a long series.
settings.register_profile("ci", settings.get_profile("nexus"), derandomize=True, max_examples=60)
settings.register_profile("long", settings.get_profile("nexus"), max_examples=2000)
settings.load_profile("nexus")

OURS = ("NEXUS_", "OPENAI_", "LANGSMITH_", "LANGCHAIN_")
for name in [name for name in os.environ if name.startswith(OURS)]:
    del os.environ[name]


@pytest.fixture(autouse=True)
def plain_log() -> None:
    """The log as nobody configured it: a verb that an earlier test typed has set its own level.

    Its exceptions are plain, as the verbs write them: unset, structlog paints every local of every frame.
    """
    structlog.reset_defaults()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["level", "event"]),
        ]
    )


@pytest.fixture(scope="session")
def postgres() -> "Iterator[PostgresServer]":
    """A PostgreSQL server of this process's own, started when a test first asks for it."""
    from tests.postgres import postgres_server  # noqa: PLC0415 - most runs of a few tests need none

    with postgres_server() as server:
        yield server
