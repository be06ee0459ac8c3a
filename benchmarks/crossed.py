"""Whether a constant of the analysis that was chosen on public cases would be chosen on other cases as well.

Each constant is halved and doubled, one at a time. What a set of cases would choose is measured on the
other sets. A choice that only its own set likes was fitted to that set.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module

_ROOM = "tools.analysis"
#: Module to the weights, caps, least counts and thresholds in it that a case's ranking rests on. Left out:
#: units, time spans, and what weighs changes, because these cases hold none.
CHOSEN: Mapping[str, tuple[str, ...]] = {
    "blame": (
        "_CALLER_OF_ANOMALOUS", "_COMPARABLE", "_EXTERNAL", "_AT_SYMPTOM", "_UNREACHED", "CHANNEL_CAP",
        "_ECHO",
    ),
    "edges": ("_STOPPED", "_EXPECTED"),
    "felt_since": ("_MOSTLY", "_LEAST"),
    "impact": ("_HALF_SURE", "_HALF_SURE_COUNTED", "HALF_FAILED", "HALF_SLOWER"),
    "metric_signals": ("_NEVER_CALLED", "_UNLIMITED_CAP"),
    "presence": ("_ENOUGH",),
    "presence_signals": ("_NOTABLE", "_LEFT_OVER"),
    "rank": ("STANDS_OUT", "_OTHER_KIND"),
    "series": ("SIGNIFICANT", "_RELATIVE_FLOOR", "_ENOUGH"),
    "silence": ("_EXPECTED", "_LEFT", "_SELDOM"),
    "slow_edges": ("_AS_MUCH", "_COMPARABLE", "_SEVERAL"),
    "trace_signals": ("_ENOUGH", "_SPREAD", "_RELATIVE_FLOOR"),
}  # fmt: skip
#: Less than this in the mean reciprocal rank is no preference: sums of floats differ in their last digits.
_SAME = 1e-9

#: Ranks one case anew and tells the strict rank of the right service, from 1.
Rank = Callable[[], int]
#: Set of cases to the mean reciprocal rank of the right service in it.
Worth = dict[str, float]


@contextmanager
def _set_to(module: str, name: str, value: float) -> Iterator[None]:
    """The constant with another value, wherever in the analysis it was imported to."""
    was = getattr(import_module(f"{_ROOM}.{module}"), name)
    holders = [import_module(f"{_ROOM}.{module}")]
    if not name.startswith("_"):
        holders = [one for key, one in sys.modules.items() if key.startswith(_ROOM) and hasattr(one, name)]
    for holder in holders:
        setattr(holder, name, value)
    try:
        yield
    finally:
        for holder in holders:
            setattr(holder, name, was)


def _grid(value: float) -> tuple[float, float]:
    """Half and double; a share stays one, a count stays whole and at least 1."""
    if isinstance(value, int):
        return max(value // 2, 1), value * 2
    return value / 2, min(value * 2, 1.0) if value < 1 else value * 2


def _worth(cases: Mapping[str, Sequence[Rank]]) -> Worth:
    return {name: sum(1 / rank() for rank in ranks) / len(ranks) for name, ranks in cases.items()}


def _choice(among: Mapping[float, Worth], shipped: float, sets: Sequence[str]) -> float:
    """The value that some sets like best; they keep the shipped one where no other is better."""

    def liked(value: float) -> float:
        return sum(among[value][name] for name in sets)

    best = max(among, key=liked)
    return best if liked(best) > liked(shipped) + _SAME else shipped


def _verdict(among: Mapping[float, Worth], shipped: float) -> str:
    """What each set would choose otherwise, and what that choice gains or costs in the other sets."""
    sets = sorted(among[shipped])
    said = []
    for name in sets:
        chosen = _choice(among, shipped, [name])
        if chosen == shipped:
            continue
        others = [other for other in sets if other != name]
        moved = sum(among[chosen][other] - among[shipped][other] for other in others) / len(others)
        own = among[chosen][name] - among[shipped][name]
        holds = "holds there too" if moved > _SAME else "same there" if moved >= -_SAME else "does not hold"
        said.append(f"{name} would take {chosen:g} ({own:+.3f}; others {moved:+.3f}: {holds})")
    if said:
        return "; ".join(said)
    spread = max(abs(worth[name] - among[shipped][name]) for worth in among.values() for name in sets)
    return "no value matters" if spread <= _SAME else "the shipped value is kept by every set"


def cross_validate(cases: Mapping[str, Sequence[Rank]]) -> Iterator[str]:
    """The lines of the table, each as soon as it is measured.

    Args:
        cases: set of cases to what ranks each case of it.
    """
    begun = time.process_time()
    as_shipped = _worth(cases)
    sizes = ", ".join(f"{name} {len(ranks)} cases {as_shipped[name]:.3f}" for name, ranks in cases.items())
    yield f"Mean reciprocal rank (strict) as shipped: {sizes}"
    yield f"{'constant':<36}{'shipped':>8}  set: at half | shipped | double"
    for module, names in CHOSEN.items():
        for name in names:
            shipped = getattr(import_module(f"{_ROOM}.{module}"), name)
            among = {shipped: as_shipped}
            for value in _grid(shipped):
                if value not in among:
                    with _set_to(module, name, value):
                        among[value] = _worth(cases)
            yield f"{module + '.' + name:<36}{shipped:>8g}  {_row(among)}"
            yield f"{'':<46}{_verdict(among, shipped)}"
    yield f"{time.process_time() - begun:.0f} s of processor time"


def _row(among: Mapping[float, Worth]) -> str:
    values = sorted(among)
    sets = sorted(among[values[0]])
    return "; ".join(f"{name} {' | '.join(f'{among[v][name]:.3f}' for v in values)}" for name in sets)
