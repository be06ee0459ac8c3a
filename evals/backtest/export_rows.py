"""The rows of an exported file: JSON, an object a line, or CSV as spreadsheets and trackers write it."""

import codecs
import csv
import json
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import jmespath

from incidents.errors import UsageError

#: What lies between cells: most programs write commas, spreadsheets in many languages semicolons.
_BETWEEN = ",;\t|"


def rows_of(path: Path, expression: str) -> Sequence[Any]:
    """The rows of a file.

    Args:
        path: in UTF-8, or in UTF-16 with its mark; CSV has a first line of names.
        expression: where the rows are in a JSON document.

    Raises:
        UsageError: it cannot be read; names the line, or where the rows should be.
    """
    text = _text(path)
    if text.lstrip()[:1] not in {"[", "{"}:
        return list(_cells(path, text))
    found = jmespath.search(expression, _document(path, text))
    if not isinstance(found, list):
        raise UsageError(
            f"{path}: {expression!r} is no list of rows; name where they are in a mapping (`rows`)"
        )
    return found


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
        marked = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return raw.decode("utf-16" if marked else "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None


def _document(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise UsageError(f"{path} is no JSON: it is nested too deep") from None
    except ValueError as error:
        try:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError):
            raise UsageError(f"{path} is no JSON: {error}") from None


def _cells(path: Path, text: str) -> Iterator[dict[str, str]]:
    """Each row by the names of the first line; of columns with one name the first that holds something."""
    first = text.partition("\n")[0]
    between = max(_BETWEEN, key=first.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=between, strict=True)
    names: list[str] = []
    try:
        for cells in reader:
            if not names:
                names = [cell.strip() for cell in cells]
            elif cells and len(cells) != len(names):
                raise UsageError(
                    f"{path.name}, line {reader.line_num}: {len(cells)} cells, where the first line names "
                    f"{len(names)}; is a cell with {between!r} or a new line in it not quoted?"
                )
            elif cells:
                yield _by_name(names, cells)
    except csv.Error as error:
        raise UsageError(f"{path.name}, line {reader.line_num}: {error}") from None


def _by_name(names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    row = dict.fromkeys(names, "")
    for name, cell in zip(names, cells, strict=True):
        row[name] = row[name] or cell
    return row
