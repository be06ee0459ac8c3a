"""How people are told of the alerts that wait."""

from datetime import timedelta

import pytest

from nexus.store.lists import Waiting
from tests.nexus.sample import at


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0 s"), (41, "41 s"), (150, "2.5 min"), (18_000, "5 h"), (632_724, "7.32 days")]
)
def test_the_oldest_has_waited_for_a_length_that_people_say(seconds: int, told: str) -> None:
    waiting = Waiting(alerts=3, since=at(0))
    assert waiting.sentence(at(0) + timedelta(seconds=seconds)) == f"3 alerts wait, oldest {told}"
