"""Slack's own: threads, its words, and blocks that slack_sdk reads."""

import asyncio
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from nexus.notify.destination import Outcome
from nexus.notify.notice import Facts, Notice, Purpose
from nexus.notify.slack.blocks import blocks_of, fallback
from nexus.notify.slack.bot import SlackBot
from tests.nexus.notify.conformance import documented
from tests.nexus.notify.conformance.notices import AT, DIGEST, decision, notice
from tests.nexus.notify.conformance.provider import Provider, Reply, provider
from tools.clock import VirtualClock

NOW, GOOD, UNKNOWN = Outcome.FAILED_FOR_NOW, Outcome.FAILED_FOR_GOOD, Outcome.UNKNOWN


def bot(server: Provider, **said: Any) -> SlackBot:
    return SlackBot(
        "ops", SecretStr("xoxb-1111-test"), "C0CHANNEL", api=server.url, clock=VirtualClock(AT),
        limit=timedelta(seconds=60), answers=True, **said,
    )  # fmt: skip


async def test_an_incident_is_one_message_in_the_channel_kept_up_to_date_and_a_thread() -> None:
    async with provider(documented.slack_api()) as server:
        one = bot(server)
        first = await one.send(notice())
        await one.send(notice(Purpose.UPDATE, title="Found it"))
        await one.send(decision())
        await one.send(notice(Purpose.RESOLVED, title="Over"))
        await one.send(notice(thread="INC-8", incident="INC-8"))
        await one.aclose()
    said = [(asked.path, asked.json) for asked in server.asked]
    posts = [body for path, body in said if path == "/chat.postMessage"]
    channel, _, ts = (first.reference or "").partition(":")
    assert [body.get("thread_ts") for body in posts] == [None, ts, ts, ts, None]
    assert [body.get("reply_broadcast") for body in posts] == [None, False, True, True, None]
    changed = [body for path, body in said if path == "/chat.update"]
    assert {(body["channel"], body["ts"]) for body in changed} == {(channel, ts)}
    assert "Over" in changed[-1]["text"]


async def test_what_opened_a_thread_is_remembered_over_a_restart() -> None:
    async with provider(documented.slack_api()) as server:
        first = await bot(server).send(notice())

        async def opening(thread: str) -> str | None:
            return first.reference if thread == "INC-7" else None

        await bot(server, opening=opening).send(notice(Purpose.UPDATE))
        assert server.asked[1].json["thread_ts"] == (first.reference or "").partition(":")[2]


async def test_what_is_said_at_once_opens_one_thread() -> None:
    async with provider(documented.slack_api()) as server:
        one = bot(server)
        await asyncio.gather(*(one.send(notice(key=f"k{n}")) for n in range(5)))
        posts = [asked.json for asked in server.asked if asked.path == "/chat.postMessage"]
    assert [bool(post.get("thread_ts")) for post in posts] == [False, True, True, True, True]


@pytest.mark.parametrize(
    ("word", "outcome", "disables"),
    [
        ("channel_not_found", GOOD, True), ("is_archived", GOOD, True), ("not_in_channel", GOOD, True),
        ("invalid_auth", GOOD, True), ("token_revoked", GOOD, True), ("account_inactive", GOOD, True),
        ("missing_scope", GOOD, True), ("msg_too_long", GOOD, False), ("invalid_blocks", GOOD, False),
        ("ratelimited", NOW, False), ("internal_error", NOW, False), ("a_word_of_tomorrow", GOOD, False),
    ],
)  # fmt: skip
async def test_a_200_that_is_not_ok_means_what_its_word_says(
    word: str, outcome: Outcome, disables: bool
) -> None:
    async with provider(lambda _: Reply(body={"ok": False, "error": word})) as server:
        attempt = await bot(server).send(notice())
    assert (attempt.outcome, attempt.disables) == (outcome, disables)
    assert word in attempt.reason


@pytest.mark.parametrize("body", ["", "{}", "ok", "[]", '{"ok": "yes"}', '{"ok": null}'])
async def test_a_200_that_does_not_say_whether_it_was_taken_is_unknown(body: str) -> None:
    async with provider(lambda _: Reply(body=body)) as server:
        assert (await bot(server).send(notice())).outcome is UNKNOWN


async def test_what_was_told_is_told_even_if_the_first_message_is_gone() -> None:
    async with provider(documented.slack_api()) as server:
        one = bot(server)
        await one.send(notice())
        gone = Reply(body={"ok": False, "error": "message_not_found"})
        ok = Reply(body={"ok": True, "channel": "C0CHANNEL", "ts": "1.2"})
        server.says = lambda asked: gone if asked.path == "/chat.update" else ok
        assert (await one.send(notice(Purpose.UPDATE))).outcome is Outcome.ACCEPTED


EVIL = "<!channel> <@U1> <#C1> <http://evil.example|here> @here @channel *b* _i_ ~s~ `c` :boom: &lt;!here&gt;"


def evil() -> Notice:
    facts = Facts(noticed=EVIL, cause=EVIL, holder=EVIL, decision=EVIL)
    return decision(title=EVIL, text=EVIL, services=(EVIL,), facts=facts)


def test_no_text_of_an_alert_mentions_links_or_formats() -> None:
    for block in blocks_of(evil()):
        assert '"mrkdwn"' not in json.dumps(block)
    texts = [fallback(evil()), *(b["text"]["text"] for b in _read(blocks_of(evil())) if "text" in b)]
    for text in texts:
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", text)
        assert not re.search(r"@(?:here|channel|everyone)", text)


def test_the_library_reads_every_block_and_finds_nothing_too_long() -> None:
    blocks = pytest.importorskip("slack_sdk.models.blocks")
    long = decision(
        title="t& " * 900, text="& " * 9_000, facts=Facts(decision="<d> " * 4_000, noticed="n" * 9_000)
    )
    for told in (notice(), decision(), evil(), long, notice(Purpose.RESOLVED, text="", link=None)):
        for answers in (True, False):
            for parsed in blocks.Block.parse_all(blocks_of(told, answers=answers)):
                parsed.validate_json()
                if parsed.type == "section":
                    assert 1 <= len(parsed.text.text) <= 3_000


def test_buttons_answer_for_exactly_what_was_shown() -> None:
    (row,) = [block for block in _read(blocks_of(decision())) if block["type"] == "actions"]
    values = {button["action_id"]: button.get("value") for button in row["elements"]}
    change = f"INC-7 A1 {DIGEST}"
    assert values == {
        "nexus_approve": change, "nexus_reject": change, "nexus_decision": None, "nexus_acknowledge": "INC-7",
        "nexus_page": None,
    }  # fmt: skip


@pytest.mark.parametrize(("by_button", "answers"), [(False, True), (True, False)])
def test_where_a_chat_may_not_answer_the_button_leads_to_the_page(by_button: bool, answers: bool) -> None:
    asked = decision().asked
    assert asked is not None
    told = decision(asked=asked.model_copy(update={"by_button": by_button}))
    text = json.dumps(blocks_of(told, answers=answers))
    assert "nexus_approve" not in text
    assert "nexus_reject" not in text
    assert "Decide on its page" in text


def _read(blocks: Any) -> list[dict[str, Any]]:
    read = json.loads(json.dumps(blocks))
    assert isinstance(read, list)
    return read
