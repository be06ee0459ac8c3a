"""What goes wrong on the stand-in for Kubernetes, and what is true about it."""

from collections.abc import Callable, Mapping

from demo.changes import Change
from demo.cluster.shop import CRASHING, ClusterShop
from demo.launcher import Shop
from demo.processes import NotReadyError
from demo.scenarios.model import Line, Scenario, Sign, Step, Truth, failing, healthy, restart, rollback, scale
from incidents.findings import Category


def _there(act: Callable[[ClusterShop], Change | None]) -> Step:
    """A step that only this shop can take."""

    def step(shop: Shop) -> Change | None:
        if not isinstance(shop, ClusterShop):
            raise NotReadyError("this shop is on no cluster")
        return act(shop)

    return step


CRASH_LOOP = Scenario(
    id="cluster-crash-loop",
    title="No order can be placed: the new checkout does not start",
    alert="HighErrorRate",
    on=ClusterShop,
    fault=lambda shop: shop.deploy("checkout", CRASHING, settle=False),
    remedy=rollback("checkout", "2026.11.1"),
    signs=(
        failing("web", above=0.1),
        Line(service="checkout", pattern="cannot start: KeyError"),
        healthy("catalogue"),
    ),
    truth=Truth(
        severity="P1",
        service="checkout",
        category=Category.DEPLOYMENT,
        metric="up",
        note=(
            "Checkout 2026.11.5 reads a setting that its configuration does not have, and ends while it"
            " starts: its only pod is in CrashLoopBackOff. The Deployment's strategy is Recreate, so"
            " nothing of the release before runs any more."
        ),
        right=(rollback("checkout", "2026.11.1"),),
        harmless=(restart("checkout"),),
        wrong=(rollback("catalogue", "2026.11.3"), restart("database")),
    ),
)

OUT_OF_MEMORY = Scenario(
    id="cluster-out-of-memory",
    title="Orders fail: checkout is ended again and again",
    alert="HighErrorRate",
    on=ClusterShop,
    fault=_there(lambda shop: shop.limit_memory("checkout", "16Mi", author="Ines Vogt")),
    remedy=rollback("checkout", "2026.11.1@revision-1"),
    signs=(failing("web", above=0.1), healthy("catalogue")),
    truth=Truth(
        severity="P1",
        service="checkout",
        category=Category.DEPLOYMENT,
        metric="up",
        note=(
            "The memory limit of checkout was set to 16 MiB, less than it needs to start: its container is"
            " ended (OOMKilled, exit 137) whenever it comes up. Its image is the same as before, so that"
            " only the revision of its template tells the two apart."
        ),
        right=(rollback("checkout", "2026.11.1@revision-1"),),
        harmless=(restart("checkout"),),
        wrong=(rollback("catalogue", "2026.11.3"), restart("database")),
    ),
)


BLIND_AUTOSCALER = Scenario(
    id="cluster-blind-autoscaler",
    title="The shop turns visitors away, and its autoscaler cannot measure",
    alert="HighErrorRate",
    on=ClusterShop,
    prelude=_there(lambda shop: shop.autoscale("catalogue", 1, 4)),
    fault=lambda shop: shop.crowd("visitors", "browsers", rate=16),
    remedy=scale("catalogue", 3),
    signs=(
        failing("catalogue", above=0.05),
        Sign(
            says="requests per second of catalogue above 15",
            query='sum(rate(http_server_request_duration_seconds_count{service="catalogue"}[@{window}]))',
            above=15,
        ),
        healthy("database"),
    ),
    truth=Truth(
        severity="P1",
        service="catalogue",
        category=Category.INFRASTRUCTURE,
        metric="workers_busy",
        note=(
            "Six times as many visitors as usual browse. The autoscaler of catalogue may give it four"
            " instances and gives it none: it gets no metrics (FailedGetResourceMetric). A size that a"
            " person sets within its bounds lasts until it can measure again."
        ),
        right=(scale("catalogue", 3), scale("catalogue", 2), scale("catalogue", 4)),
        wrong=(restart("catalogue"), restart("database")),
    ),
)


def _release_and_pause(shop: ClusterShop) -> Change:
    change = shop.deploy("checkout", "2026.11.2")
    shop.pause("checkout")
    return change


PAUSED = Scenario(
    id="cluster-paused",
    title="Checkout fails for carts with more than one line, and its rollouts are paused",
    alert="HighErrorRate",
    on=ClusterShop,
    fault=_there(_release_and_pause),
    remedy=None,
    signs=(
        failing("checkout", above=0.3),
        Line(service="checkout", pattern="TypeError: unsupported operand"),
    ),
    truth=Truth(
        severity="P1",
        service="checkout",
        category=Category.DEPLOYMENT,
        metric="error_ratio",
        note=(
            "Checkout 2026.11.2 fails for every cart with more than one line, and its Deployment was paused"
            " right after the release: a rollback would be taken and nothing would be rolled out. It has"
            " to be resumed first, which people do."
        ),
        wrong=(rollback("catalogue", "2026.11.3"), rollback("checkout", "2026.11.1")),
        none_is_right=True,
    ),
)

CLUSTER_SCENARIOS: Mapping[str, Scenario] = {
    scenario.id: scenario for scenario in (CRASH_LOOP, OUT_OF_MEMORY, BLIND_AUTOSCALER, PAUSED)
}
