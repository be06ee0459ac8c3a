"""Imports a whole data set, each incident by itself: one that is broken is told, and the others go on."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path

from evals.importers import nezha, petshop, rcaeval
from evals.importers.draft import Found, Plan
from incidents.errors import NexusError, UnknownName, UsageError
from incidents.value import Value
from tools.recorded.write import new_case, write_document, write_pages


class Kind(StrEnum):
    """Whose layout a source has."""

    RCAEVAL = "rcaeval"
    PETSHOP = "petshop"
    NEZHA = "nezha"


class Imported(Value):
    """What became of one incident."""

    case: str
    size: str = ""
    left_out: tuple[str, ...] = ()
    error: str | None = None

    @property
    def sentence(self) -> str:
        """For a terminal."""
        if self.error:
            return f"{self.case} failed: {self.error}"
        rest = f"; left out: {'; '.join(self.left_out)}" if self.left_out else ""
        return f"{self.case}: {self.size}{rest}"


_FIND: Mapping[Kind, Callable[[Path], Found]] = {
    Kind.RCAEVAL: rcaeval.find,
    Kind.PETSHOP: petshop.find,
    Kind.NEZHA: nezha.find,
}


def kind_of(name: str) -> Kind:
    """The layout of that name.

    Raises:
        UnknownName: there is none.
    """
    if name not in list(Kind):
        raise UnknownName("data set", name, list(Kind))
    return Kind(name)


def import_all(kind: Kind, source: Path, target: Path) -> Iterator[Imported]:
    """Make a case of every incident in a source.

    Raises:
        UsageError: the source has nothing in that layout, or the target holds something already.
    """
    if not source.is_dir():
        raise UsageError(f"there is no folder {source}")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target} is not empty; name a folder that is, or does not exist")
    found = _FIND[kind](source.absolute())
    if not found.plans:
        raise UsageError(f"{source} holds no incident in the layout of {kind}; see evals/README.md")
    for name, make in found.baselines.items():
        try:
            write_pages(target.absolute() / "_baseline" / name, make())
        except NexusError as error:
            yield Imported(case=f"_baseline/{name}", error=str(error))
    for plan in sorted(found.plans, key=lambda one: one.name):
        yield _one(plan, target.absolute())


def _one(plan: Plan, target: Path) -> Imported:
    try:
        draft = plan.make()
        with new_case(target / plan.name) as folder:
            write_pages(folder / "telemetry", draft.pages)
            write_document(folder, draft.document)
    except NexusError as error:
        return Imported(case=plan.name, error=str(error))
    except Exception as error:  # noqa: BLE001 - the edge of a job: the other cases go on, this one is told
        return Imported(case=plan.name, error=f"{type(error).__name__}: {' '.join(str(error).split())}")
    return Imported(case=plan.name, size=draft.pages.told_size, left_out=tuple(draft.left_out))
