"""What differs between two readings of nexus.yaml: its parts, never a value."""

from typing import Any

import pytest

from nexus.config.site import Site
from nexus.config.site_changes import changed_parts

WEB: dict[str, Any] = {"name": "web"}
KIM = {"name": "kim", "token": "env:KIM"}


def site(**parts: Any) -> Site:
    return Site.model_validate({"services": [WEB]} | parts)


@pytest.mark.parametrize(
    ("new", "told"),
    [
        ({}, ()),
        ({"services": [WEB, {"name": "cart"}]}, ("services (added cart)",)),
        ({"services": [{"name": "cart"}]}, ("services (added cart; removed web)",)),
        ({"services": [WEB | {"owner": "backend"}]}, ("services (changed web)",)),
        ({"people": [KIM]}, ("people (added kim)",)),
        ({"intake": {"token": "env:TOKEN", "backlog": 7}}, ("intake.token", "intake.backlog")),
        ({"worker": {"at_once": 3}, "windows": {"quiet": "50m"}}, ("windows", "worker")),
    ],
)
def test_each_part_is_named(new: dict[str, Any], told: tuple[str, ...]) -> None:
    assert changed_parts(site(), site(**new)) == told


def test_no_value_is_told() -> None:
    told = changed_parts(site(people=[KIM]), site(people=[KIM | {"token": "env:OTHER"}]))
    assert told == ("people (changed kim)",)


def test_services_in_another_order() -> None:
    both = [WEB, {"name": "cart"}]
    assert changed_parts(site(services=both), site(services=both[::-1])) == ("services (in another order)",)
