"""How much a deviation weighs: by what users feel of it, and by how sure it is."""

import math

#: Ten sigmas are half of certainty that a deviation is none of chance.
_HALF_SURE = 10.0
#: Counts have an error that is known, not one that was estimated: three of these are as sure as ten sigmas.
_HALF_SURE_COUNTED = 3.0
#: A twentieth of the users' requests failing is half of the strongest signal.
HALF_FAILED = 0.05
#: As much extra time as a request takes anyway is half of the strongest signal.
HALF_SLOWER = 1.0


def weight(impact: float, half: float) -> float:
    """0 to 1, a half at `half`; the square root keeps what hits few users but hits them hard in sight."""
    root = math.sqrt(max(impact, 0.0) / half)
    return root / (root + 1.0)


def sureness(sigmas: float) -> float:
    """0 to 1, a half at ten robust sigmas."""
    return sigmas / (sigmas + _HALF_SURE)


def by_chance(errors: float) -> float:
    """Standard errors between two counts as robust sigmas that are as sure."""
    return errors * _HALF_SURE / _HALF_SURE_COUNTED
