"""What is typed, installed or lies around wrongly: one sentence that says what to do, never a traceback."""

import io
import json
import socket
import sys
from pathlib import Path

import pytest

from tests.nexus.command_line import Terminal

SITE = """
services: [{name: web, user_facing: true}, {name: db, kind: database}]
backends:
  health: [{kind: postgres, service: db, dsn: "env:DSN"}]
  screens: {kind: browser, pages: [{name: shop, url: "http://127.0.0.1:9/", service: web}]}
  mcp: [{name: tickets, command: [tickets], roles: [devops_automator]}]
"""


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without extras: their modules cannot be imported."""
    for module in ("mcp", "psycopg", "playwright", "playwright.async_api", "supervisor", "inspect_ai"):
        monkeypatch.setitem(sys.modules, module, None)
    for module in [name for name in sys.modules if name.startswith("evals.inspect")]:
        monkeypatch.delitem(sys.modules, module)


@pytest.fixture
def site(nexus: Terminal, tmp_path: Path) -> Path:
    path = tmp_path / "nexus.yaml"
    path.write_text(SITE)
    nexus.set("NEXUS_CONFIG", str(path))
    return path


def sentence(err: str) -> str:
    """The one line of a complaint."""
    assert "Traceback" not in err
    (line,) = err.strip().splitlines()
    return line


@pytest.mark.usefixtures("bare", "site")
def test_what_needs_an_extra_says_how_to_install_it(nexus: Terminal, tmp_path: Path) -> None:
    game = nexus("gameday", "shop-cosmetic", "--yes")
    assert game.code == 2
    assert sentence(game.err).endswith("python -m pip install 'nexus-incident[shop]'")
    nexus.set("NEXUS_LLM_BASE_URL", "http://127.0.0.1:9/v1")
    nexus.set("NEXUS_LLM_MODEL", "any")
    judged = nexus("eval", "--engine", "llm", "--inspect", tmp_path / "logs")
    assert judged.code == 2
    assert sentence(judged.err).endswith("python -m pip install 'nexus-incident[inspect]'")
    (tmp_path / "alert.json").write_text("{}")
    for words in (("serve", "--port", "0"), ("run", tmp_path / "alert.json")):
        live = nexus(*words)
        assert live.code == 2
        assert sentence(live.err).endswith(
            "needs the extras `browser` (backends.screens), `mcp` (backends.mcp), `postgres` "
            "(backends.health[0]), not installed here; "
            "python -m pip install 'nexus-incident[browser,mcp,postgres]'"
        )


@pytest.mark.usefixtures("bare", "site")
def test_the_doctor_names_what_is_not_installed(nexus: Terminal) -> None:
    examined = nexus("doctor", "--json")
    assert examined.code == 1
    said = "\n".join(row["found"] for row in json.loads(examined.out))
    for extra in ("browser", "mcp", "postgres"):
        assert (
            f"the extra `{extra}` is not installed; python -m pip install 'nexus-incident[{extra}]'" in said
        )


@pytest.mark.parametrize(
    "words",
    [
        ("show",), ("watch",), ("trace",), ("ask", "why?"), ("record", "no-such-folder"),
        ("approve", "--by", "a"), ("reject", "--by", "a", "--note", "n"), ("note", "x", "--by", "a"),
        ("revoke", "--by", "a", "--note", "n"), ("another-way", "w", "--by", "a"),
        ("severity", "P1", "--by", "a"), ("stop", "--by", "a", "--reason", "r"),
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_an_incident_that_is_not_there_is_named(nexus: Terminal, ended: Path, words: tuple[str, ...]) -> None:
    nexus.goes_on_from(ended)
    verb, *more = words
    typed = nexus(verb, "INC-2026-01-01-001", *more)
    assert typed.code == 2
    assert "There is no incident 'INC-2026-01-01-001'; did you mean INC-" in sentence(typed.err)


@pytest.mark.parametrize("verb", ["incidents", "approvals", "backlog", "resume"])
def test_a_list_of_an_empty_home_is_an_empty_list(nexus: Terminal, verb: str) -> None:
    assert nexus(verb, "--json") == (0, "[]\n", "")
    assert not nexus.home.exists()
    typed = nexus(verb)
    assert (typed.code, typed.out) == (2, "")
    assert "There are no incidents yet" in sentence(typed.err)


@pytest.mark.parametrize(
    "words",
    [
        ("demo", "--engine", "gpt"), ("run",), ("run", "--world", "nowhere"), ("run", "nowhere.json"),
        ("show", "INC-1"), ("trace", "INC-1"), ("ask", "INC-1", "why?"), ("record", "INC-1", "there"),
        ("gameday",), ("gameday", "no-such"), ("gameday", "shop-cosmetic", "--shadow", "--yes"),
        ("eval", "nowhere"), ("eval", "--fail-on", "luck<1"),
        ("import", "rcaeval", "nowhere", "there"), ("import", "other", "nowhere", "there"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_mistake_leaves_the_output_to_machines(
    nexus: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    typed = nexus(*words, "--json")
    assert (typed.code, typed.out) == (2, "")
    assert sentence(typed.err)


def test_a_person_is_asked_beside_the_json(
    nexus: Terminal, waiting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Keyboard(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Keyboard("later\n"))
    nexus.goes_on_from(waiting)
    typed = nexus("resume", "--json")
    (incident,) = json.loads(typed.out)
    assert (typed.code, incident["status"]) == (3, "open")
    assert "Approve?" in typed.err


class Keyboard(io.StringIO):
    """A terminal at which nobody answers: the input ends, or Ctrl-C is pressed."""

    def __init__(self, interrupts: bool) -> None:
        super().__init__()
        self._interrupts = interrupts

    def isatty(self) -> bool:
        return True

    def readline(self, _size: int | None = -1) -> str:  # type: ignore[override]  # as `io.StringIO` itself
        if self._interrupts:
            raise KeyboardInterrupt
        return ""


@pytest.mark.parametrize(
    ("interrupts", "code", "says"),
    [
        (True, 130, "nexus: stopped; `nexus resume` goes on where it was"),
        (False, 1, "nexus: the input ended before the question was answered"),
    ],
)
def test_a_question_that_nobody_answers_ends_the_verb(
    nexus: Terminal, monkeypatch: pytest.MonkeyPatch, interrupts: bool, code: int, says: str
) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard(interrupts))
    typed = nexus("truth", Path(__file__).parents[3] / "demo" / "recording" / "shop-checkout-bad-release")
    assert (typed.code, sentence(typed.err)) == (code, says)


def test_a_home_that_cannot_be_used_is_named_with_what_to_do(nexus: Terminal, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "nexus.db").write_text("garbage " * 500)
    for home, why in (
        (tmp_path / "file", "make its folder writable, or let NEXUS_HOME name another one"),
        (tmp_path / "old", "put a backup in its place, or let NEXUS_HOME name another folder"),
    ):
        nexus.set("NEXUS_HOME", str(home))
        typed = nexus("demo", "--yes", "--json", "--engine", "playbook")
        assert typed.code == 1
        assert f"The store {home / 'nexus.db'} cannot be used: " in sentence(typed.err)
        assert sentence(typed.err).endswith(why)
        found = {row["part"]: row for row in json.loads(nexus("doctor", "--json").out)}
        assert found["Store"]["state"] == "broken"


def test_an_address_that_is_taken_is_said_so(nexus: Terminal, tmp_path: Path) -> None:
    (tmp_path / "nexus.yaml").write_text("services: [{name: web}]\npeople: [{name: ana}]\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        typed = nexus("serve", "--config", tmp_path / "nexus.yaml", "--port", str(port))
    assert typed.code == 1
    assert sentence(typed.err) == (
        f"nexus: 127.0.0.1:{port} cannot be listened on (Address already in use); name another with --port"
    )


@pytest.mark.parametrize("verb", ["serve", "run"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            None,
            "the configuration cannot be read: No such file or directory; `nexus init` writes a first one",
        ),
        (b"", "nothing stands in it"),
        (b"\xff\xfe", "it is no UTF-8 text"),
        (b"a: [1\n b", "line 3: did not find expected"),
        (b"- a", "a mapping is expected at the top, not list"),
    ],
)
def test_a_configuration_that_is_none_is_a_sentence(
    nexus: Terminal, tmp_path: Path, verb: str, content: bytes | None, said: str
) -> None:
    path = tmp_path / "nexus.yaml"
    if content is not None:
        path.write_bytes(content)
    (tmp_path / "alert.json").write_text("{}")
    given = ("run", tmp_path / "alert.json") if verb == "run" else ("serve", "--port", "0")
    typed = nexus(*given, "--config", path)
    assert typed.code == 2
    assert said in sentence(typed.err)
    folder = nexus(*given, "--config", tmp_path)
    assert (folder.code, "Is a directory" in sentence(folder.err)) == (2, True)
