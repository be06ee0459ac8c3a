import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from incidents.errors import SettingsError
from nexus.notify.destination import Attempt, Outcome
from nexus.notify.file.settings import FileSettings
from nexus.notify.http import retry_after
from nexus.notify.webhook.settings import WebhookSettings
from nexus.notify.wiring import Opened, opened
from tests.nexus.notify.notices import notice
from tests.nexus.notify.receiver import DROPS, HANGS, Behaviour, Receiver
from tools.clock import WallClock

SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes ok!").decode()
NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def hook(url: str, limit: str = "5s", secret: str = SECRET) -> Opened:
    settings = WebhookSettings.model_validate(
        {"kind": "webhook", "name": "ours", "url": url, "secret": "env:HOOK", "limit": limit}
    )
    return opened(settings, lambda reference: SecretStr(secret), WallClock())


async def tried(receiver: Receiver, limit: str = "5s") -> Attempt:
    async with receiver.listening():
        destination = hook(receiver.url, limit).destination
        attempt = await destination.send(notice())
        await destination.aclose()
    return attempt


async def test_what_is_posted_is_signed_and_has_the_key_of_the_notice() -> None:
    receiver = Receiver()
    assert (await tried(receiver)).outcome is Outcome.ACCEPTED
    (taken,) = receiver.taken
    told = Webhook(SECRET).verify(taken.body, dict(taken.headers))
    assert (told["type"], told["data"]["title"]) == ("nexus.page", notice().title)
    assert taken.key == notice().key
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(taken.body.replace(b"P1", b"P3"), dict(taken.headers))


@pytest.mark.parametrize(
    ("how", "outcome", "disables", "wait"),
    [
        (Behaviour(status=204, body=b""), Outcome.ACCEPTED, False, None),
        (Behaviour(status=429, headers={"Retry-After": "7"}), Outcome.FAILED_FOR_NOW, False, 7),
        (Behaviour(status=503), Outcome.FAILED_FOR_NOW, False, None),
        (Behaviour(status=500), Outcome.FAILED_FOR_NOW, False, None),
        (Behaviour(status=404), Outcome.FAILED_FOR_GOOD, True, None),
        (Behaviour(status=504), Outcome.UNKNOWN, False, None),
        (Behaviour(status=400), Outcome.FAILED_FOR_GOOD, False, None),
        (Behaviour(status=401), Outcome.FAILED_FOR_GOOD, True, None),
        (Behaviour(status=410), Outcome.FAILED_FOR_GOOD, True, None),
        (Behaviour(status=302, headers={"Location": "/elsewhere"}), Outcome.FAILED_FOR_GOOD, True, None),
        (DROPS, Outcome.UNKNOWN, False, None),
    ],
)  # fmt: skip
async def test_what_an_answer_means(
    how: Behaviour, outcome: Outcome, disables: bool, wait: int | None
) -> None:
    receiver = Receiver([how])
    attempt = await tried(receiver)
    assert (attempt.outcome, attempt.disables) == (outcome, disables)
    assert attempt.retry_after == (timedelta(seconds=wait) if wait is not None else None)
    assert len(receiver.taken) == 1


async def test_nobody_waits_longer_than_the_limit_and_what_became_of_it_is_not_known() -> None:
    attempt = await tried(Receiver([HANGS]), "1s")
    assert attempt.outcome is Outcome.UNKNOWN
    assert "did not answer in time" in attempt.reason


async def test_where_nobody_listens_nothing_was_sent() -> None:
    receiver = Receiver()
    async with receiver.listening():
        url = receiver.url
    attempt = await hook(url).destination.send(notice())
    assert attempt.outcome is Outcome.FAILED_FOR_NOW
    assert "cannot be reached" in attempt.reason


def test_a_moment_in_retry_after_is_a_pause_from_now_on() -> None:
    assert retry_after("Mon, 30 Nov 2026 12:00:30 GMT", NOW) == timedelta(seconds=30)
    assert retry_after("soon", NOW) is None


def test_a_secret_that_is_none_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError, match=r"notify\.destinations\.ours\.secret") as refused:
        hook("http://127.0.0.1:1/", secret="not base64!")
    assert "not base64" not in str(refused.value)


async def test_a_line_of_the_file_is_a_notice(tmp_path: Path) -> None:
    settings = FileSettings(kind="file", name="log", path=tmp_path / "told.jsonl")
    destination = opened(settings, lambda reference: SecretStr(""), WallClock()).destination
    for repeat in range(2):
        attempt = await destination.send(notice(repeat=repeat))
        assert attempt.outcome is Outcome.DELIVERED
    lines = [json.loads(row) for row in settings.path.read_text().splitlines()]
    assert [row["repeat"] for row in lines] == [0, 1]
    gone = FileSettings(kind="file", name="log", path=tmp_path / "no" / "told.jsonl")
    missing = opened(gone, lambda reference: SecretStr(""), WallClock()).destination
    attempt = await missing.send(notice())
    assert attempt.outcome is Outcome.FAILED_FOR_NOW
