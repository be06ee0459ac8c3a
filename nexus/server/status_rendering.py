"""The status page in each of its forms, filled from one value: HTML, JSON, Atom, RSS."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import format_datetime
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from incidents.language import Language
from incidents.texts import forms_of, status_word
from incidents.value import Value
from nexus.sanitize import clean
from nexus.server.pages.words import span
from nexus.service.status_page import DAYS, LISTED, SENTENCES, DisturbanceShown, StatusPage, UpdateShown

#: The sheets that the page needs, in this order, and its icon.
SHEETS, ICON = ("nexus.css", "status.css"), "nexus.svg"


class Entry(NamedTuple):
    """An update with the disturbance that it is of."""

    update: UpdateShown
    of: DisturbanceShown


class Document(NamedTuple):
    """One form of the page."""

    body: bytes
    kind: str

    @property
    def etag(self) -> str:
        """Its strong validator."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:24]}"'


class Notice(Value):
    """A page of one sentence, with a button where something has to be confirmed."""

    heading: str
    sentence: str
    button: str = ""
    action: str = ""
    token: str = ""


@dataclass(frozen=True)
class StatusRendering:
    """Fills the templates of `nexus/templates/status`.

    Attributes:
        home: where browsers reach Nexus, without a slash at its end.
        sheets: the addresses of `SHEETS`.
        icon: that of `ICON`.
        mail: whether somebody may subscribe.
        copy: it is written into a folder, where nothing answers.
        language: of what stands around the updates.
    """

    home: str
    sheets: tuple[str, ...]
    icon: str = ICON
    mail: bool = False
    copy: bool = False
    language: Language = Language.EN

    def documents(self, view: StatusPage) -> dict[str, Document]:
        """Every form, by the name of its file."""
        entries = _entries(view)
        known = {"view": view, "entries": entries, "home": self.home, "updated": _updated(entries, view)}
        known |= words_in(self.language)
        page = _text(
            "page.html", view=view, sheets=self.sheets, icon=self.icon, mail=self.mail, copy=self.copy,
            days=DAYS, listed=LISTED, **words_in(self.language),
        )  # fmt: skip
        return {
            "index.html": Document(page.encode(), "text/html; charset=utf-8"),
            "status.json": Document(view.model_dump_json().encode(), "application/json"),
            "status.atom": Document(_text("feed.atom", **known).encode(), "application/atom+xml"),
            "status.rss": Document(_text("feed.rss", **known).encode(), "application/rss+xml"),
        }

    def notice(self, title: str, view: Notice) -> str:
        """A page of one sentence."""
        known = words_in(self.language)
        return _text("notice.html", title=title, view=view, sheets=self.sheets, icon=self.icon, **known)


def words_in(language: Language) -> dict[str, object]:
    """What templates say, and how they tell days and the status, in a language."""

    def say(key: str, count: int | None = None, **values: object) -> str:
        return Markup(SENTENCES.text(language, key, count)).format(**values)  # noqa: S704 - ours; values are escaped

    def status(update: UpdateShown) -> str:
        return status_word(update.status, language)

    def day(one: date) -> str:
        return forms_of(language).day(one)

    def moment(one: datetime, beside: datetime | None) -> str:
        """A moment beside another one, whose day need not be said again."""
        clock = f"{one:%H:%M}"
        return clock if beside is not None and one.date() == beside.date() else f"{day(one)} {clock}"

    return {"say": say, "status": status, "date_of": day, "moment": moment, "language": language.value}


def _entries(view: StatusPage) -> list[Entry]:
    found = [Entry(update, one) for one in (*view.now, *view.past) for update in one.updates]
    return sorted(found, key=lambda entry: entry.update.at, reverse=True)


def _updated(entries: list[Entry], view: StatusPage) -> datetime:
    """Of the newest update; of a page that has told nothing, its day."""
    return entries[0].update.at if entries else view.as_of.replace(hour=0, minute=0)


def _text(name: str, **values: object) -> str:
    return _environment(escaped=True).get_template(name).render(**values)


@cache
def _environment(*, escaped: bool) -> Environment:
    made = Environment(
        loader=FunctionLoader(_template),
        autoescape=escaped,  # noqa: S701 - what is not escaped is the plain text of a mail
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: clean(value) if type(value) is str else value,
        auto_reload=False,
    )
    made.filters |= {"span": span, "rfc822": format_datetime}
    return made


def _template(name: str) -> str:
    return files("nexus.templates").joinpath("status", name).read_text(encoding="utf-8")
