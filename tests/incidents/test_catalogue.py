"""The service catalogue as a value."""

from incidents.catalogue import Catalogue, Service


def test_a_service_known_by_its_labels_can_be_a_key() -> None:
    """Answers are kept by service and by catalogue, however a service is found."""
    one, other = (
        Service(name="checkout", labels={"any": {"app": ("checkout-api",)}}, ports=(8080,)) for _ in range(2)
    )

    assert {one: "known"}[other] == "known"
    assert {Catalogue(services=(one,)): "known"}[Catalogue(services=(other,))] == "known"
    assert one != Service(name="checkout")
