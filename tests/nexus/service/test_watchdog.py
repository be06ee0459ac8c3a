"""The watchdog outside: told while what is due is done, and not told when it is not."""

from datetime import timedelta
from pathlib import Path

import pytest

from nexus.config.server import WatchdogSettings
from nexus.home import Home
from nexus.service.watchdog import Watchdog, WatchdogFailed
from tests.nexus.sample import at
from tests.nexus.service.test_intake import Taking
from tests.tools.live.fakes.server import Answer, serving


def watched(taking: Taking, url: str) -> Watchdog:
    home = taking.intake.home
    taking.intake.home = Home(
        home.settings, home.store, home.files, home.folder, environment={"DOG": f"{url}/a-secret-of-the-test"}
    )
    return Watchdog(taking.intake, WatchdogSettings.model_validate({"url": "env:DOG"}))


@pytest.fixture
def taking(tmp_path: Path) -> Taking:
    return Taking(tmp_path)


async def test_it_is_told_while_nothing_waits_in_vain(taking: Taking) -> None:
    with serving(lambda asked: Answer("OK")) as server:
        dog = watched(taking, server.url)
        await dog.look()
        await taking.told("errors", "checkout")  # due at once, and a moment may pass
        taking.clock.advance(timedelta(minutes=1))
        await dog.look()
        assert [one.path for one in server.asked] == ["/a-secret-of-the-test"] * 2


async def test_it_hears_nothing_where_nobody_drives(taking: Taking) -> None:
    with serving(lambda asked: Answer("OK")) as server:
        dog = watched(taking, server.url)
        await taking.told("errors", "checkout")
        taking.clock.advance_to(at(5))
        with pytest.raises(WatchdogFailed, match="nobody at it"):
            await dog.look()
        assert server.asked == []


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_what_does_not_take_it_is_told_without_its_address(taking: Taking, status: int) -> None:
    with serving(lambda asked: Answer("", status)) as server:
        with pytest.raises(WatchdogFailed, match=str(status)) as failed:
            await watched(taking, server.url).look()
        assert "a-secret-of-the-test" not in str(failed.value)
    with pytest.raises(WatchdogFailed, match="does not answer") as failed:
        await watched(taking, "http://127.0.0.1:9").look()
    assert "127.0.0.1" not in str(failed.value)
