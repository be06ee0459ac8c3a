"""A large value as JSON, part by part: the same as in one piece, and only what has changed anew."""

import json
from datetime import timedelta
from typing import Any

import pytest

from incidents.incident import Incident
from incidents.usage import Usage
from tests.nexus import sample
from tools.redaction.parts import dumped
from tools.redaction.tree import redacted

INCIDENTS = {"opened": sample.opened(), "waiting": sample.waiting(), "resolved": sample.resolved()}


@pytest.mark.parametrize("incident", INCIDENTS.values(), ids=INCIDENTS)
def test_the_parts_together_are_the_whole(incident: Incident) -> None:
    told = dumped(incident)
    assert json.dumps(told.json) == json.dumps(redacted(incident)), "in the same order, too"
    assert told.exact
    assert Incident.from_stored(told.json) == incident


def test_what_a_change_left_alone_is_not_dumped_again() -> None:
    before = sample.waiting()
    after = before.evolve(turn=before.turn + 1)
    one, other = _objects(before), _objects(after)
    assert (one["turn"] + 1, one["proposals"]) == (other["turn"], other["proposals"])
    assert one["proposals"][0] is other["proposals"][0]
    assert dumped(after).json is dumped(after).json


def _objects(incident: Incident) -> dict[str, Any]:
    told = dumped(incident).json
    assert isinstance(told, dict)
    return told


SECRET = "key AKIAIOSFODNN7EXAMPLE used"


def test_a_secret_is_found_in_a_part_and_beside_the_parts() -> None:
    known = sample.waiting()
    alert = known.alerts[0].model_copy(update={"title": SECRET})
    for told in (known.evolve(title=SECRET), known.evolve(alerts=(alert, *known.alerts[1:]))):
        assert "AKIA" in told.model_dump_json()
        assert "AKIA" not in json.dumps(dumped(told).json)
        assert not dumped(told).exact
        assert dumped(told).json == redacted(told)


def test_what_is_written_with_less_than_it_is_is_not_exact() -> None:
    known = sample.waiting()
    later = sample.at(1) + timedelta(microseconds=1)
    part = known.alerts[0].model_copy(update={"starts_at": later})
    assert not dumped(known.evolve(as_of=later)).exact
    assert not dumped(known.evolve(alerts=(part,))).exact
    endless = Usage().model_copy(update={"cost": float("inf")})
    assert not dumped(known.model_copy(update={"usage": endless})).exact
