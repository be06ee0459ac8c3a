"""Where a change took effect, as far as names tell."""

from datetime import UTC, datetime

import pytest

from incidents.changes import Change, ChangeKind, environments, is_elsewhere, without_environment


def change(environment: str | None) -> Change:
    at = datetime(2026, 3, 12, tzinfo=UTC)
    return Change(time=at, id="1", service="shop", kind=ChangeKind.DEPLOY, environment=environment)


@pytest.mark.parametrize(
    ("change_in", "here", "elsewhere"),
    [
        ("staging", "production", True), ("Production", "production", False),
        ("prod-eu-1", "production", False), ("review/cheaper-tea", "production", True),
        ("production", "staging", True), ("eu", "production", False), (None, "production", False),
        ("staging", "shop", False), ("pre-prod", "production", True), ("non prod", "production", True),
    ],
)  # fmt: skip
def test_a_change_is_elsewhere_if_both_names_say_so(change_in: str, here: str, elsewhere: bool) -> None:
    assert is_elsewhere(change(change_in), here) is elsewhere


@pytest.mark.parametrize(
    ("name", "service", "there"),
    [
        ("checkout-prod", "checkout", "production"), ("qa_checkout", "checkout", "test"),
        ("staging", "staging", "staging"), ("product-api", "product-api", None),
        ("live-demo-shop", "shop", None), ("checkout", "checkout", None),
        ("checkout.pre-prod", "checkout", "staging"),
    ],
)  # fmt: skip
def test_an_environment_is_no_part_of_a_service(name: str, service: str, there: str | None) -> None:
    assert without_environment(name) == service
    if there is not None:
        assert environments(name) == {there}
