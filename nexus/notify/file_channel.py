"""Communications of an incident as files in its folder, `$NEXUS_HOME/incidents/<id>/`.

What was sent is kept in the store; the files are views of it. A crash between the two is mended by the next
message, and a message that is sent again changes nothing.

```
status-page.md                  what the status page says now, then earlier updates, newest first
updates/001-investigating.md    each update, brief and escalation by itself
briefs/001-brief.md
escalations/001-p0_unresolved.md
channel.md                      the incident's channel, oldest first
pages.md                        who was paged with what
charts/, post-mortem.md, ...    what the steps write
```
"""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

from incidents.communications import Brief, Escalation, StatusUpdate
from incidents.incident import Incident
from incidents.language import Language
from incidents.severity import PublicStatus
from incidents.texts import status_word
from incidents.value import iso
from nexus.files import IncidentFiles
from nexus.notify.wording import SENTENCES
from nexus.sanitize import clean, line
from nexus.store.records import Message, MessageKind
from nexus.templates import render

if TYPE_CHECKING:
    from tools.clock import Clock

_FOLDERS = {
    MessageKind.UPDATE: "updates",
    MessageKind.BRIEF: "briefs",
    MessageKind.ESCALATION: "escalations",
}
_LOGS = {MessageKind.CHANNEL: "channel", MessageKind.PAGE: "pages"}


class Sent(Protocol):
    """Where it is kept what was sent: the store."""

    async def send(self, message: Message) -> bool:
        """Keep a communication. False if its key was sent before."""
        ...

    async def messages(self, incident: str) -> tuple[Message, ...]:
        """Everything that was sent, oldest first."""
        ...


class Public(Protocol):
    """What the public page is told."""

    async def told(self, update: StatusUpdate, incident: Incident) -> str | None:
        """An update is sent; why a person is needed before customers hear of it, or None."""
        ...


class FileChannel:
    """Implements `graph.ports.Communications`. `console` sees each message that is new.

    A node that runs again after a crash words its message anew. So an update is the same if its place among
    the incident's updates, its service and its status are; a brief if its place is; an escalation if its row
    is: a row fires once.
    """

    def __init__(
        self,
        files: IncidentFiles,
        sent: Sent,
        clock: "Clock",
        console: Callable[[Message], None] | None = None,
        public: Public | None = None,
    ) -> None:
        self._files = files
        self._sent = sent
        self._clock = clock
        self._console = console
        self._public = public

    async def publish(self, update: StatusUpdate, incident: Incident) -> None:
        """Put an update on the status page."""
        key = f"{_place(update, incident.updates)} {update.service} {update.status}"
        await self._send(incident, MessageKind.UPDATE, key, update.at, update.status, update.text)
        why = await self._public.told(update, incident) if self._public is not None else None
        if why is not None:
            text = _held(why, update, incident.language)
            await self.page(incident, text, key=f"held update {_place(update, incident.updates)}")

    async def brief(self, brief: Brief, incident: Incident) -> None:
        """Send an executive update."""
        key = _place(brief, incident.briefs)
        await self._send(incident, MessageKind.BRIEF, key, brief.at, "brief", brief.text)

    async def escalate(self, escalation: Escalation, incident: Incident) -> None:
        """Tell the roles of a row that it fired."""
        row, text = escalation.row, _told(escalation, incident.language)
        await self._send(incident, MessageKind.ESCALATION, row, escalation.at, row, text)

    async def open_channel(self, incident: Incident) -> str:
        """Open the incident's channel: a file."""
        opened = SENTENCES.said(incident.language, "file.opened", incident=incident.id)
        await self.say(incident, opened, key="opened")
        return self._files.where(incident.id, "channel.md")

    async def say(self, incident: Incident, text: str, key: str | None = None) -> None:
        """Write to the incident's channel."""
        await self._now(incident, MessageKind.CHANNEL, text, key)

    async def page(self, incident: Incident, text: str, key: str | None = None) -> None:
        """Page a person."""
        await self._now(incident, MessageKind.PAGE, text, key)

    async def _now(self, incident: Incident, kind: MessageKind, text: str, key: str | None) -> None:
        key = key or hashlib.sha256(clean(text).encode()).hexdigest()
        await self._send(incident, kind, key, self._clock.now(), incident.title, text)

    async def _send(
        self, incident: Incident, kind: MessageKind, key: str, at: datetime, title: str, text: str
    ) -> None:
        message = Message(incident=incident.id, kind=kind, key=key, at=at, title=title, text=clean(text))
        new = await self._sent.send(message)
        sent = [one for one in await self._sent.messages(incident.id) if one.kind is kind]
        for name, view in _views(kind, sent, incident):
            await self._files.keep(incident.id, name, view.encode())
        if new and self._console is not None:
            self._console(message)


def _place(one: StatusUpdate | Brief, among: tuple[StatusUpdate, ...] | tuple[Brief, ...]) -> str:
    """Which of the incident's messages it is; by its moment if the incident does not hold it yet."""
    return str(among.index(one) + 1) if one in among else iso(one.at)


def _held(why: str, update: StatusUpdate, language: Language) -> str:
    status = status_word(update.status, language)
    return SENTENCES.said(language, "file.held", why=why, status=status)


def _told(escalation: Escalation, language: Language) -> str:
    to = SENTENCES.said(language, "file.to", roles=", ".join(escalation.roles))
    head = f"{escalation.condition}: {escalation.action}\n{to}"
    return f"{head}\n\n{escalation.text}" if escalation.text else head


def _views(kind: MessageKind, sent: list[Message], incident: Incident) -> list[tuple[str, str]]:
    """The files that show the messages of one kind: name and content."""
    said = partial(SENTENCES.said, incident.language)
    if kind in _LOGS:
        heading = said(f"file.{_LOGS[kind]}", incident=incident.id)
        view = render("log.md", heading=heading, incident=incident, messages=sent)
        return [(f"{_LOGS[kind]}.md", view)]
    files = [
        (f"{_FOLDERS[kind]}/{number:03d}-{_slug(message.title)}.md", message.text.strip() + "\n")
        for number, message in enumerate(sent, start=1)
    ]
    if kind is MessageKind.UPDATE:
        current, *earlier = (_in_words(one, incident.language) for one in reversed(sent))
        heading, none = said("file.earlier"), said("file.none")
        page = render("status-page.md", current=current, earlier=earlier, heading=heading, none=none)
        files.append(("status-page.md", page))
    return files


def _in_words(update: Message, language: Language) -> Message:
    """An update, whose title is its status by the word of the language."""
    return update.model_copy(update={"title": status_word(PublicStatus(update.title), language)})


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "-", line(title).lower()).strip("-") or "message"
