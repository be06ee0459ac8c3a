"""How a verb may be typed: as its function's signature says; help and refusals tell what is right."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.errors import UsageError
from nexus.cli.parser import Argument, Group, Option, Parser, call
from tests.nexus.command_line import Terminal, process


class Colour(StrEnum):
    RED = "red"
    DARK = "Dark"


def paint(
    place: Annotated[str, Argument(help="Where.")],
    layers: Annotated[list[int] | None, Argument(min=1, max=9)] = None,
    *,
    by: Annotated[str, Option("--by", help="100% your name.")],
    colour: Annotated[Colour | None, Option("--colour")] = None,
    also: Annotated[list[str] | None, Option()] = None,
    folder: Annotated[Path, Option("--folder", help="Kept here.")] = Path("here"),
    dry_run: Annotated[bool, Option()] = False,
    wet: Annotated[bool, Option("--wet/--dry", help="How.")] = True,
) -> None:
    """Paint
    something.
    """
    TYPED.append(locals())


TYPED: list[dict[str, Any]] = []


def alone(as_json: Annotated[bool, Option("--json")] = False) -> None:
    """Look."""
    TYPED.append(locals())


HOUSE = Group("A house.", {"paint": paint, "room": Group("A room.", {"paint": paint}, alone)})


def typed(*words: str) -> dict[str, Any]:
    TYPED.clear()
    call(HOUSE, words, "house")
    return TYPED.pop()


BARE: dict[str, Any] = {
    "place": "wall", "layers": [], "by": "dana", "colour": None, "also": None, "folder": Path("here"),
    "dry_run": False, "wet": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "differs"),
    [
        ("wall --by dana", {}),
        ("--by dana wall", {}),
        ("--by=dana -- wall", {}),
        ("wall 1 --by dana 2", {"layers": [1, 2]}),
        ("wall --by dana --colour RED", {"colour": Colour.RED}),
        ("wall --colour dark --by dana", {"colour": Colour.DARK}),
        ("wall --by dana --also a --also=b", {"also": ["a", "b"]}),
        ("wall --dry-run --by dana --dry", {"dry_run": True, "wet": False}),
        ("wall --by dana --wet --folder there", {"folder": Path("there")}),
        ("- --by dana", {"place": "-"}),
        ("--by dana -- -wall", {"place": "-wall"}),
    ],
)
def test_options_and_arguments_stand_in_any_order(words: str, differs: dict[str, Any]) -> None:
    assert typed("paint", *words.split()) == BARE | differs


@given(value=st.text())
def test_a_value_may_be_any_text(value: str) -> None:
    """Also one that begins like an option, or is one."""
    assert typed("paint", "wall", "--by", value)["by"] == value
    assert typed("paint", f"--by={value}", "wall", "--colour", "red")["by"] == value
    if not value.startswith("-"):
        assert typed("paint", "--by", "dana", value)["place"] == value


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("wall", "required: --by"),
        ("--by dana", "required: PLACE"),
        ("wall --by", "--by: expected one argument"),
        ("wall --bi dana", "no option --bi, did you mean --by?"),
        ("wall --by dana --b x", "no option --b"),
        ("wall -x", "no option -x;"),
        ("wall --by dana 0", "LAYERS: 0 is not 1 to 9"),
        ("wall --by dana 10", "LAYERS: 10 is not 1 to 9"),
        ("wall --by dana x", "LAYERS: 'x' is no whole number"),
        ("wall --by dana --colour blue", "--colour: 'blue' is none of red, Dark"),
        ("wall --by dana --wet --dry", "--dry: not allowed with argument --wet"),
        ("wall --by dana --wet=1", "--wet: ignored explicit argument '1'"),
    ],
)
def test_a_mistake_is_told_with_the_usage(words: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="`house paint --help` says more") as refused:
        typed("paint", *words.split())
    assert says in str(refused.value)
    assert capsys.readouterr().err.startswith("usage: house paint ")


def test_a_group_has_verbs_and_may_do_something_alone() -> None:
    assert typed("room") == {"as_json": False}
    assert typed("room", "--json") == {"as_json": True}
    assert typed("room", "paint", "wall", "--by", "dana") == BARE
    with pytest.raises(UsageError, match=r"no verb 'house room pain'; did you mean house room paint\?"):
        typed("room", "pain")
    with pytest.raises(UsageError, match=r"no option --jsn, did you mean --json\?"):
        typed("room", "--jsn")
    with pytest.raises(UsageError, match="no option --by"):
        typed("--by")


@pytest.mark.parametrize(("words", "code"), [((), 2), (("--help",), 0), (("-h",), 0)])
def test_who_types_nothing_is_shown_the_verbs(
    words: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        typed(*words)
    printed = capsys.readouterr()
    assert left.value.code == code
    assert "  paint  Paint something.\n" in (printed.err if code else printed.out)


def test_help_says_what_a_value_is() -> None:
    told = " ".join(Parser("house paint", paint).format_help().split())
    for part in (
        "PLACE Where.", "(1 to 9)", "--by BY 100% your name. (required)", "--colour {red,Dark}",
        "--folder FOLDER Kept here. (default: here)", "--wet How. (the default)", "--dry-run",
    ):  # fmt: skip
        assert part in told


def test_whoever_reads_the_output_may_stop_to(nexus: Terminal, waiting: Path) -> None:
    nexus.goes_on_from(waiting)
    with process(nexus.home, "show", "--json", *ids(nexus)) as showing:
        assert showing.stdout is not None
        showing.stdout.close()
        assert showing.stderr is not None
        assert (showing.stderr.read(), showing.wait()) == ("", 1)


def ids(nexus: Terminal) -> list[str]:
    return [folder.name for folder in (nexus.home / "incidents").iterdir()][:1]
