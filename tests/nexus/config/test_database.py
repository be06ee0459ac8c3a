"""Which store is configured: by the environment, by `nexus.yaml`, or none, and what is refused."""

from pathlib import Path

import pytest

from incidents.errors import SettingsError
from nexus.config.database import Database, database_of
from nexus.config.settings import read_settings
from nexus.config.site import load_site

URL = "postgresql://nexus@db.internal/incidents"
SERVICES = "services: [{name: store, user_facing: true}]\n"


def configured(tmp_path: Path, text: str, **environment: str) -> Database | None:
    file = tmp_path / "nexus.yaml"
    file.write_text(SERVICES + text)
    return database_of(read_settings({"NEXUS_CONFIG": str(file), **environment}), environment)


def urls(found: Database | None) -> list[str | None]:
    assert found is not None
    return [url.get_secret_value() if url is not None else None for url in (found.url, found.direct_url)]


@pytest.mark.parametrize("text", ["", "store: {}\n", "# store: later\n"])
def test_without_a_url_incidents_are_kept_in_the_home(tmp_path: Path, text: str) -> None:
    assert configured(tmp_path, text) is None


def test_a_file_names_the_database_and_the_way_past_its_pooler(tmp_path: Path) -> None:
    text = f"store: {{url: '{URL}', direct_url: 'postgresql://nexus@db.internal:5433/incidents'}}\n"
    assert urls(configured(tmp_path, text)) == [URL, "postgresql://nexus@db.internal:5433/incidents"]
    assert load_site(tmp_path / "nexus.yaml").store.url == URL


def test_the_whole_address_may_be_a_secret(tmp_path: Path) -> None:
    secret = "postgresql://nexus:hunter2@db/incidents"
    (tmp_path / "direct").write_text(f"{secret}?direct\n")
    text = f"store: {{url: env:DB, direct_url: 'file:{tmp_path}/direct'}}\n"
    found = configured(tmp_path, text, DB=secret)
    assert urls(found) == [secret, f"{secret}?direct"]
    assert "hunter2" not in repr(found)


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    text = "store: {url: 'postgresql://other/incidents'}\n"
    assert urls(configured(tmp_path, text, NEXUS_DATABASE_URL=URL)) == [URL, None]
    both = {"NEXUS_DATABASE_URL": URL, "NEXUS_DATABASE_DIRECT_URL": "postgresql://direct/incidents"}
    assert urls(configured(tmp_path, "", **both)) == [URL, "postgresql://direct/incidents"]
    with pytest.raises(SettingsError, match="DATABASE_DIRECT_URL: it stands beside a NEXUS_DATABASE_URL"):
        configured(tmp_path, "", NEXUS_DATABASE_DIRECT_URL=URL)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "store: {url: 'postgresql://u:hunter2@db/x'}\n",
            r"store\.url: a password is named, never",
        ),
        ("store: {url: 'postgresql://db/x?password=hunter2'}\n", r"store\.url: a password is named"),
        ("store: {url: 'mysql://u:hunter2@db/x'}\n", r"store\.url: the address of a PostgreSQL is expected"),
        ("store: {url: 7}\n", r"store\.url: the address of a PostgreSQL"),
        ("store: {urls: 'x'}\n", r"store\.urls: there is no such key; did you mean url"),
        ("store: {url: env:NOWHERE}\n", "NOWHERE is not set"),
    ],
)
def test_what_cannot_be_used_is_refused_without_being_repeated(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as refused:
        configured(tmp_path, text)
    assert "hunter2" not in str(refused.value)
