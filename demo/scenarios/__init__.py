"""What can go wrong in the shop: how it is broken, how it is healed, and what is true about it.

A scenario's truth is written down here, before anything runs. No role, playbook or analysis knows any of it.
"""

from collections.abc import Mapping

from demo.scenarios.cluster import CLUSTER_SCENARIOS
from demo.scenarios.lookalikes import DATA_EXPORT, FLAPPING, POISONED
from demo.scenarios.model import Line, Scenario, Sign, Step, Truth
from demo.scenarios.operations import (
    CARD_NETWORK_DOWN,
    DATABASE_FAILOVER,
    DATABASE_LOCK,
    MEMORY_LEAK,
    OLD_BUG,
    TRAFFIC_SURGE,
)
from demo.scenarios.releases import (
    BAD_RELEASE,
    COSMETIC,
    FRONT_OUTAGE,
    RED_HERRING,
    SLOW_RELEASE,
    SMALL_POOL,
)

__all__ = ["BAD_RELEASE", "GAME_DAYS", "SCENARIOS", "Line", "Scenario", "Sign", "Step", "Truth"]

SCENARIOS: Mapping[str, Scenario] = {
    scenario.id: scenario
    for scenario in (
        BAD_RELEASE,
        SLOW_RELEASE,
        SMALL_POOL,
        DATABASE_LOCK,
        CARD_NETWORK_DOWN,
        TRAFFIC_SURGE,
        MEMORY_LEAK,
        DATABASE_FAILOVER,
        OLD_BUG,
        RED_HERRING,
        FLAPPING,
        FRONT_OUTAGE,
        DATA_EXPORT,
        POISONED,
        COSMETIC,
    )
}

#: What a game day can be held with: those of the shop, and those on the stand-in for Kubernetes.
GAME_DAYS: Mapping[str, Scenario] = {**SCENARIOS, **CLUSTER_SCENARIOS}
