"""From the settings to what models may spend."""

from agents.budget import DEFAULT_BUDGET, Budget, Limits
from incidents.severity import Severity
from nexus.config.settings import Settings


def budget_of(settings: Settings) -> Budget:
    """The defaults of each severity, replaced where the settings name something.

    Without prices nothing costs anything, so that there is no default for money then.
    """
    priced = settings.llm_price_in > 0 or settings.llm_price_out > 0

    def limits(level: Severity, usual: Limits, whose: str) -> Limits:
        given = {
            name: getattr(settings, f"budget_{whose}{name}") or {} for name in ("tokens", "cost", "seconds")
        }
        return Limits(
            tokens=given["tokens"].get(level, usual.tokens),
            cost=given["cost"].get(level, usual.cost if priced else None),
            seconds=given["seconds"].get(level, usual.seconds),
        )

    return Budget(
        by_severity={level: limits(level, DEFAULT_BUDGET.by_severity[level], "") for level in Severity},
        role={level: limits(level, DEFAULT_BUDGET.role[level], "role_") for level in Severity},
    )
