"""What is ready before the first alert."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from incidents.value import Value
from nexus.config.settings import Settings
from nexus.runtime.warmup import warm
from tools.live.http import Reply


def kinds(of: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in of.__subclasses__():
        yield one
        yield from kinds(one)


def test_no_validator_is_left_for_the_first_alert_to_build(tmp_path: Path) -> None:
    warm(Settings(home=tmp_path))
    known = [*kinds(Value), *kinds(Reply)]
    assert known
    assert [one for one in known if not one.__pydantic_complete__] == []
