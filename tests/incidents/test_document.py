from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from incidents.document import parse_document, path_of, read_yaml
from incidents.errors import RunbookError, UsageError
from incidents.severity import Severity
from incidents.value import Value


class Cup(Value):
    size: int
    owner: Severity = Severity.P0


class Mug(Value):
    kind: Literal["mug"]
    handle: bool = True


class Glass(Value):
    kind: Literal["glass"]
    litres: float = 0.3


class Shelf(Value):
    vessels: tuple[Annotated[Mug | Glass, Field(discriminator="kind")], ...] = ()
    cups: dict[str, tuple[Cup, ...]] = Field(default={})
    best: Cup | None = None


def parse(text: str) -> Shelf:
    return parse_document(
        read_yaml(text, source="shelf.yaml", error=RunbookError),
        Shelf,
        source="shelf.yaml",
        error=RunbookError,
    )


def test_a_good_document_becomes_its_value() -> None:
    assert parse("cups: {a: [{size: 1}]}").cups["a"] == (Cup(size=1),)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("cups: {a: [{size: 1, ownr: P1}]}", "cups.a[0].ownr: there is no such key; did you mean owner?"),
        ("best: {sise: 1}", "best.sise: there is no such key; did you mean size?"),
        ("cupz: {}", "cupz: there is no such key; did you mean cups?"),
        ("cups: {a: [{}]}", "cups.a[0].size: this is missing"),
        ("cups: {a: [{size: 1, owner: P9}]}", "cups.a[0].owner: 'P9' is not allowed; did you mean P"),
        (
            "vessels: [{kind: glass, litrs: 1}]",
            "vessels[0].litrs: there is no such key; did you mean litres?",
        ),
        ("vessels: [{kind: mugg}]", "vessels[0].kind: 'mugg' is not allowed; did you mean mug?"),
        ("vessels: [{litres: 1}]", "vessels[0].kind: this is missing"),
        ("cups: {a: [{size: many}]}", "cups.a[0].size: 'many': input should be a valid integer"),
    ],
)
def test_a_mistake_is_named_with_path_value_and_the_nearest_right_one(text: str, sentence: str) -> None:
    with pytest.raises(RunbookError) as caught:
        parse(text)
    assert str(caught.value).startswith(f"shelf.yaml: {sentence}")


def test_every_mistake_gets_a_line() -> None:
    with pytest.raises(RunbookError) as caught:
        parse("cups: {a: [{size: x}, {}]}")
    assert len(str(caught.value).splitlines()) == 2


def test_a_key_that_stands_twice_is_refused_with_its_line() -> None:
    with pytest.raises(RunbookError, match="line 2: the key 'best' stands twice"):
        parse("best: {size: 1}\nbest: {size: 2}\n")


@pytest.mark.parametrize(
    "text", ["", "- 1", "[", "a: !!python/object:os.system {}", "{a", "x: \x00", "3", "? []\n: 1"]
)
def test_what_is_no_mapping_in_yaml_is_refused(text: str) -> None:
    with pytest.raises(RunbookError, match=r"shelf\.yaml"):
        parse(text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_one_way(text: str) -> None:
    try:
        found = read_yaml(text, source="x", error=UsageError)
    except UsageError:
        return
    assert isinstance(found, dict)


def test_paths_read_like_the_file() -> None:
    assert path_of(("teams", "P1", 2, "role")) == "teams.P1[2].role"
    assert path_of(("tier",), "roles.api_tester") == "roles.api_tester.tier"
