"""One case of many: a process that was started anew finds it by name, which it could not in `__main__`."""

from pathlib import Path

from evals.simulate.faults.base import Unfit
from evals.simulate.record import write_case
from evals.simulate.simulate import simulate


def write_one(out: Path, kind: str | None, after: float | None, seed: int) -> str:
    """Write the case of one seed; what became of it as a line."""
    if (out / f"sim-{seed:06d}").exists():
        return f"sim-{seed:06d} is there"
    try:
        simulated = simulate(seed, kind, after=None if after is None else 60 * after)
    except Unfit as error:
        return f"sim-{seed:06d} left out: {error}"
    folder = write_case(simulated, out)
    blamed = ", ".join(
        f"{kind} at {cause.service}" for kind, cause in zip(simulated.kinds, simulated.causes, strict=True)
    )
    return f"{folder.name}: {blamed or 'nothing'}; {simulated.symptom.title}"
