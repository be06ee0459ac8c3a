"""Incidents told by a model that lies in every sentence: customers read none, people no unmarked one."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.grounding import MARK
from agents.public import sentences
from incidents.severity import PublicStatus
from tests.fake_openai import FakeOpenAI
from tests.liar import LIES, Lying
from tests.nexus.command_line import Terminal

#: A P0 with briefs; one with a suspected breach, which escalates to lawyers; a P1 that is rolled back.
CASES = ("evals/cases/shop-front-outage", "evals/cases/shop-customer-export", None)


@pytest.mark.parametrize("name", CASES, ids=["outage", "export", "release"])
def test_no_lie_is_published_and_none_is_told_unmarked(nexus: Terminal, case: Path, name: str | None) -> None:
    liar = Lying()
    with FakeOpenAI(liar) as server:
        nexus.set("NEXUS_LLM_BASE_URL", server.base_url)
        nexus.set("NEXUS_LLM_MODEL", "local-model")
        world = Path(name) if name else case
        body = json.loads(
            nexus("run", "--world", world, "--approve", "all", "--engine", "auto", "--json").out
        )
    assert len(liar.told) >= 10
    public = list(_public(body))
    assert [text for text in public for lie in LIES if lie in text] == []
    for update in body["status_updates"]:
        assert update["status"] in set(PublicStatus)
        assert _of_the_catalogue(update["impact"]), update["impact"]
        assert _of_the_catalogue(update["current_action"]), update["current_action"]
    folder = nexus.home / "incidents" / body["id"]
    for place in ("status-page.md", *(f"updates/{one.name}" for one in folder.glob("updates/*"))):
        if (folder / place).is_file():
            text = (folder / place).read_text()
            assert [lie for lie in LIES if lie in text] == []
    inside = [
        *_texts(body),
        *(line for path in folder.rglob("*.md") for line in path.read_text().split("\n")),
    ]
    assert [text for text in inside if (lies := _unmarked(text)) and lies] == []


def _public(body: dict[str, Any]) -> Iterator[str]:
    for update in body["status_updates"]:
        yield from _texts({name: value for name, value in update.items() if name != "draft"})


def _texts(value: object, name: str = "") -> Iterator[str]:
    """Every text of a JSON value; drafts wait for a person and are no text of anybody yet."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "draft":
                yield from _texts(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, name)
    elif isinstance(value, str):
        yield value


def _unmarked(text: str) -> list[str]:
    plain = text.replace("\\", "")
    if plain.startswith("not kept: ") or ": not kept: " in plain:
        return []  # what was taken out, with the reason
    return [lie for lie in LIES if lie in plain and MARK not in plain[: plain.index(lie)]]


def _of_the_catalogue(text: str) -> bool:
    """Whether a text is made of sentences of the catalogue alone."""
    known = sentences()
    patterns = [
        re.sub(r"\\\{\w+\\\}", ".{1,12}?", re.escape(one)) for one in (known.impact | known.action).values()
    ]
    return re.fullmatch(rf"(?:(?:{'|'.join(patterns)})\s*)+", text) is not None
