"""`nexus truth`: every answer is checked with the case's own names, and "not known" is one."""

import io
import sys
from pathlib import Path

import pytest

from evals.record.truth import answered, known_of
from incidents.errors import UsageError
from tests.cases import build_case
from tests.nexus.command_line import Terminal
from tools.recorded import Truth, read_truth


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A case with a comment in its file and a truth to change."""
    made = build_case(tmp_path, "shop")
    path = made / "case.yaml"
    path.write_text(f"# kept by hand\n{path.read_text()}notes: [seen by two people]\n")
    return made


class Keyboard(io.StringIO):
    """A terminal that somebody types at."""

    def isatty(self) -> bool:
        return True


def test_fields_are_changed_one_by_one_and_all_else_stays(nexus: Terminal, folder: Path) -> None:
    before = (folder / "case.yaml").read_text()
    words = ("--severity", "p2", "--change", "unknown", "--also-accept", "web", "--wrong", "none")
    typed = nexus("truth", folder, *words, "--right", "rollback checkout 1.0, restart web")
    assert typed.code == 0, typed.err
    found = read_truth(folder)
    assert found.severity == "P2"
    assert found.cause.change is None
    assert found.cause.service == "checkout"
    assert found.also_accept == ("web",)
    assert found.actions is not None
    assert [one.action.title for one in found.actions.right] == ["roll back checkout to 1.0", "restart web"]
    assert found.actions.wrong == ()
    after = (folder / "case.yaml").read_text()
    assert after.startswith("# kept by hand\n")
    assert after.split("truth:")[0] == before.split("truth:")[0]
    assert after.endswith("notes: [seen by two people]\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--service", "chekout"), "did you mean checkout"),
        (("--severity", "P7"), "There is no severity"),
        (("--category", "weather"), "There is no category"),
        (("--change", "c9"), "There is no change 'c9'"),
        (("--onset", "yesterday"), "is no time"),
        (("--onset", "2026-03-12T10:00:00"), "has no zone"),
        (("--also-accept", "web, nobody"), "There is no service 'nobody'"),
        (("--red-herrings", "c9"), "There is no service or change 'c9'"),
        (("--right", "reboot web"), "There is no kind of action 'reboot'"),
        (("--right", "rollback checkout"), "needs the argument 'version'"),
        (("--right", "restart the-lot"), "names no service"),
        (("--data-breach", "perhaps"), "answer yes, no or unknown"),
        ((), "Nobody is here to answer"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(
    nexus: Terminal, folder: Path, words: tuple[str, ...], told: str
) -> None:
    before = (folder / "case.yaml").read_bytes()
    typed = nexus("truth", folder, *words)
    assert typed.code == 2
    assert told in typed.err
    assert (folder / "case.yaml").read_bytes() == before


def test_it_is_shown_without_being_changed(nexus: Terminal, folder: Path) -> None:
    before = (folder / "case.yaml").read_bytes()
    typed = nexus("truth", folder, "--show")
    assert "rollback checkout 1.0" in typed.out
    assert "Confirmed." in typed.out
    assert (folder / "case.yaml").read_bytes() == before


def test_a_person_is_asked_again_until_the_answer_can_be_used(
    nexus: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ["P0", "chekout", "checkout", "", "", "unknown", "cpu", "a bad loop", *[""] * 7, "Dana"]
    monkeypatch.setattr(sys, "stdin", Keyboard("\n".join(said) + "\n"))
    typed = nexus("truth", folder)
    assert typed.code == 0, typed.err
    assert "did you mean checkout" in typed.out
    found = read_truth(folder)
    assert (found.severity, found.cause.metric, found.cause.note) == ("P0", "cpu", "a bad loop")
    assert found.cause.change is None
    assert found.actions is not None
    assert found.actions.right[0].service == "checkout"
    assert found.confirmed_by == "Dana"


def test_unknown_is_null_everywhere(folder: Path) -> None:
    known = known_of(folder)
    names = ("severity", "service", "category", "onset", "change", "metric", "note", "also_accept", "right")
    every = dict.fromkeys(
        (*names, "red_herrings", "harmless", "wrong", "data_breach", "user_data"), "unknown"
    )
    assert answered(read_truth(folder), every, known) == Truth()
    with pytest.raises(UsageError):
        answered(Truth(), {"onset": "2026"}, known)
