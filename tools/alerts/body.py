"""A body as a form reads it: values by their path, so that what was read can be shown with where it stood.

Pure and total: a value that is missing, empty, a placeholder that nobody filled in, or of another type is
not there. Every text is untrusted.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from incidents.errors import AlertError

#: A template's variable that its sender did not fill in: `$SERVICE`, `{EVENT.NAME}`, `{{ $labels.job }}`.
#: The word none is none of them: it is a severity.
_UNFILLED = re.compile(
    r"\$\{?[A-Z][A-Z0-9_.\[\]]*\}?|\{[A-Z][A-Z0-9_.]*\}|\{\{.*\}\}|\*[a-z ]+\*|\*UNKNOWN\*|null"
    r"|(?-i:None)|undefined|n/a|<no value>|<nil>",
    re.IGNORECASE | re.DOTALL,
)
#: How such variables begin: most texts do not.
_MAY_BE_UNFILLED = frozenset("${*nNuU<")
_ENDS_IN_ZONE = re.compile(r"(?:Z|UTC|GMT|[+-]\d\d:?\d\d)$", re.IGNORECASE)
#: Where an object tells what it is called.
_CALLED = ("name", "summary", "display_name", "displayName", "label", "title", "value", "text")
_JOINTS = re.compile(r"[\s_\-./:@]+")


class Text(NamedTuple):
    """A text and the path where it stood; false where there is none, with the path where one is expected."""

    value: str
    path: str

    def __bool__(self) -> bool:
        return bool(self.value)


class Raw(NamedTuple):
    """Any value with its path, as it stood: for times, which come as text, numbers or nothing."""

    value: object
    path: str

    def __bool__(self) -> bool:
        return self.value is not None


NOTHING = Text("", "")
NO_TIME = Raw(None, "")


@lru_cache(maxsize=4096)
def plain_word(word: str) -> str:
    """A word without case and without what joins its parts (`NO_DATA`, `no-data` and `No Data` are one)."""
    return _JOINTS.sub("", word.casefold())


@lru_cache(maxsize=4096)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split(".")) if path else ()


def scalar(value: object) -> str:
    """A text, number or truth value as text; empty for anything else and for unfilled placeholders."""
    if isinstance(value, str):
        text = value.strip()
        return "" if text[:1] in _MAY_BE_UNFILLED and _UNFILLED.fullmatch(text) else text
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if value.bit_length() < 200 else ""
    return str(value).removesuffix(".0") if isinstance(value, float) else ""


@dataclass(frozen=True, slots=True)
class Body:
    """One JSON value of a delivery.

    Args:
        value: as it was decoded.
        headers: of the request, with names in lower case.
        where: its own path in the delivery; empty for the whole.
        received_at: when the delivery arrived, for senders that tell an end as a time in the past.
    """

    value: object
    headers: Mapping[str, str] = field(default_factory=dict)
    where: str = ""
    received_at: datetime | None = None

    def path(self, path: str) -> str:
        """A path as seen from the whole delivery."""
        return f"{self.where}.{path}" if self.where and path else self.where or path

    def get(self, path: str) -> object:
        """The value at a dotted path (`event.data.title`, `alerts.0.labels`); None if there is none."""
        value = self.value
        for step in _steps(path):
            if isinstance(value, dict):
                value = value.get(step)
            elif isinstance(value, list) and step.isascii() and step.isdecimal() and int(step) < len(value):
                value = value[int(step)]
            else:
                return None
        return value

    @property
    def is_test(self) -> bool:
        """Whether the object itself says that it only tries the way here: `test: true`, `isTest: true`."""
        if not isinstance(self.value, dict):
            return False
        flags = (one for name, one in self.value.items() if plain_word(str(name)) in {"test", "istest"})
        return any(scalar(flag).lower() == "true" for flag in flags)

    def has(self, *paths: str) -> bool:
        """Whether something stands at every path, even an empty text."""
        return all(self.get(path) is not None for path in paths)

    def names(self, *keys: str) -> bool:
        """Whether the object has every one of these keys, whatever stands there."""
        return isinstance(self.value, dict) and all(key in self.value for key in keys)

    def text(self, *paths: str) -> Text:
        """The first text or number; if there is none, false with the first path."""
        for path in paths:
            if value := scalar(self.get(path)):
                return Text(value, self.path(path))
        return Text("", self.path(paths[0]))

    def raw(self, *paths: str) -> Raw:
        """The first value that is neither null nor an empty or unfilled text."""
        for path in paths:
            value = self.get(path)
            if value is not None and (not isinstance(value, str) or scalar(value)):
                return Raw(value, self.path(path))
        return Raw(None, self.path(paths[0]))

    def header(self, name: str) -> Text:
        """A header of the request."""
        return Text(self.headers.get(name, "").strip(), f"header {name}")

    def at(self, path: str) -> "Body":
        """What stands at a path, as a body of its own that knows where it stands."""
        return replace(self, value=self.get(path), where=self.path(path))

    def objects(self, path: str = "") -> Iterator["Body"]:
        """The objects of the list at a path; a single object counts as a list of one.

        Raises:
            AlertError: one of the list is no object.
        """
        for one in self.each(path):
            if not isinstance(one.value, dict):
                raise AlertError(f"{one.where}: must be an object")
            yield one

    def each(self, path: str = "") -> Iterator["Body"]:
        """The elements of the list at a path, of any kind; a single object counts as a list of one."""
        value, place = self.get(path), self.path(path)
        if isinstance(value, dict):
            yield replace(self, value=value, where=place)
        elif isinstance(value, list):
            for index, one in enumerate(value):
                yield replace(self, value=one, where=f"{place}[{index}]")

    def listed(self, *names: str) -> Iterator["Body"]:
        """The first element of each list of the object itself under one of these names, in any spelling."""
        if isinstance(self.value, dict):
            for key, value in self.value.items():
                if isinstance(value, list) and plain_word(str(key)) in names:
                    yield from list(self.each(str(key)))[:1]

    def labels(self, *paths: str) -> dict[str, str]:
        """Names and values at the paths, in any of the ways in which senders write them.

        An object; a list of `{key, value}`, `{name, value}` or pairs; tags as `a:b`, in a list or with
        commas. A later path does not overwrite an earlier one.
        """
        merged: dict[str, str] = {}
        for path in paths:
            for name, value in pairs(self.get(path)):
                merged.setdefault(name, value)
        return merged

    def picked(self, *paths: str) -> dict[str, str]:
        """The texts at the paths that are there, by the last step of each."""
        return {path.rpartition(".")[2]: text.value for path in paths if (text := self.text(path))}

    def links(self, *paths: str) -> dict[str, Text]:
        """The same with where they stood."""
        return {path.rpartition(".")[2]: text for path in paths if (text := self.text(path))}

    def spelled(self, *names: str) -> Text:
        """The first text or number of the object itself whose key is one of these, in any spelling.

        For bodies that people write themselves: `HOST_NAME`, `hostName` and `host.name` are one. `names` are
        written without case and joints. An object there is told by what it is called: `service: {id, name}`.
        """
        if isinstance(self.value, dict):
            by_name = {plain_word(str(key)): key for key in reversed(self.value)}
            for name in names:
                if name in by_name and (text := called(self.value[by_name[name]])):
                    return Text(text.value, self.path(f"{by_name[name]}{text.path}"))
        return Text("", self.path(names[0]))


def called(value: object) -> Text:
    """A text or number; of an object what it is called, of a list the first, with the path to that in it."""
    if isinstance(value, list):
        first = called(value[0]) if value and not isinstance(value[0], list) else NOTHING
        return first._replace(path=f"[0]{first.path}") if first else NOTHING
    if not isinstance(value, dict):
        return Text(scalar(value), "")
    names = (Text(text, f".{name}") for name in _CALLED if (text := scalar(value.get(name))))
    if (name := next(names, NOTHING)) or not isinstance(value.get("metadata"), dict):
        return name
    return Text(scalar(value["metadata"].get("name")), ".metadata.name")  # as Kubernetes has it


def pairs(value: object) -> Iterator[tuple[str, str]]:
    """Names and values out of any usual way to write them; what is no scalar is left out."""
    if isinstance(value, dict):
        yield from ((str(name), text) for name, one in value.items() if (text := scalar(one)))
    elif isinstance(value, str):
        yield from (pair for tag in value.split(",") if (pair := _tag(tag)) is not None)
    elif isinstance(value, list):
        for one in value:
            yield from _pair(one)


def _pair(one: object) -> Iterator[tuple[str, str]]:
    if isinstance(one, list) and len(one) == 2 and isinstance(one[0], str):
        if text := scalar(one[1]):
            yield one[0], text
    elif isinstance(one, dict):
        named = {str(key).lower(): inner for key, inner in one.items()}
        name = next((scalar(named[k]) for k in ("key", "name", "tag", "label", "title") if k in named), "")
        if name and (text := _any_value(named.get("value"))):
            yield name, text
    elif isinstance(one, str) and (pair := _tag(one)) is not None:
        yield pair


def _any_value(value: object) -> str:
    """A value, also as OpenTelemetry wraps it: `{"stringValue": "payment"}`."""
    if isinstance(value, dict):
        return next((text for inner in value.values() if (text := scalar(inner))), "")
    return scalar(value)


def _tag(tag: str) -> tuple[str, str] | None:
    name, sign, value = tag.strip().partition(":")
    if not sign:
        name, sign, value = tag.strip().partition("=")
    name, value = name.strip(), value.strip()
    return (name, value) if sign and name and value and " " not in name else None


def in_utc(time: Raw) -> Raw:
    """A time without a zone that its sender documents to be in UTC."""
    is_bare = isinstance(time.value, str) and _ENDS_IN_ZONE.search(time.value) is None
    return time._replace(value=f"{time.value}Z") if is_bare else time


def joined(*parts: Text, by: str = ": ") -> Text:
    """Several texts as one; its path lists where they stood."""
    there = [part for part in parts if part]
    if not there:
        return parts[0] if parts else NOTHING
    return Text(by.join(part.value for part in there), ", ".join(part.path for part in there))
