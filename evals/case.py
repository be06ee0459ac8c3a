"""Which recorded incidents an eval runs over, and what was true of them."""

from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path

from incidents.errors import CaseError
from incidents.value import Value
from tools.recorded.document import Truth, load_document

#: Cases that ship with the home lie in folders of these packages.
_SHIPPED = (("evals", "cases"), ("demo", "recording"))


class EvalCase(Value):
    """One case with its truth.

    Attributes:
        group: the system that was recorded, or the name of the folder that holds the case.
        truth: empty while no person has confirmed it: it would be the agents' own belief.
    """

    id: str
    title: str
    folder: Path
    group: str
    truth: Truth


def open_eval_case(folder: Path) -> EvalCase:
    """Read what a scorer needs of a case; its telemetry is not opened.

    Raises:
        CaseError: `case.yaml` breaks the recording format.
    """
    where = folder.resolve()
    document = load_document(where)
    return EvalCase(
        id=document.id,
        title=document.title,
        folder=where,
        group=document.system or where.parent.name,
        truth=document.truth if document.truth.confirmed else Truth(confirmed=False),
    )


def find_cases(given: Sequence[Path]) -> tuple[Path, ...]:
    """The case folders that are meant: each path is a case or a folder with cases at any depth.

    Raises:
        CaseError: a path holds no case, or two cases share a name.
    """
    found: dict[str, Path] = {}
    for path in given:
        below = sorted(_below(path.resolve()))
        if not below:
            raise CaseError(f"there is no recorded incident in {path}: no case.yaml at any depth")
        for folder in below:
            if found.setdefault(folder.name, folder) != folder:
                raise CaseError(f"two cases are named {folder.name!r}: {found[folder.name]} and {folder}")
    return tuple(found.values())


def shipped_cases() -> tuple[Path, ...]:
    """The cases that ship with the home."""
    roots = [Path(str(resources.files(package))) / folder for package, folder in _SHIPPED]
    return find_cases([root for root in roots if any(_below(root))])


def read_truths(folders: Sequence[Path]) -> dict[str, Truth]:
    """The truths by the case's id; a case that cannot be read has none, and is reported by its run."""
    found = {}
    for folder in folders:
        try:
            found[folder.name] = open_eval_case(folder).truth
        except CaseError:
            continue
    return found


def _below(root: Path) -> Iterator[Path]:
    if (root / "case.yaml").is_file():
        yield root
    elif root.is_dir():
        yield from (file.parent for file in root.rglob("case.yaml"))
