"""Socket Mode against a stand-in for Slack that was written from its documents; no workspace was asked."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from incidents.actor import Via
from nexus.server.chat.envelopes import frame_of, heard
from nexus.server.chat.socket_line import Ended, _rest
from nexus.server.chat.socket_mode import LINES, SocketMode
from nexus.service.destinations import socket_mode_of
from nexus.service.doctor_destinations import check_destinations
from nexus.store.leading import FailingJob
from tests.nexus.notify.conformance.provider import Reply
from tests.nexus.sample import DIGEST, ID, at
from tests.nexus.server.rooms import Room, csrf_of, room
from tests.nexus.server.slack_socket import APP_TOKEN, Line, SlackSockets, slack_sockets
from tests.patience import PATIENCE

CHANGE = f"{ID} A1 {DIGEST}"


def yaml(folder: Path) -> str:
    return f"""
server: {{public_url: 'http://testserver'}}
notify:
  destinations:
    - {{name: ops, kind: slack, token: 'env:BOT', channel: C0CHANNEL, app_token: 'env:APP',
       url: 'file:{folder / "slack"}'}}
"""


@contextmanager
def connected(folder: Path, app_token: str = APP_TOKEN) -> Iterator[Room]:
    (folder / "slack").write_text("http://127.0.0.1:9")
    secrets = {"BOT": "xoxb-1111-test", "APP": app_token}
    with room(folder, more=yaml(folder), signatures=1, environment=secrets) as made:
        yield made


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    with connected(tmp_path) as one:
        yield one


class Pauses:
    """Sleeps for no time, and knows for how long it should have."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.changed = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        self.changed.set()
        await asyncio.sleep(0)

    async def until(self, seconds: float) -> None:
        async with asyncio.timeout(30):
            while seconds not in self.asked:
                self.changed.clear()
                await self.changed.wait()


class Forever(Pauses):
    """Goes on at once where nothing is waited for, and else never."""

    async def __call__(self, seconds: float) -> None:
        await super().__call__(seconds)
        if seconds:
            await asyncio.Event().wait()


@asynccontextmanager
async def socket_mode(made: Room, pauses: Pauses) -> AsyncIterator[SlackSockets]:
    async with slack_sockets() as slack:
        (made.home.settings.home / "slack").write_text(slack.api.url)
        async with SocketMode(made.app.state.chat, PATIENCE, pauses).running():
            yield slack


def run(made: Room, scenario: Callable[[SlackSockets, Pauses], Awaitable[None]]) -> SlackSockets:
    """A scenario with the second connection left out: it would be opened in a minute."""

    async def played() -> SlackSockets:
        pauses = Forever()
        async with socket_mode(made, pauses) as slack:
            await scenario(slack, pauses)
        return slack

    return asyncio.run(played())


def command(text: str, envelope: str = "e1", user: str = "U1") -> dict[str, Any]:
    payload = {"team_id": "T1", "user_id": user, "command": "/nexus", "text": text}
    return {
        "type": "slash_commands", "envelope_id": envelope, "accepts_response_payload": True,
        "payload": payload,
    }  # fmt: skip


def interactive(payload: dict[str, Any], envelope: str = "e1", user: str = "U1") -> dict[str, Any]:
    whole = {"team": {"id": "T1"}, "user": {"id": user}, "trigger_id": "13.1", **payload}
    return {
        "type": "interactive", "envelope_id": envelope, "accepts_response_payload": True, "payload": whole,
    }  # fmt: skip


def press(button: str, value: str, envelope: str = "e1") -> dict[str, Any]:
    return interactive(
        {
            "type": "block_actions", "channel": {"id": "C0CHANNEL"}, "message": {"ts": "17.1"},
            "actions": [{"action_id": button, "value": value}],
        },
        envelope,
    )  # fmt: skip


def sign(envelope: str = "e1") -> dict[str, Any]:
    view = {"callback_id": "nexus_sign", "private_metadata": CHANGE}
    return interactive({"type": "view_submission", "view": view}, envelope)


async def exchanged(line: Line, frame: dict[str, Any]) -> dict[str, Any]:
    await line.send(frame)
    heard = await line.heard()
    assert heard["envelope_id"] == frame["envelope_id"]
    return heard


def texts(said: dict[str, Any]) -> str:
    return "\n".join(block["text"]["text"] for block in said["blocks"])


