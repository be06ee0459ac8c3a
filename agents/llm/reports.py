"""The report that a model is asked for, with no more in its schema than its assignment allows."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from incidents.action import ActionKind
from incidents.reports import REPORT_TYPES, MitigationReport, Report, Task

#: Which arguments each kind of change has; what an undo has besides, code gives it.
_ARGUMENTS = {
    ActionKind.ROLLBACK: {"version"}, ActionKind.SCALE: {"replicas"}, ActionKind.HOTFIX: {"commit", "patch"},
    ActionKind.FEATURE_FLAG: {"flag", "enabled"}, ActionKind.FALLBACK: {"flag"},
}  # fmt: skip


def arguments_of_kinds(kinds: Sequence[ActionKind]) -> set[str]:
    """The names of the arguments that changes of these kinds have."""
    return set[str]().union(*(_ARGUMENTS.get(one, set()) for one in kinds))


def asked_for(task: Task, actions: Sequence[ActionKind], *, patches: bool = True) -> type[Report]:
    """The report type of a task, told with the changes that may be proposed; another one is understood.

    Args:
        task: what is asked.
        actions: which kinds of change may be proposed.
        patches: whether a patch of its own can be tried.
    """
    if task is not Task.MITIGATE:
        return REPORT_TYPES[task]
    return _proposing(tuple(dict.fromkeys(actions)), patches=patches)


def plain(report: Report) -> Report:
    """A report as the type that everybody else knows."""
    if type(report) in REPORT_TYPES.values() or not isinstance(report, MitigationReport):
        return report
    return MitigationReport(**dict(report))


@lru_cache(maxsize=64)
def _proposing(kinds: tuple[ActionKind, ...], *, patches: bool) -> type[MitigationReport]:
    class Narrowed(MitigationReport):
        @classmethod
        def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
            return _narrowed(super().model_json_schema(*args, **kwargs), kinds, patches=patches)

    # It is that report by its name and by what it says of itself, which a model reads.
    Narrowed.__name__ = Narrowed.__qualname__ = MitigationReport.__name__
    Narrowed.__doc__ = MitigationReport.__doc__
    return Narrowed


def _narrowed(schema: dict[str, Any], kinds: tuple[ActionKind, ...], *, patches: bool) -> dict[str, Any]:
    """The schema with these kinds of change and their arguments; without any it has no proposals."""
    schema["title"], schema["description"] = MitigationReport.__name__, MitigationReport.__doc__
    if not kinds:
        del schema["properties"]["proposals"]
        return {key: value for key, value in schema.items() if key != "$defs"}
    defs = schema["$defs"]
    defs["ActionKind"]["enum"] = [one.value for one in kinds]
    needed = set[str]().union(*(_ARGUMENTS.get(one, set()) for one in kinds)) - (
        set() if patches else {"patch"}
    )
    given = {name: told for name, told in defs["Arguments"]["properties"].items() if name in needed}
    defs["Arguments"]["properties"] = given
    if not given:
        del defs["Arguments"], defs["Action"]["properties"]["arguments"]
    return schema
