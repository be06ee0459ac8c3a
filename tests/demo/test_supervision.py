"""The supervisor: folders with odd names work, folders that cannot work are refused."""

from pathlib import Path

import pytest

from demo.launcher import Shop
from demo.processes import NotReadyError
from demo.supervision import Supervisor
from tests.demo.needs import SHOP

pytestmark = SHOP


def test_a_folder_that_is_too_deep_for_a_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match="too long for a unix socket; use a shorter folder"):
        Supervisor(tmp_path / ("deep" * 30))


def test_one_service_in_a_folder_with_an_odd_name(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "a b")
    try:
        shop.supervisor.start()
        shop.supervisor.resize("payment", 1)
        shop.restart("payment")

        assert shop.supervisor.members("payment") == ["payment:payment_00"]
        assert shop.supervisor.state("payment:payment_00") in {"STARTING", "RUNNING"}
        assert shop.running_version("payment") == "2026.10.4"
        assert shop.supervisor.members("catalogue") == []
    finally:
        shop.stop()
