"""Why a model gave no report, and what the attempt cost."""

from incidents.errors import EngineFailed
from incidents.faults import ModelFault
from incidents.usage import ModelUse, Usage, alike


class ModelFailed(EngineFailed):
    """A model gave no usable report.

    Attributes:
        usage: what was spent before it failed; it counts all the same.
        faults: what was at fault, of each model that was asked in turn.
        outage: the endpoint itself does not serve (down, wrong key, no such model), so that asking it
            again at once would fail again.
        unreachable: nothing at that address serves, whatever the model's name; never without `outage`.
        rest: for how many seconds the endpoint asked to be left alone, if it did.
        models: what each model that failed cost, in turn.
        key: the same for failures that are the same, for one that repeats is told once.
    """

    def __init__(
        self, message: str, usage: Usage | None = None, *, outage: bool = False, unreachable: bool = False,
        faults: tuple[ModelFault, ...] = (ModelFault.NO_REPORT,), rest: float | None = None,
        models: tuple[ModelUse, ...] = (), key: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.usage = usage or Usage()
        self.faults = faults
        self.outage = outage
        self.unreachable = unreachable
        self.rest = rest
        self.models = models
        self.key = key or "; ".join(one.key for one in models) or alike(message)

    def costing(self, usage: Usage, model: str, endpoint: str) -> "ModelFailed":
        """The same failure with what it cost, and whom."""
        fault = self.faults[0] if self.faults else ModelFault.NO_REPORT
        said = str(self).removeprefix(f"{model} at {endpoint}: ")
        use = ModelUse(model=model, endpoint=endpoint, usage=usage, fault=fault, said=said)
        return ModelFailed(
            str(self), usage, outage=self.outage, unreachable=self.unreachable, faults=self.faults,
            rest=self.rest, models=(use,),
        )  # fmt: skip
