"""What holds for all tests: nothing is timed, and the developer's environment does not reach in."""

import os

from hypothesis import HealthCheck, Phase, settings

# The explain phase traces every line of every example, which makes whole-graph properties ten times slower.
settings.register_profile(
    "nexus",
    deadline=None,
    phases=[phase for phase in Phase if phase is not Phase.explain],
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("nexus")

OURS = ("NEXUS_", "OPENAI_", "LANGSMITH_", "LANGCHAIN_")
for name in [name for name in os.environ if name.startswith(OURS)]:
    del os.environ[name]
