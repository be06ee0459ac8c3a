"""On which answers each sender tells the same again: what is sent away on another answer may be lost.

It stands beside each form (`senders/NAME.yaml`, `again`), as its vendor documents it or its source shows.
"""

from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from importlib import resources
from typing import Literal

import yaml
from pydantic import TypeAdapter

from incidents.value import Value

#: What is answered to a sender of which it is not known, as most programs take it for a passing failure.
NOT_KNOWN = HTTPStatus.SERVICE_UNAVAILABLE

#: YAML's loader in C where there is one: these files are long.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Retrying(Value):
    """How a sender tells again what was not taken.

    Attributes:
        statuses: on which answers; none at all: it never does. None: that is not documented.
        how: when and how often, or what becomes of it instead.
        source: where that stands.
    """

    statuses: tuple[int | Literal["5xx", "no 2xx", "no answer"], ...] | None = None
    how: str = ""
    source: str = ""

    @property
    def busy_status(self) -> HTTPStatus | None:
        """What it is answered while too much waits; None: whatever it is answered, it does not come again."""
        if self.statuses is None:
            return NOT_KNOWN
        if {429, "no 2xx"} & set(self.statuses):
            return HTTPStatus.TOO_MANY_REQUESTS
        return HTTPStatus.SERVICE_UNAVAILABLE if {503, "5xx"} & set(self.statuses) else None

    @property
    def sentence(self) -> str:
        """As the table of senders says it, in Markdown."""
        if self.statuses is None:
            return f"{self.how or 'not documented'}; it is answered {NOT_KNOWN}"
        on = ", ".join(map(str, self.statuses)) or "nothing: it is taken while too much waits, too"
        said = f"{on} ({self.how})" if self.how else on
        return f"{said}, [source]({self.source})" if self.source else said


@lru_cache(maxsize=1)
def sender_rows() -> Mapping[str, Mapping[str, object]]:
    """The row of each form in the table of senders, by the form's name."""
    rows: dict[str, Mapping[str, object]] = {}
    for file in resources.files("tools.alerts.senders").iterdir():
        if file.name.endswith(".yaml"):
            rows |= yaml.load(file.read_text(encoding="utf-8"), _Loader)["forms"]  # noqa: S506 - a safe one
    return rows


@lru_cache(maxsize=1)
def all_retrying() -> Mapping[str, Retrying]:
    """Of each form, by its name."""
    told = {name: row.get("again", {}) for name, row in sender_rows().items()}
    return TypeAdapter(dict[str, Retrying]).validate_python(told)


def busy_status(sender: str) -> HTTPStatus | None:
    """What a sender is answered while too much waits; None: it would not come again, so it is taken."""
    return all_retrying().get(sender, Retrying()).busy_status