async def linked(made: Room, line: Line, name: str) -> None:
    answer = await exchanged(line, command("link", "link"))
    assert answer["payload"]["response_type"] == "ephemeral"
    code = texts(answer["payload"]).rpartition(" ")[2]
    assert re.fullmatch(r"T1-U1-\d+-[0-9a-f]{32}", code)

    def by_browser() -> None:
        browser = made.browser(name)
        sent = {"csrf": csrf_of(browser.get("/you").text), "code": code}
        assert browser.post("/you/chat", data=sent, follow_redirects=False).status_code == 303

    await asyncio.to_thread(by_browser)


def test_what_is_done_in_slack_comes_over_a_connection_and_is_acknowledged(made: Room) -> None:
    async def scenario(slack: SlackSockets, pauses: Pauses) -> None:
        line = await slack.line()
        await linked(made, line, "dana")
        assert "payload" not in await exchanged(line, press("nexus_acknowledge", ID))
        assert "payload" not in await exchanged(line, press("nexus_approve", CHANGE, "e2"))
        (opened,) = slack.told("views.open")
        assert DIGEST in texts(opened["view"])
        answer = await exchanged(line, sign("e3"))
        assert answer["payload"]["response_action"] == "update"
        assert "dana has signed A1" in texts(answer["payload"]["view"])
        again = await exchanged(line, sign("e4"))  # the same one, sent again
        assert "dana has signed A1" in texts(again["payload"]["view"])

    slack = run(made, scenario)
    (signature,) = asyncio.run(made.home.store.approvals(ID))
    assert (signature.by, signature.digest, signature.via) == ("dana", DIGEST, Via.CHAT)
    assert "acknowledge by dana" in made.inbox()
    assert "dana has" in texts(slack.told("chat.postEphemeral")[0])
    assert [one.headers["authorization"] for one in slack.api.asked[:1]] == [f"Bearer {APP_TOKEN}"]


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
def test_a_connection_that_slack_ends_as_planned_is_opened_anew_at_once(made: Room, reason: str) -> None:
    async def scenario(slack: SlackSockets, pauses: Pauses) -> None:
        first = await slack.line()
        await first.send({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-1"}})
        second = await slack.line()
        assert "link" in texts((await exchanged(second, command("")))["payload"])
        assert [one for one in pauses.asked if one < 60] == [0]

    run(made, scenario)
    assert asyncio.run(made.home.store.failing_jobs()) == ()


def test_what_was_being_answered_when_slack_warned_is_still_acknowledged(made: Room) -> None:
    async def scenario(slack: SlackSockets, pauses: Pauses) -> None:
        line = await slack.line()
        await line.send(command("help", "last"))
        await line.send({"type": "disconnect", "reason": "warning"})
        assert (await line.heard())["envelope_id"] == "last"
        await slack.line()

    run(made, scenario)


@pytest.mark.parametrize(
    ("reason", "pause", "said"),
    [
        ("link_disabled", 300, "switched off"),
        ("too_many_websockets", 1, "ten connections"),
        ("something_new", 1, "something_new"),
        ("", 1, "did not say why"),
    ],
)
def test_a_connection_that_is_refused_is_told_and_tried_again_later(
    made: Room, reason: str, pause: float, said: str
) -> None:
    async def scenario(slack: SlackSockets, pauses: Pauses) -> None:
        line = await slack.line()
        await line.send({"type": "disconnect", "reason": reason})
        await pauses.until(pause)

    run(made, scenario)
    (job,) = asyncio.run(made.home.store.failing_jobs())
    assert job.name == socket_mode_of("ops")
    assert said in job.why


@pytest.mark.parametrize(
    ("says", "pause", "said"),
    [
        (Reply(body={"ok": False, "error": "invalid_auth"}), 300, "invalid_auth"),
        (Reply(body={"ok": False, "error": "not_allowed_token_type"}), 300, "not_allowed_token_type"),
        (Reply(body={"ok": False, "error": "internal_error"}), 1, "internal_error"),
        (Reply(429, {"ok": False, "error": "ratelimited"}, {"retry-after": "37"}), 37, "ratelimited"),
        (Reply(503, "down"), 1, "503"),
        (Reply(body={"ok": True}), 1, "no address"),
        (Reply(body={"ok": True, "url": "https://127.0.0.1/"}), 1, "no address"),
        (Reply(body={"ok": True, "url": "ws://169.254.169.254/latest"}), 1, "link-local"),
    ],
)
def test_no_address_is_told_and_asked_for_again_later(
    made: Room, says: Reply, pause: float, said: str
) -> None:
    async def played() -> None:
        async with slack_sockets() as slack:
            slack.says = says
            (made.home.settings.home / "slack").write_text(slack.api.url)
            pauses = Forever()
            async with SocketMode(made.app.state.chat, PATIENCE, pauses).running():
                await pauses.until(pause)

    asyncio.run(played())
    (job,) = asyncio.run(made.home.store.failing_jobs())
    assert said in job.why
    assert APP_TOKEN not in job.why


def test_doctor_asks_for_a_connection_and_destinations_say_why_there_is_none(made: Room) -> None:
    async def checked() -> list[str]:
        async with slack_sockets() as slack:
            (made.home.settings.home / "slack").write_text(slack.api.url)
            site, said = made.app.state.chat.doing.context.intake.site, list[str]()
            busy = Reply(429, {"ok": False, "error": "ratelimited"}, {"retry-after": "30"})
            for says in (None, busy, Reply(body={"ok": False, "error": "missing_scope"})):
                slack.says = says
                checks = await check_destinations(made.home.settings, {}, site, made.home.secrets)
                said.append(f"{checks[-1].state}: {checks[-1].found}")
            assert slack.opened.empty()
            why = FailingJob(
                site=site.site, name=socket_mode_of("ops"), tries=1, since=at(1), why="it is off"
            )
            await made.home.store.job_failed(why)
            return said

    well, busy, broken = asyncio.run(checked())
    assert busy.startswith("ok: ops: Slack was asked for a connection too often")
    assert well.startswith("ok: ops: Slack gives a connection")
    assert broken.startswith("broken: ops: its buttons do not come in by Socket Mode")
    assert "missing_scope" in broken
    (line,) = made.get("/destinations").json()["items"]
    assert line["unheard"] == "it is off"
    assert "Nothing that is pressed there" in made.browser("dana").get("/settings").text


def test_a_server_that_refuses_or_says_nothing_is_tried_again_at_growing_pauses(made: Room) -> None:
    async def played() -> None:
        async with slack_sockets() as slack:
            slack.refuses = 409
            (made.home.settings.home / "slack").write_text(slack.api.url)
            pauses = Pauses()
            async with SocketMode(made.app.state.chat, PATIENCE, pauses).running():
                await pauses.until(32)
                slack.refuses = 0
                await slack.line()
                await slack.line()
            assert pauses.asked[:2] in ([60, 1], [1, 60], [60, 60])

    asyncio.run(played())
    assert asyncio.run(made.home.store.failing_jobs()) == ()


def test_what_takes_longer_than_slack_waits_is_acknowledged_in_time_and_said_later(made: Room) -> None:
    async def played() -> None:
        async with slack_sockets() as slack:
            (made.home.settings.home / "slack").write_text(slack.api.url)
            async with SocketMode(made.app.state.chat, 0, Forever()).running():
                line = await slack.line()
                asked = command(f"ask {ID} why did checkout fail?")
                asked["payload"]["response_url"] = f"{slack.api.url}/commands/T1/1/x"
                assert await exchanged(line, asked) == {"envelope_id": "e1"}
            (later,) = slack.told("commands/T1/1/x")
            assert "Nobody knows here who you are" in texts(later)

    asyncio.run(played())


def test_a_mention_that_comes_again_in_another_envelope_is_answered_once(made: Room) -> None:
    happened = {"type": "app_mention", "user": "U1", "text": "why?", "channel": "C1", "thread_ts": "1.1"}
    payload = {"type": "event_callback", "team_id": "T1", "event_id": "Ev7", "event": happened}

    async def scenario(slack: SlackSockets, pauses: Pauses) -> None:
        line = await slack.line()
        for number in range(3):
            again = {"retry_attempt": number, "retry_reason": "timeout"} if number else {}
            frame = {"type": "events_api", "envelope_id": f"e{number}", "payload": payload, **again}
            assert await exchanged(line, frame) == {"envelope_id": f"e{number}"}

    slack = run(made, scenario)
    (told,) = slack.told("chat.postEphemeral")
    assert "Nobody knows here who you are" in texts(told)


def test_an_app_that_is_named_no_more_is_let_go_of_and_nothing_is_said_of_it(made: Room) -> None:
    async def played() -> None:
        intake = made.app.state.chat.doing.context.intake
        async with slack_sockets() as slack:
            slack.says = Reply(body={"ok": False, "error": "invalid_auth"})
            (made.home.settings.home / "slack").write_text(slack.api.url)
            pauses = Forever()
            mode = SocketMode(made.app.state.chat, PATIENCE, pauses)
            async with mode.running():
                await pauses.until(300)
                assert await made.home.store.failing_jobs()
                intake.use(intake.site.model_copy(update={"notify": type(intake.site.notify)()}))
                await mode.look()

    asyncio.run(played())
    assert asyncio.run(made.home.store.failing_jobs()) == ()


def test_what_nobody_foresaw_ends_one_connection_and_the_next_is_opened(made: Room) -> None:
    async def played() -> None:
        async with slack_sockets() as slack:
            slack.leads_to = "wss://elsewhere.example/"
            (made.home.settings.home / "slack").write_text(slack.api.url)
            pauses = Pauses()
            async with SocketMode(made.app.state.chat, PATIENCE, pauses).running():
                await pauses.until(2)
                slack.leads_to = ""
                await slack.line()

    asyncio.run(played())
    assert asyncio.run(made.home.store.failing_jobs()) == ()


def test_several_connections_serve_one_app_and_all_end_with_it(made: Room) -> None:
    async def played() -> list[Line]:
        pauses = Pauses()
        async with socket_mode(made, pauses) as slack:
            lines = [await slack.line() for _ in range(LINES)]
            for number, line in enumerate(lines):
                assert "payload" in await exchanged(line, command("", f"e{number}"))
        assert slack.opened.empty()
        for line in lines:
            await line.ended.wait()
            assert line.connection.close_code == 1000
        return lines

    assert len(asyncio.run(played())) == 2


def test_what_cannot_be_read_takes_no_connection_along(made: Room) -> None:
    async def scenario(slack: SlackSockets, pauses: Pauses) -> None:
        line = await slack.line()
        for broken in ("", "{", "[]", '"hello"', '{"type": 1}', '{"envelope_id": "e0"}'):
            await line.send(broken)
        await line.send({"type": "pong"})
        payloads: tuple[object, ...] = (None, [], {}, {"type": "app_rate_limited"}, {"user": {}})
        for number, payload in enumerate(payloads):
            for kind in ("interactive", "slash_commands", "events_api", "something_new"):
                frame = {"type": kind, "envelope_id": f"{kind}{number}", "payload": payload}
                assert await exchanged(line, frame) == {"envelope_id": f"{kind}{number}"}
        nobody = interactive({"type": "view_submission", "view": {"callback_id": "nexus_sign"}, "user": {}})
        assert await exchanged(line, nobody) == {"envelope_id": "e1"}
        assert "payload" in await exchanged(line, command("help"))

    run(made, scenario)
    assert made.inbox() == []


def test_envelopes_are_read_and_acknowledged_as_the_library_does() -> None:
    request = pytest.importorskip("slack_sdk.socket_mode.request")
    response = pytest.importorskip("slack_sdk.socket_mode.response")
    for sent in (command("help"), press("nexus_acknowledge", ID), command("x") | {"retry_attempt": 1}):
        theirs, ours = request.SocketModeRequest.from_dict(sent), frame_of(json.dumps(sent))
        assert ours is not None
        assert (ours.type, ours.envelope_id, ours.payload, ours.answerable) == (
            theirs.type, theirs.envelope_id, theirs.payload, theirs.accepts_response_payload,
        )  # fmt: skip
        for body in (None, {"text": "ä"}):
            made = response.SocketModeResponse(theirs.envelope_id, body).to_dict()
            assert json.loads(heard(ours, body)) == made
    silent = frame_of(json.dumps(command("x") | {"accepts_response_payload": False}))
    assert silent is not None
    assert json.loads(heard(silent, {"text": "ä"})) == {"envelope_id": "e1"}


def test_pauses_grow_up_to_a_minute_and_slack_may_ask_for_more() -> None:
    broke = Ended("broke")
    assert [_rest(broke, failures) for failures in range(9)] == [0, 1, 2, 4, 8, 16, 32, 60, 60]
    assert _rest(Ended(), 1) == 0
    assert _rest(Ended(), 2) == 2  # it ends each as soon as it was opened
    assert _rest(Ended("busy", rest=90), 3) == 90
    assert _rest(Ended("off", to_mend=True), 1) == 300
