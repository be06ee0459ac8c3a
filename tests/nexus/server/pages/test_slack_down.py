"""A game day of telling: Slack's door is down, mail delivers, and the incident's page says both."""

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nexus.config.site import load_site
from nexus.runtime.delivering import delivering
from nexus.store.records import Message, MessageKind
from tests.nexus.notify.test_mail_destination import Mailroom, mailroom
from tests.nexus.sample import ID
from tests.nexus.server.pages.test_incident import page, text_of
from tests.nexus.server.rooms import Room, room
from tests.patience import PATIENCE
from tests.tools.live.fakes.server import Answer, Asked, serving, told

CALL = "38% of requests to checkout fail and nobody has it"
NOTIFY = """notify:
  destinations:
    - {{name: slack, kind: slack, token: 'env:BOT', channel: C024BE91L, url: '{slack}'}}
    - {{name: mail, kind: mail, to: dana@example.org,
       server: {{host: 127.0.0.1, port: 25, tls: none, from: nexus@example.org}}}}
"""


class Door:
    """Slack's side: down until it is up."""

    def __init__(self) -> None:
        self.up = False
        self.posted: list[Asked] = []

    def __call__(self, asked: Asked) -> Answer:
        if not self.up:
            return Answer("upstream connect error or disconnect/reset before headers", 503)
        self.posted.append(asked)
        return told({"ok": True, "ts": "17.1", "channel": "C024BE91L"})


@dataclass
class GameDay:
    """The room, both sides of telling, and what happens while people are told."""

    room: Room
    slack: Door
    letters: Mailroom

    async def plays(self, *moves: Callable[[], bool]) -> None:
        """People are told until each of these has become true, one after the other."""
        folder = self.room.home.settings.home
        async with mailroom(self.letters) as port:
            said = (folder / "nexus.yaml").read_text().replace("port: 25", f"port: {port}")
            (folder / "nexus.yaml").write_text(said)
            site = load_site(folder / "nexus.yaml")
            async with asyncio.timeout(PATIENCE), delivering(self.room.home, lambda: site):
                now = self.room.home.clock.now()
                call = Message(incident=ID, kind=MessageKind.PAGE, key="c", at=now, title="t", text=CALL)
                await self.room.home.store.send(call)
                for move in moves:
                    while not await asyncio.to_thread(move):  # noqa: ASYNC110 - seen from outside
                        await asyncio.sleep(0.1)

    def shows(self, pattern: str) -> bool:
        """Whether the page says so now."""
        return re.search(pattern, text_of(page(self.room))) is not None


@pytest.fixture
def day(tmp_path: Path) -> Iterator[GameDay]:
    slack = Door()
    with serving(slack) as door:
        more, secrets = NOTIFY.format(slack=door.url), {"BOT": "xoxb-of-a-test"}
        with room(tmp_path, more=more, environment=secrets) as made:
            made.app.state.streams.end()
            yield GameDay(made, slack, Mailroom())


def test_mail_calls_while_slack_is_down_and_slack_is_told_once_it_is_back(day: GameDay) -> None:
    def back() -> bool:
        day.slack.up = True
        return True

    down = r"not yet slack Slack answered 503.*?, again at \d\d:\d\d:\d\d UTC"
    asyncio.run(
        day.plays(
            lambda: day.shows("taken mail"),
            lambda: day.shows(down),
            lambda: day.shows("Reached on 1 of 2 ways: mail"),
            back,
            lambda: day.shows("taken slack"),
        )
    )
    (letter,) = day.letters.letters
    assert CALL in letter.get_content()
    assert len(day.slack.posted) == 1
    assert "not yet" not in text_of(page(day.room))
