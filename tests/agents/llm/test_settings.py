"""Settings that cannot be used are refused in words, before any request."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from agents.llm.engine import LlmEngine
from agents.llm.settings import OPENAI, Model, ModelSettings, every_tier
from incidents.errors import SettingsError
from tests.agents.llm_run import KEY, settings


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"base_url": None}, "without an endpoint"),
        ({"base_url": ""}, "without an endpoint"),
        ({"base_url": "localhost:8000"}, "no http(s) address"),
        ({"base_url": "ftp://host/v1"}, "no http(s) address"),
        ({"base_url": "http://host:99999/v1"}, "no http(s) address"),
        ({"models": {}}, "No model is named for light, standard, deep"),
        ({"models": every_tier(Model(name="m"), deep=Model(name=" "))}, "No model is named for deep"),
        ({"base_url": OPENAI, "api_key": None}, "needs an API key"),
        ({"base_url": OPENAI, "api_key": SecretStr(" ")}, "needs an API key"),
        ({"ca_file": Path("/no/such/file.pem")}, "does not exist"),
    ],
)
def test_what_is_missing_is_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        LlmEngine(settings(**changes))
    assert said in str(refused.value)


def test_a_file_without_certificates_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(SettingsError, match=r"ca\.pem cannot be read"):
        LlmEngine(settings(ca_file=tmp_path / "ca.pem"))


def test_an_endpoint_of_ones_own_needs_no_key() -> None:
    assert settings(api_key=None).checked().key == ""


def test_neither_key_nor_password_is_shown() -> None:
    given = settings(base_url="https://user:pass-word@host:8443/v1?token=t0ken")
    assert given.where == "https://host:8443/v1"
    assert KEY not in f"{given!r} {given} {given.model_dump_json()}"


def test_a_request_may_not_last_longer_than_its_assignment() -> None:
    with pytest.raises(ValidationError, match="timeout_seconds"):
        ModelSettings(timeout_seconds=100, assignment_seconds=10)
