"""The Markdown templates of the incident's folder and of the post-mortem."""

import re
from datetime import date, datetime
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined

from nexus.sanitize import markdown_block, markdown_line, role_name
from tools.chronicle import who
from tools.plainly import level, plainly
from tools.wording import capital


def render(name: str, **values: object) -> str:
    """Fill a template of this folder; untrusted text goes through the filters `line` and `block`."""
    return _ENVIRONMENT.get_template(name).render(**values)


def _load(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


#: A quotation, or what stands in parentheses, that ends with a full stop of its own.
_ENDED = (".”", "!”", "?”", ".)", "!)", "?)")


def _sentence(text: str) -> str:
    """With a capital, and a full stop where something is said."""
    said = text.strip()
    return f"{capital(said)}{'' if not said or said[-1] in '.!?…' or said[-2:] in _ENDED else '.'}"


def _unstopped(text: str) -> str:
    """As a part of a sentence: without its last full stop, also where that stands in parentheses."""
    return re.sub(r"\.(\)?)$", r"\1", text.strip())


def _second(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "unknown"


_ENVIRONMENT = Environment(
    loader=FunctionLoader(_load),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 - Markdown, escaped by the filters
)
_ENVIRONMENT.filters |= {
    "line": markdown_line,
    "block": markdown_block,
    "stamp": _stamp,
    "unstopped": _unstopped,
    "second": _second,
    "clock": _clock,
    "day": _day,
    "plain": plainly,
    "level": level,
    "capital": capital,
    "sentence": _sentence,
    "who": who,
    "role": role_name,
}
