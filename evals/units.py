"""Measured values in their unit, as people read them."""

from evals.scorers import Unit


def amount(value: float, unit: Unit) -> str:
    """A value in its unit: `97.5%`, `9 min`, `0.0123`, `12,345`."""
    if unit is Unit.SHARE:
        return f"{100 * value:.1f}%".replace(".0%", "%")
    if unit is Unit.SECONDS:
        return span(value)
    if unit is Unit.MONEY:
        return f"{value:.4f}" if value else "0"
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def signed_amount(value: float, unit: Unit) -> str:
    """A difference in its unit, with its sign; 0 has none."""
    if unit is Unit.SHARE:
        told = f"{100 * abs(value):.1f} pp".replace(".0 pp", " pp")
    else:
        told = amount(abs(value), unit)
    if told.split()[0] in {"0", "0.0000"}:
        return "0"
    return f"+{told}" if value > 0 else f"\N{MINUS SIGN}{told}"


def span(seconds: float) -> str:
    """Seconds as people read them: `45 s`, `3.5 min`, `1.2 h`."""
    if seconds < 100:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 5400 else f"{seconds / 3600:.3g} h"
