"""The leak: it grows with links, slows down near its limit, and stops there."""

from demo.shop.pages import OVERHEAD, Pages
from tests.demo.needs import SHOP

pytestmark = SHOP


def test_it_keeps_a_page_per_link_up_to_its_limit() -> None:
    waited: list[float] = []
    pages = Pages(limit=OVERHEAD + 10_000, page_bytes=1000, pause=waited.append)

    for number in range(30):
        pages.make_room()
        pages.keep(f"7?ref={number}")
        pages.keep("7?ref=0")

    assert pages.used == 10_000
    assert len(waited) == 21
