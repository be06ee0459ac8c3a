"""The bodies that lie beside the forms of alerts, and what is to be read of each."""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

#: When every one of these bodies arrives.
RECEIVED = datetime(2026, 11, 29, 3, 45, tzinfo=UTC)


@dataclass(frozen=True)
class AlertCase:
    """One body.

    In the file: `body`, or `like` another one `with` other values and `without` some, by their paths;
    `headers`; `form` if the file has several. What is expected: `reads` (an alert or several), `notice`,
    `change`, `confirms`, `truncated` or `refused`; `ends` and `same` name the case whose condition it is.
    """

    file: str
    name: str
    form: str
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    expected: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """For the report of the test run."""
        return f"{self.file}: {self.name}"

    @property
    def sent(self) -> bytes:
        """As it comes over the wire; a text is sent as it is."""
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


@lru_cache(maxsize=1)
def files() -> Mapping[str, Any]:
    """Every file of bodies, by the sender's name."""
    folder = resources.files("tools.alerts.senders")
    return {
        one.name.removesuffix(".yaml"): yaml.load(one.read_text(encoding="utf-8"), _Loader)  # noqa: S506
        for one in sorted(folder.iterdir(), key=lambda one: one.name)
        if one.name.endswith(".yaml")
    }


class _Loader(yaml.CSafeLoader):
    """YAML without its own idea of times: they stay the text that a sender writes."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def cases() -> Sequence[AlertCase]:
    """Every body of every form."""
    return tuple(
        AlertCase(
            file=file,
            name=name,
            form=case.get("form", next(iter(content["forms"]))),
            body=_body(content["cases"], name),
            headers=case.get("headers", {}),
            expected=case,
        )
        for file, content in files().items()
        for name, case in content["cases"].items()
    )


def _body(given: Mapping[str, Any], name: str) -> Any:
    case = given[name]
    if "body" in case:
        return case["body"]
    body = copy.deepcopy(_body(given, case["like"]))
    for path, value in case.get("with", {}).items():
        put(body, path.split("."), copy.deepcopy(value))
    for path in case.get("without", ()):
        put(body, path.split("."), _ABSENT)
    return body


_ABSENT = object()


def put(body: Any, steps: Sequence[str], value: object) -> None:
    """Set what stands at a path of a body, or take it away; `{...}` in a text is JSON in JSON."""
    for step in steps[:-1]:
        body = body[int(step)] if isinstance(body, list) else body.setdefault(step, {})
    last: Any = int(steps[-1]) if isinstance(body, list) else steps[-1]
    if value is _ABSENT:
        del body[last]
    else:
        body[last] = value


def paths(body: object, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every path in a body, the outer before the inner."""
    inner: list[tuple[str, object]] = []
    if isinstance(body, dict):
        inner = list(body.items())
    elif isinstance(body, list):
        inner = [(str(index), one) for index, one in enumerate(body)]
    return [path for name, one in inner for path in ((*before, name), *paths(one, (*before, name)))]


def changed(body: Any, path: Sequence[str], value: object) -> Any:
    """A copy with another value at a path."""
    copied = copy.deepcopy(body)
    put(copied, path, value)
    return copied


def lacking(body: Any, path: Sequence[str]) -> Any:
    """A copy without what stands at a path."""
    return changed(body, path, _ABSENT)
