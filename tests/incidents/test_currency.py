import pytest

from incidents.currency import CURRENCIES, money


@pytest.mark.parametrize(
    ("amount", "currency", "told"),
    [
        (22_837.6, "EUR", "22,838 EUR"),
        (1840.0, None, "1,840"),
        (12.5, "USD", "12.50 USD"),
        (0.0, None, "0"),
    ],
)
def test_an_amount_is_told_with_its_currency_if_there_is_one(
    amount: float, currency: str | None, told: str
) -> None:
    assert money(amount, currency) == told


def test_a_currency_is_three_capitals() -> None:
    assert {"EUR", "USD", "JPY", "CHF"} <= CURRENCIES
    assert all(len(code) == 3 and code.isalpha() and code.isupper() for code in CURRENCIES)
