"""An alert that ends under a silence is over here too, though its Alertmanager tells nobody."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from incidents.errors import ToolFailed
from nexus.service.untold_ends import UntoldEnds
from tests.nexus.service.test_silences import Duty, Fake, standing
from tests.tools.live.fakes.server import Answer, Asked, serving, told

NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)


class Ended(Fake):
    """An Alertmanager that lists nothing any more once the alert is gone, or the alert as inhibited."""

    gone = inhibited = False

    def __call__(self, asked: Asked) -> Answer:
        if self.down or not self.gone or asked.path != "/api/v2/alerts":
            return super().__call__(asked)
        everything = asked.one("active") == asked.one("silenced") == asked.one("inhibited") == "true"
        return told([standing("suppressed")] if everything and self.inhibited else [])


async def test_what_ended_under_a_silence_is_over_though_nobody_tells(tmp_path: Path) -> None:
    fake = Ended("s1")
    with serving(fake) as server:
        at = Duty(tmp_path, server.url)
        identity = await at.fires("QueueGrows", service="mail")
        await at.looks(identity)
        silenced = at.clock.now()

        async def fires_after(minutes: int) -> bool:
            at.clock.advance(timedelta(minutes=minutes))
            await at.silences.look()
            return (await at.turns(identity)).firing

        fake.gone = True
        assert await fires_after(1), "it may have been started again, without alerts"
        assert await fires_after(4)
        fake.inhibited = True
        assert await fires_after(1), "another alert keeps it quiet now"
        fake.inhibited = False
        assert await fires_after(1)
        fake.down = True
        with pytest.raises(ToolFailed, match="502"):
            await at.silences.look()
        fake.down = False
        assert await fires_after(9), "whole answers count, not the time between them"
        assert not await fires_after(5)
        known = await at.turns(identity)
        assert known.latest_alerts["QueueGrows"].ends_at == silenced


def test_of_what_calls_again_its_own_messages_tell() -> None:
    ends, later = UntoldEnds(), NOW + timedelta(minutes=10)
    assert ends.seen({"a", "b"}, set(), NOW) == {}
    assert ends.watched
    assert ends.seen(set(), {"a"}, NOW) == {}
    assert ends.seen(set(), set(), later) == {"b": NOW}
    ends.told({"b"})
    assert not ends.watched
