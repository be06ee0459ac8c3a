"""Text from outside is shown, never obeyed. The Markdown is judged by a Markdown parser."""

import io
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from nexus.cli.terminal.console import SafeConsole
from nexus.sanitize import clean, line, markdown_block, markdown_line, role_name

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@given(st.text())
@example("\x1b]8;;http://evil\x07click\x1b[31m\x9b1m\u202egnp.exe\u2066\ud800")
def test_no_character_that_steers_a_terminal_gets_through(text: str) -> None:
    shown = clean(text)
    assert {unicodedata.category(char)[0] for char in shown if char != "\n"} <= set("LMNPSZ")
    assert "\n" not in line(text)


def shown_by(source: str) -> str:
    """What a reader sees, if the source is one paragraph of bare text."""
    tokens = PARSER.parse(source)
    assert [token.type for token in tokens] in ([], ["paragraph_open", "inline", "paragraph_close"])
    inline = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in inline} <= {"text", "text_special", "softbreak", "hardbreak"}
    return "".join(child.content or "\n" for child in inline)


@given(st.text(alphabet=st.sampled_from("ab1_*`[]()<>!|~#+-=.&;:/\\ \"'é→\n"), max_size=40) | st.text())
@example("[link](http://evil)")
@example("![](http://evil/x.png)<script>alert(1)</script>")
@example("1. one")
@example("12) x")
@example("# head")
@example("---")
@example("    code")
@example("&amp; &#35; &copy;")
@example("latency_p95 __x__ _y_")
@example("http_500 ~~gone~~ a | b")
def test_markdown_shows_a_line_as_it_is(text: str) -> None:
    assert shown_by(markdown_line(text)) == line(text)


@given(st.text(alphabet=st.sampled_from("ab1_*`[<#+->=.&:\\ \n"), max_size=40))
def test_markdown_keeps_the_lines_of_a_block(text: str) -> None:
    wanted = [part.strip() for part in clean(text).strip().split("\n")]
    paragraphs = PARSER.parse(markdown_block(text))
    assert {token.type for token in paragraphs} <= {"paragraph_open", "inline", "paragraph_close"}
    inline = [child for token in paragraphs for child in token.children or ()]
    assert {child.type for child in inline} <= {"text", "text_special", "softbreak", "hardbreak"}
    shown = " ".join("".join(child.content or "\n" for child in token.children or ()) for token in paragraphs)
    assert shown.split() == " ".join(wanted).split()


def test_metric_names_stay_readable() -> None:
    assert markdown_line("latency_p95 of checkout -> 3.5 s") == "latency_p95 of checkout -> 3.5 s"


@pytest.mark.parametrize(
    ("slug", "name"),
    [
        ("devops_automator", "DevOps Automator"),
        ("api_tester", "API Tester"),
        ("backend", "Backend"),
        ("Payments team", "Payments team"),
        ("", ""),
    ],
)
def test_roles_are_named_as_people_read_them(slug: str, name: str) -> None:
    assert role_name(slug) == name


def _table(text: str) -> Table:
    table = Table(text)
    table.add_row(text)
    return table


HOSTILE = "\x1b]8;;http://evil\x07click\x1b[31m\x9b1m\u202egnp.exe\u2066"


@pytest.mark.parametrize(
    "made", [str, Text, lambda text: Panel(text, title=text), _table], ids=["text", "Text", "panel", "table"]
)
def test_whatever_is_printed_steers_no_terminal(made: Callable[[str], RenderableType]) -> None:
    shown = io.StringIO()
    SafeConsole(file=shown, width=200).print(made(f"a {HOSTILE} b"), markup=False)
    text = shown.getvalue()
    assert "click" in text
    assert {unicodedata.category(char)[0] for char in text if char != "\n"} <= set("LMNPSZ")


def test_colours_of_its_own_are_kept() -> None:
    shown = io.StringIO()
    SafeConsole(file=shown, force_terminal=True, color_system="standard").print(
        "a\tb", style="red", markup=False
    )
    assert shown.getvalue() == "\x1b[31ma       b\x1b[0m\n"
