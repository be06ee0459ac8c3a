"""What a verb prints as JSON, held against its published schema, and against no key that it does not tell."""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from nexus.cli.schema import DOCUMENTS

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"


@cache
def validator(document: str) -> Draft202012Validator:
    """Of a published file, closed: a key that is printed has to stand in it."""
    schema = _closed(json.loads((FOLDER / f"{document}.json").read_text()))
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _closed(one) for key, one in schema.items()}
    is_object = "properties" in made and made.get("type") == "object"
    return {"additionalProperties": False} | made if is_object else made


def faults(document: str, value: object) -> list[str]:
    """What in a value breaks the schema of a document."""
    found: Iterator[Any] = validator(document).iter_errors(value)
    return [f"{error.json_path}: {error.message[:200]}" for error in found]


def assert_as_published(words: Sequence[str], printed: str) -> None:
    """Hold what `nexus WORDS --json` printed against the schemas of its verb; one of them has to fit."""
    documents = [name for name, one in DOCUMENTS.items() if words[0] in one.verbs]
    assert documents, f"no schema is published for `nexus {words[0]} --json`: nexus/cli/schema.py"
    values = printed.splitlines() if words[0] == "watch" else [printed]
    for text in values:
        value = json.loads(text)
        told = {document: faults(document, value) for document in documents}
        assert not all(told.values()), told
