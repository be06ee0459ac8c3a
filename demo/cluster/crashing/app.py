"""Checkout 2026.11.5: the key of the card vault is read at the start, and nobody configured it."""

from demo.shop.service import Service


def main() -> None:
    """Starts the checkout, if it can."""
    service = Service.here(__file__)
    service.client.expect("catalogue", "payment", "database", service.config["card_vault"])
    service.serve()


if __name__ == "__main__":
    main()
