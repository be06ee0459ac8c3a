"""What can go wrong in the shop: how it is broken, how it is healed, and what is true about it.

A scenario's truth is written down here, before anything runs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from demo.launcher import Shop
from demo.releases import Change

Step = Callable[[Shop], Change | None]


@dataclass(frozen=True, kw_only=True)
class Action:
    """A remedy in the words of a recording."""

    kind: Literal["rollback", "restart"]
    service: str
    to: str | None = None

    @property
    def key(self) -> str:
        """Names the folder of the aftermath."""
        return "-".join(part for part in (self.kind, self.service, self.to) if part)


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What a scorer may know; the moment and the change are filled in by the run."""

    severity: Literal["P0", "P1", "P2", "P3"]
    service: str
    category: Literal["deployment", "infrastructure", "code", "dependency"]
    metric: str | None
    note: str
    right: tuple[Action, ...]
    harmless: tuple[Action, ...] = ()
    wrong: tuple[Action, ...] = ()
    data_breach: bool = False
    user_data: bool = False


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One way to break the shop.

    Attributes:
        id: Names the case.
        title: What people would call the incident.
        prelude: What happens before and has nothing to do with it.
        fault: What breaks the shop.
        remedy: What heals it: `truth.right[0]`, carried out.
        truth: What is true.
    """

    id: str
    title: str
    prelude: Step
    fault: Step
    remedy: Step
    truth: Truth


BAD_RELEASE = Scenario(
    id="shop-checkout-bad-release",
    title="Checkout fails for carts with more than one line",
    prelude=lambda shop: shop.deploy("catalogue", "2026.11.4"),
    fault=lambda shop: shop.deploy("checkout", "2026.11.2"),
    remedy=lambda shop: shop.rollback("checkout", "2026.11.1"),
    truth=Truth(
        severity="P1",
        service="checkout",
        category="deployment",
        metric="error_ratio",
        note=(
            "Checkout 2026.11.2 reads the bundle discount as a float and multiplies it with a Decimal: every"
            " cart with more than one line raises TypeError. Its new retry wraps the pricing too, so such an"
            " order fails only after four attempts and 1.75 s. The catalogue's page size is a red herring."
        ),
        right=(Action(kind="rollback", service="checkout", to="2026.11.1"),),
        harmless=(Action(kind="restart", service="checkout"),),
        wrong=(Action(kind="rollback", service="catalogue", to="2026.11.3"),),
    ),
)

SCENARIOS = {scenario.id: scenario for scenario in (BAD_RELEASE,)}
